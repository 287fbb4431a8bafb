//! The values that the tests read, and cases whose answers are worked out by hand.

mod faults;
mod properties;

use super::*;

/// Names and values of the tests: input, name, field (empty for the input itself), value.
const VALUES: [(u16, &str, &str, Sample); 14] = [
    (0, "command", "label", Sample::Text("stop")),
    (0, "command", "score", Sample::Number(0.8)),
    (1, "alarm", "score", Sample::Number(0.96)),
    (2, "silent", "score", Sample::AbsentNumber),
    (2, "silent", "label", Sample::AbsentText),
    (2, "silent", "flag", Sample::AbsentBool),
    (3, "broken", "score", Sample::Number(f64::NAN)),
    (4, "text", "value", Sample::Text("Grüß")),
    (4, "text", "len", Sample::Number(4.0)),
    (5, "yes", "", Sample::Bool(true)),
    (6, "no", "", Sample::Bool(false)),
    (7, "two", "", Sample::Number(2.0)),
    (8, "odd", "in", Sample::Number(3.0)),
    (64, "late", "", Sample::Number(1.0)),
];

#[derive(Debug, Clone, Copy)]
enum Sample {
    Number(f64),
    Text(&'static str),
    Bool(bool),
    AbsentNumber,
    AbsentText,
    AbsentBool,
}

struct World;

impl World {
    fn at(at: Binding) -> Sample {
        let (input, .., sample) = VALUES[usize::from(at.field)];
        assert_eq!(input, at.input);
        sample
    }
}

impl Scope for World {
    fn lookup(&self, path: &[&str]) -> Result<(Binding, Type), LookupError> {
        let (name, field) = (path[0], path.get(1).copied().unwrap_or(""));
        let known = |known: &str| VALUES.iter().find(|(_, name, ..)| *name == known);
        let found = (0u16..)
            .zip(&VALUES)
            .find(|(_, value)| (value.1, value.2) == (name, field));
        if let Some((field, (input, .., sample))) = found {
            let kind = match sample {
                Sample::Number(_) | Sample::AbsentNumber => Type::Number,
                Sample::Text(_) | Sample::AbsentText => Type::Text,
                Sample::Bool(_) | Sample::AbsentBool => Type::Bool,
            };
            return Ok((Binding { input: *input, field }, kind));
        }
        let (segment, suggestion) = match known(name) {
            Some((.., "", _)) | None => (0, (name == "comand").then(|| "command".to_owned())),
            Some((_, _, nearest, _)) => (1, Some((*nearest).to_owned())),
        };
        let message = format!("there is no `{}`", path.get(segment).unwrap_or(&""));
        Err(LookupError {
            message,
            suggestion,
            help: None,
            segment: segment.min(path.len() - 1),
        })
    }

    fn presence(&self, name: &str) -> Option<u16> {
        VALUES
            .iter()
            .find(|(_, known, ..)| *known == name)
            .map(|(input, ..)| *input)
    }
}

impl Values for World {
    fn number(&self, at: Binding) -> Option<f64> {
        if let Sample::Number(value) = World::at(at) {
            Some(value)
        } else {
            None
        }
    }

    fn text(&self, at: Binding) -> Option<&str> {
        if let Sample::Text(value) = World::at(at) {
            Some(value)
        } else {
            None
        }
    }

    fn boolean(&self, at: Binding) -> Option<bool> {
        if let Sample::Bool(value) = World::at(at) {
            Some(value)
        } else {
            None
        }
    }

