use motet_core::diagnostic::Source;
use proptest::prelude::*;

use super::*;

const WORLD_TEXT: &str = include_str!("../../../../pipelines/house-robot/world.yaml");

fn world(text: &str) -> World {
    World::read(&Source::new("world.yaml", text)).unwrap()
}

fn house() -> World {
    world(WORLD_TEXT)
}

/// A command with roles, as `bringing theme=the mug beneficiary=me`; the text that says so is the intent itself.
fn command(text: &str) -> Command {
    let mut parts = text.split(" | ");
    let intent = parts.next().unwrap().to_owned();
    let (intent, text) = match intent.split_once(':') {
        Some((intent, text)) => (intent.to_owned(), text.to_owned()),
        None => (intent.clone(), intent),
    };
    let slots = parts.map(|part| {
        let (name, value) = part.split_once('=').unwrap();
        Said {
            name: name.to_owned(),
            value: value.to_owned(),
        }
    });
    Command {
        accepted: true,
        intent,
        text,
        slots: slots.collect(),
    }
}

fn planned(world: &World, commands: &[&str]) -> Plan {
    let commands: Vec<Command> = commands.iter().map(|text| command(text)).collect();
    let plan = plan(world, &commands);
    assert_valid(&plan);
    plan
}

/// The plan as short words.
fn told(plan: &Plan) -> String {
    if let Some(refused) = &plan.refused {
        return format!("{}: {}", refused.reason.name(), refused.message);
    }
    let step = |step: &steps::Step| {
        let json = serde_json::to_value(step).unwrap();
        let values = json
            .as_object()
            .unwrap()
            .iter()
            .filter(|(name, _)| *name != "position");
        let values = values.map(|(_, value)| match value {
            serde_json::Value::String(text) => text.clone(),
            other => other.to_string(),
        });
        values.collect::<Vec<_>>().join(" ")
    };
    plan.steps.iter().map(step).collect::<Vec<_>>().join(", ")
}

/// Every plan is as the schema says.
fn assert_valid(plan: &Plan) {
    let schema = include_str!("../../../../docs/plan.schema.json");
    let schema: serde_json::Value = serde_json::from_str(schema).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let json = serde_json::to_value(plan).unwrap();
    let faults: Vec<String> = schema.iter_errors(&json).map(|fault| fault.to_string()).collect();
    assert!(faults.is_empty(), "{json}: {faults:?}");
}

fn check(commands: &[&str], expected: &str) {
    assert_eq!(told(&planned(&house(), commands)), expected, "{commands:?}");
}

#[test]
fn things_are_taken_from_where_they_are() {
    check(
        &["bringing | theme=the mug | beneficiary=me"],
        "goto kitchen table, take mug kitchen table, goto living room, give mug speaker",
    );
    check(
        &["bringing | theme=my book | goal=to the bedside table"],
        "goto shelf, take book shelf, goto bedside table, put book bedside table",
    );
    check(
        &["bringing | theme=the towel | goal=to anna"],
        "goto sink, take towel sink, goto bedroom, give towel anna",
    );
    check(
        &["taking | theme=the milk"],
        "goto kitchen, open fridge, take milk fridge",
    );
}

#[test]
fn commands_go_on_where_those_before_ended() {
    check(
        &[
            "taking | theme=the mug",
            "placing | theme=it | goal=in the dishwasher",
            "change_operational_state:switch | device=it | operational_state=on",
        ],
        "goto kitchen table, take mug kitchen table, goto kitchen, open dishwasher, put mug dishwasher, switch dishwasher true",
    );
    check(
        &["motion | goal=to the kitchen", "motion | goal=the kitchenette"],
        "goto kitchen",
    );
    check(
        &[
            "being_located | theme=the mug | location=on the shelf",
            "bringing | theme=it",
        ],
        "note the mug on the shelf, goto shelf, take mug shelf, goto living room, give mug speaker",
    );
    check(
        &[
            "cotheme | cotheme=me | goal=to the bathroom",
            "motion | goal=the sink",
        ],
        "goto living room, follow speaker bathroom, goto sink",
    );
}

#[test]
fn what_is_called_the_same_is_told_apart_by_where_it_is() {
    check(
        &["taking | theme=the glass"],
        "ambiguous: `glass` may be: green glass, red glass",
    );
    check(
        &["taking | theme=the red glass"],
        "goto sofa, take red glass sofa",
    );
    check(
        &["taking | theme=the glass | source=from the sofa"],
        "goto sofa, take red glass sofa",
    );
    check(
        &["taking | theme=the glass on the counter"],
        "goto counter, take green glass counter",
    );
    check(
        &["taking | theme=the glass in the living room"],
        "goto sofa, take red glass sofa",
    );
    check(
        &["taking | theme=the bottles of milk"],
        "goto kitchen, open fridge, take milk fridge",
    );
}