    fn is_present(&self, input: u16) -> bool {
        input != 2
    }
}

fn checked(text: &str, wanted: Type) -> Expression {
    let ast = Ast::parse(text).unwrap_or_else(|fault| panic!("{text}: {fault:?}"));
    Expression::check(&ast, &World, wanted).unwrap_or_else(|faults| panic!("{text}: {faults:?}"))
}

fn prints(text: &str, canonical: &str) {
    let ast = Ast::parse(text).unwrap_or_else(|fault| panic!("{text}: {fault:?}"));
    assert_eq!(ast.to_string(), canonical, "{text}");
    assert_eq!(Ast::parse(canonical).unwrap(), ast, "{text}");
}

#[test]
fn precedence_and_association_follow_the_grammar() {
    // What is printed has the fewest parentheses, so each case pairs two spellings of one tree.
    let same = |left: &str, right: &str| {
        assert_eq!(
            Ast::parse(left).unwrap(),
            Ast::parse(right).unwrap(),
            "{left} / {right}"
        );
    };
    same("a || b && c", "a || (b && c)");
    same("a && b || c && d", "(a && b) || (c && d)");
    same("!a && b", "(!a) && b");
    same("not a == b", "!(a == b)");
    same("a == b || c == d", "(a == b) || (c == d)");
    same("a + b == c * d", "(a + b) == (c * d)");
    same("a - b - c", "(a - b) - c");
    same("a / b * c % d", "((a / b) * c) % d");
    same("a + b * c - d", "(a + (b * c)) - d");
    same("-a * b", "(-a) * b");
    same("a - -b", "a - (-b)");
    same("a + 1 in 0..2", "(a + 1) in 0..2");
    same("a and b or not c", "a && b || !c");
    let differ = |left: &str, right: &str| {
        assert_ne!(
            Ast::parse(left).unwrap(),
            Ast::parse(right).unwrap(),
            "{left} / {right}"
        );
    };
    differ("a - b - c", "a - (b - c)");
    differ("a || b && c", "(a || b) && c");
    differ("!a == b", "(!a) == b");
    differ("-(a + b)", "-a + b");
    differ("a || b || c", "a || (b || c)");
    differ("'a' == b", "a == b");
}

#[test]
fn trees_are_printed_in_canonical_form() {
    prints("a   and\n\tb", "a && b");
    prints("not a", "!a");
    prints("! a == b", "!(a == b)");
    prints("!!a", "!!a");
    prints("((a))", "a");
    prints("(a || b) && c", "(a || b) && c");
    prints("a - (b - c)", "a - (b - c)");
    prints("(a * b) + c", "a * b + c");
    prints("--a", "--a");
    prints("(a < b) == (c < d)", "(a < b) == (c < d)");
    prints("label in ['a',\"b\"]", "label in ['a', 'b']");
    prints("x in -1..1e-3", "x in -1..0.001");
    prints("x in [--1, -2.50]", "x in [1, -2.5]");
    prints(r#""it's\n\"\\""#, r#"'it\'s\n"\\'"#);
    prints("1e300 + 1e-300 + 123456.5", "1e300 + 1e-300 + 123456.5");
    prints("min( a,b , 1 )", "min(a, b, 1)");
    prints("if(a, b || c, d)", "if(a, b || c, d)");
    prints("command.in + len", "command.in + len");
}

#[test]
fn conditions_come_to_what_is_worked_out_by_hand() {
    let holds = |text: &str, expected: bool| {
        assert_eq!(checked(text, Type::Bool).holds(&World), expected, "{text}");
    };
    holds(
        "command.label == 'stop' && command.score > 0.7 || alarm.score > 0.95",
        true,
    );
    holds(
        "command.label == 'go' && command.score > 0.7 || alarm.score > 0.97",
        false,
    );
    holds("command.score in 0.2..0.8", true);
    holds("command.score in 0.8..0.9", true);
    holds("command.score in 0.81..0.9", false);
    holds("command.label in ['stop', 'halt']", true);
    holds("command.label in [\"go\"]", false);
    holds("two in [1, 2.0]", true);
    holds("-two in [-2]", true);
    holds("two in [1, 3]", false);
    holds("abs(1.05 - two) <= 0.5 * max(1.05, two)", true);
    holds("two < 2", false);
    holds("two <= 2", true);
    holds("two >= 2.5", false);
    holds("two != 2", false);
    holds("command.label != 'go'", true);
    holds("yes == true", true);
    holds("yes != no", true);
    holds("(1 < 2) == yes", true);
    holds("not no and yes", true);
    holds("false || true && false", false);
    holds("if(no, no, yes)", true);
    holds("if(yes, command.label, 'x') == 'stop'", true);
    holds("contains(text.value, 'rü')", true);
    holds("starts_with(text.value, 'G') && ends_with(text.value, 'ß')", true);
    holds("equals_ignore_case(text.value, 'GRÜß')", true);
    holds("equals_ignore_case(text.value, 'gruß')", false);
    holds("contains(command.label, '')", true);
    holds("odd.in == 3", true);
}

#[test]
fn absent_values_make_comparisons_false_and_arithmetic_absent() {
    let holds = |text: &str, expected: bool| {
        assert_eq!(checked(text, Type::Bool).holds(&World), expected, "{text}");
    };
    for text in [
        "silent.score == 0",
        "silent.score != 0",
        "silent.score < 1",
        "silent.score == silent.score",
        "silent.score + 1 > 0",
        "silent.score in 0..1",
        "silent.score in [0]",
        "silent.label == ''",
        "silent.label != ''",
        "silent.label in ['a']",
        "len(silent.label) >= 0",
        "contains(silent.label, '')",
        "silent.flag",
        "silent.flag == false",
        "silent.flag != true",
        "if(yes, silent.flag, yes)",
        "if(silent.flag, yes, no)",
        "broken.score < 1 || broken.score >= 1",
        "1 / 0 > 0",
        "min(1, silent.score) <= 1",
        "present(silent)",
        "present(silent.score)",
        "present(silent.label)",
        "present(silent.flag)",
        "present(broken.score)",
    ] {
        holds(text, false);
        holds(&format!("!({text})"), true);
    }
    holds("present(broken)", true);
    holds("present(command) && present(command.label) && present(yes)", true);
    holds("silent.score > 0 || yes", true);
    holds("if(silent.score > 0, no, yes)", true);
    holds("(silent.score > 0) == false", true);
    holds("contains(silent.label, 'a') != true", true);
}

#[test]
fn numbers_come_to_what_is_worked_out_by_hand() {
    let comes_to = |text: &str, expected: Option<f64>| {
        let number = checked(text, Type::Number).number(&World);
        assert_eq!(
            number.map(f64::to_bits),
            expected.map(f64::to_bits),
            "{text}: {number:?}"
        );
    };
    comes_to("1 + 2 * 3 - 4 / 8", Some(6.5));
    comes_to("10 - 4 - 3", Some(3.0));
    comes_to("-two + 7 % 4", Some(1.0));
    comes_to("-7 % 4", Some(-3.0));
    comes_to("abs(-2.5) + floor(-0.5) + ceil(0.25)", Some(2.5));
    comes_to("round(2.5) * 10 + round(-2.5)", Some(27.0));
    comes_to("min(3, two, 4) * 10 + max(3, two, 4)", Some(24.0));
    comes_to(
        "clamp(5, 0, two) + clamp(-5, 0, two) + clamp(1, 0, two)",
        Some(3.0),
    );
    comes_to("len(text.value) + len('') + text.len", Some(8.0));
    comes_to("if(command.score > 0.5, 1e-3, 0)", Some(0.001));
    comes_to("clamp(1, 2, two)", Some(2.0));
    comes_to("clamp(1, 3, 2)", None);
    comes_to("1 / 0", None);
    comes_to("0 / 0", None);
    comes_to("5 % 0", None);
    comes_to("1e308 * 10", None);
    comes_to("1e308 * 10 - 1e308 * 10", None);
    comes_to("silent.score + 1", None);
    comes_to("broken.score", None);
    comes_to("if(yes, 1, silent.score)", Some(1.0));
    comes_to("if(no, 1, silent.score)", None);
}

#[test]
fn an_expression_answers_only_in_its_own_type() {
    let text = checked("if(two == 2, command.label, silent.label)", Type::Text);
    assert_eq!(
        (text.text(&World), text.number(&World), text.holds(&World)),
        (Some("stop"), None, false)
    );
    assert_eq!(checked("if(no, '', silent.label)", Type::Text).text(&World), None);
    let number = checked("two", Type::Number);
    assert_eq!(
        (number.kind(), number.text(&World), number.holds(&World)),
        (Type::Number, None, false)
    );
    assert!(number.reasons(&World).is_empty());
    assert_eq!(checked("yes", Type::Bool).number(&World), None);
}

#[test]
fn reasons_are_the_inputs_that_decided() {
    let because = |text: &str, reasons: &[u16], inputs: &[u16]| {
        let expression = checked(text, Type::Bool);
        assert_eq!(
            expression.reasons(&World).iter().collect::<Vec<_>>(),
            reasons,
            "{text}"
        );
        assert_eq!(expression.inputs().iter().collect::<Vec<_>>(), inputs, "{text}");
    };
    because(
        "command.label == 'stop' && command.score > 0.7 || alarm.score > 0.95",
        &[0],
        &[0, 1],
    );
    because("command.label == 'go' || alarm.score > 0.95", &[1], &[0, 1]);
    because("alarm.score > 0.95 || yes", &[1], &[1, 5]);
    because("command.score > 0.7 && alarm.score > 0.95", &[0, 1], &[0, 1]);
    because("command.score > 0.7 && no", &[], &[0, 6]);
    because("!(no && silent.flag)", &[2, 6], &[2, 6]);
    because("command.score + two > 1", &[0, 7], &[0, 7]);
    because("!present(silent)", &[2], &[2]);
    because("if(present(command), yes, no)", &[0, 5], &[0, 5, 6]);
    because(
        "if(no, command.score > 0, alarm.score > 0 || two > 0)",
        &[1, 6],
        &[0, 1, 6, 7],
    );
    because("true", &[], &[]);
    because("no || false", &[], &[6]);
    because("(yes || no) && (no || two == 2)", &[5, 7], &[5, 6, 7]);
    because(
        "contains(text.value, 'r') == (command.label in ['stop'])",
        &[0, 4],
        &[0, 4],
    );
}

#[test]
fn paths_are_listed_in_the_order_of_the_text() {
    let text = "(b.c) == 1 && present(a) || max(x.y, -z, if(p, q, r)) in 0..1";
    let ast = Ast::parse(text).unwrap();
    let found: Vec<(String, &str)> = ast
        .paths()
        .map(|(names, range)| (names.join("."), &text[range]))
        .collect();
    let expected = ["b.c", "a", "x.y", "z", "p", "q", "r"];
    assert_eq!(found, expected.map(|name| (name.to_owned(), name)));
}