#[test]
fn what_cannot_be_done_is_refused_with_the_reason() {
    let reasons = [
        (
            "motion | goal=to the garage",
            "unknown_place: no place that is known is called `garage`",
        ),
        (
            "taking | theme=the piano",
            "unknown_thing: no thing that is known is called `piano`",
        ),
        (
            "cotheme | cotheme=john",
            "unknown_person: no person that is known is called `john`",
        ),
        (
            "motion | goal=to the cellar",
            "closed_place: the robot may not go to the cellar",
        ),
        (
            "bringing | theme=the ball",
            "closed_place: the robot may not go to the cellar",
        ),
        ("taking | theme=the tv", "fixed: the television stays where it is"),
        (
            "taking | theme=the suitcase",
            "out_of_reach: the suitcase is 1.9 m above the floor, the robot reaches from 0.2 m to 1.5 m",
        ),
        (
            "taking | theme=the book | source=from the kitchen",
            "contradiction: the book is not at the kitchen, as far as is known, but at the shelf",
        ),
        (
            "taking | theme=the book on the kitchen table",
            "contradiction: the book is not at the kitchen table, as far as is known, but at the shelf",
        ),
        (
            "change_operational_state:turn | device=the book | operational_state=on",
            "not_possible: the book is nothing that is switched",
        ),
        (
            "change_operational_state:turn | device=the lamp | operational_state=on",
            "contradiction: the lamp is on already",
        ),
        (
            "closure:open | container_portal=the sofa",
            "not_possible: the sofa is nothing that opens",
        ),
        ("taking", "incomplete: `taking` does not say what"),
        ("taking | theme=?!", "incomplete: `taking` does not say what"),
        (
            "change_direction | direction=...",
            "incomplete: `change_direction` does not say where to",
        ),
        (
            "dancing",
            "not_understood: the world says nothing about `dancing`",
        ),
    ];
    for (command, expected) in reasons {
        check(&[command], expected);
    }
}

#[test]
fn commands_that_do_not_go_together_are_refused() {
    check(&[], "not_understood: nothing was understood");
    check(
        &["taking | theme=the mug", "taking | theme=the book"],
        "hands_full: the robot already holds the mug",
    );
    check(
        &[
            "change_operational_state:switch | device=the tv | operational_state=on",
            "change_operational_state:switch off | device=the tv",
        ],
        "contradiction: the television is asked to be on and off",
    );
    let refused = planned(&house(), &["motion | goal=the kitchen", "motion | goal=the moon"]);
    assert!(refused.steps.is_empty());
    assert_eq!(refused.refused.unwrap().command, 1);
}

#[test]
fn nothing_is_put_into_what_is_in_it() {
    let text =
        format!("{WORLD_TEXT}\n").replace("  mug: {", "  box: {at: shelf}\n  coin: {at: box}\n  mug: {");
    let commands = [
        "placing | theme=the box | goal=in the coin",
        "taking | theme=the coin",
    ];
    let told = told(&planned(&world(&text), &commands));
    assert_eq!(told, "contradiction: the box cannot be put in or on itself");
}

#[test]
fn a_refusal_names_its_place_among_all_commands() {
    let mut commands = ["motion | goal=the kitchen", "motion | goal=the moon"].map(command);
    commands[0].accepted = false;
    assert_eq!(plan(&house(), &commands).refused.unwrap().command, 1);
    commands[1].accepted = false;
    assert_eq!(
        plan(&house(), &commands).refused.unwrap().reason,
        steps::Reason::NotUnderstood
    );
}

#[test]
fn the_world_of_the_page_is_one() {
    let page = include_str!("../../../../docs/plans.md");
    let block = page
        .split("```yaml\n")
        .nth(1)
        .unwrap()
        .split("```")
        .next()
        .unwrap();
    let told = |text: &str| told(&planned(&world(block), &[text]));
    assert_eq!(
        told("order_drink"),
        "goto table, do make_drink {}, take mug table, goto kitchen, give mug speaker"
    );
    assert_eq!(told("light | power=on"), "switch lamp true");
}

#[test]
fn people_whom_nobody_can_name_are_looked_for() {
    check(
        &["cotheme | cotheme=the man in front of you"],
        "find man in front of you, follow man in front of you",
    );
    check(
        &["locating | sought_entity=a plate | ground=in the kitchen"],
        "goto kitchen, find plate kitchen",
    );
    check(
        &["locating | sought_entity=the mug"],
        "goto kitchen table, find mug",
    );
}

#[test]
fn a_world_says_what_commands_mean() {
    let text = format!(
        "{WORLD_TEXT}
commands:
  order_drink:
    - {{do: make_drink}}
    - {{take: mug}}
    - {{say: \"A {{drink}}\", maybe: true}}
    - {{give: mug, to: anna}}
  light: [{{switch: \"{{what}}\", to: \"{{power}}\"}}]
"
    );
    let world = world(&text);
    let told = |text: &str| told(&planned(&world, &[text]));
    assert_eq!(
        told("order_drink | drink=latte"),
        "do make_drink {\"drink\":\"latte\"}, goto kitchen table, take mug kitchen table, say A latte, goto bedroom, give mug anna"
    );
    assert_eq!(
        told("order_drink"),
        "do make_drink {}, goto kitchen table, take mug kitchen table, goto bedroom, give mug anna"
    );
    assert_eq!(
        told("light | what=tv | power=on"),
        "goto living room, switch television true"
    );
    assert_eq!(
        told("light | what=lamp | power=off"),
        "goto living room, switch lamp false"
    );
    assert_eq!(
        told("light | what=lamp"),
        "incomplete: `light` needs `power`, which was not said"
    );
}

#[test]
fn of_some_things_there_are_always_more() {
    let text = WORLD_TEXT.replace("mug: {", "mug: {many: true, ");
    let commands = [
        "bringing | theme=a mug",
        "bringing | theme=a mug | beneficiary=tom",
    ];
    assert_eq!(
        told(&planned(&world(&text), &commands)),
        "goto kitchen table, take mug kitchen table, goto living room, give mug speaker, goto kitchen table, \
         take mug kitchen table, goto kitchen, give mug tom"
    );
}

fn form(form: &str, text: &str) -> String {
    let world = house();
    let goals = form::goals(form, text, &world);
    let plan = maker::plan_of(&world, std::iter::once((0, goals)));
    assert_valid(&plan);
    told(&plan)
}

#[test]
fn logical_forms_are_filled_with_what_the_text_names() {
    assert_eq!(
        form("( go \" <room> \" )", "please go to the bedroom"),
        "goto bedroom"
    );
    assert_eq!(
        form(
            "( put ( lambda $1 e ( is_a $1 \" <object> \" ) ( at $1 \" <location> \" ) ) \" <location> \" )",
            "carry to the bed the book from the shelf"
        ),
        "goto shelf, take book shelf, goto bed, put book bed"
    );
    assert_eq!(
        form(
            "( bring ( lambda $1 e ( is_a $1 \" <object> \" ) ) ( lambda $1 e ( person $1 ) ( name $1 \" <name> \" ) ) )",
            "give the mug to tom"
        ),
        "goto kitchen table, take mug kitchen table, goto kitchen, give mug tom"
    );
    assert_eq!(
        form(
            "( bring ( lambda $1 e ( is_a $1 \" <object> \" ) ) )",
            "get me the towel"
        ),
        "goto sink, take towel sink, goto living room, give towel speaker"
    );
    assert_eq!(
        form(
            "( guide ( lambda $1 e ( person $1 ) ( name $1 \" <name> \" ) ( at $1 \" <location> \" ) ) \" <location> \" )",
            "meet anna at the sofa and lead her to the sink"
        ),
        "goto sofa, guide anna sink"
    );
    assert_eq!(
        form(
            "( say ( count ( lambda $1 e ( person $1 ) ( female $1 ) ( at $1 \" <room> \" ) ) ) )",
            "how many women are in the kitchen"
        ),
        "goto kitchen, count female person, goto living room, say result speaker"
    );
    assert_eq!(
        form(
            "( say ( answer \" <question> \" ) ( lambda $1 e ( person $1 ) ( sitting $1 ) ( at $1 \" <room> \" ) ) )",
            "answer the question of the person who sits in the bedroom"
        ),
        "goto bedroom, find sitting person bedroom, answer sitting person"
    );
    assert_eq!(
        form(
            "( sequence ( follow ( lambda $1 e ( person $1 ) ( name $1 \" <name> \" ) ) ) ( go \" <room> \" ) )",
            "follow anna and then go to the kitchen"
        ),
        "goto bedroom, follow anna, goto kitchen"
    );
    assert_eq!(
        form("( go \" <room> \" )", "go to the garage"),
        "unknown_place: `go to the garage` names no place that is known"
    );
    for broken in ["UNKNOWN", "( go", "( go ) )", "", "( say )"] {
        assert!(form(broken, "go").starts_with("not_understood"), "{broken}");
    }
}

fn faults(text: &str) -> Vec<String> {
    let faults = World::read(&Source::new("world.yaml", text)).unwrap_err();
    faults
        .iter()
        .map(|fault| {
            let (line, column) = fault.labels[0]
                .span
                .source
                .line_and_column(fault.labels[0].span.range.start);
            format!("{line}:{column} {} {}", fault.code.0, fault.message)
        })
        .collect()
}

#[test]
fn faults_of_a_world_have_their_places() {
    let start = "world: 1\nrobot: {at: hall}\nplaces: {hall: {}}\n";
    let check =
        |text: &str, expected: &[&str]| assert_eq!(faults(&format!("{start}{text}")), expected, "{text}");
    check("thing: {}\n", &["4:1 MT0111 there is no entry `thing` here"]);
    check(
        "things: {mug: {at: hal}}\n",
        &["4:20 MT0701 there is no place or thing `hal`"],
    );
    check("things: {hall: {}}\n", &["4:10 MT0702 `hall` is there twice"]);
    check(
        "things: {box: {at: bag}, bag: {at: box}}\n",
        &["4:10 MT0703 `box` is in itself"],
    );
    check(
        "things: {mug: {height: high}}\n",
        &["4:24 MT0113 expected metres above the floor, found `high`"],
    );
    check(
        "commands: {go: [{walk: hall}]}\n",
        &["4:18 MT0704 there is no step `walk`"],
    );
    check(
        "commands: {go: [{goto: hall, to: hall}]}\n",
        &["4:30 MT0704 the step `goto` has nothing called `to`"],
    );
    check(
        "commands: {go: [{goto: \"{where\"}]}\n",
        &["4:24 MT0113 expected a name, a text, or a slot as in `{size}` in quotes, found `{where`"],
    );
    assert_eq!(
        faults("about: nothing\n"),
        [
            "1:1 MT0112 a world has no entry `places`",
            "1:1 MT0112 a world has no entry `robot`",
            "1:1 MT0112 a world has no entry `world`"
        ]
    );
}

proptest! {
    #[test]
    fn whatever_is_said_gives_a_plan_or_a_reason(
        intents in prop::collection::vec(
            prop::sample::select(vec![
                "bringing", "taking", "placing", "giving", "motion", "locating", "cotheme", "closure", "inspecting",
                "change_operational_state", "releasing", "being_located", "attaching", "change_direction", "",
            ]),
            0..5,
        ),
        values in prop::collection::vec("(the |my )?(mug|milk|it|them|bed|sofa|tv|anna|me|kitchen table|cellar|x y|\\PC{0,6})", 20),
        roles in prop::collection::vec(
            prop::sample::select(vec![
                "theme", "goal", "source", "beneficiary", "sought_entity", "ground", "device", "operational_state",
                "container_portal", "location", "cotheme", "direction",
            ]),
            20,
        ),
    ) {
        let commands: Vec<Command> = intents
            .iter()
            .enumerate()
            .map(|(index, intent)| Command {
                accepted: true,
                intent: (*intent).to_owned(),
                text: "open".to_owned(),
                slots: (0..4)
                    .map(|slot| Said {
                        name: roles[(4 * index + slot) % 20].to_owned(),
                        value: values[(4 * index + slot) % 20].clone(),
                    })
                    .collect(),
            })
            .collect();
        let plan = plan(&house(), &commands);
        assert_valid(&plan);
        prop_assert_eq!(plan.refused.is_some(), plan.steps.is_empty() && plan.refused.is_some());
        // What is put or given was taken, and nothing is taken twice without being put down.
        let mut held: Vec<&str> = Vec::new();
        for step in &plan.steps {
            match step {
                steps::Step::Take { thing, .. } => {
                    prop_assert!(!held.contains(&thing.as_str()) && held.is_empty());
                    held.push(thing);
                }
                steps::Step::Put { thing, .. } | steps::Step::Give { thing, .. } | steps::Step::Release { thing } => {
                    prop_assert!(held.contains(&thing.as_str()), "{:?}", plan);
                    held.retain(|known| known != thing);
                }
                steps::Step::Goto { place, .. } => prop_assert!(place != "cellar" && place != "ball"),
                _ => {}
            }
        }
    }
}
