//! Properties against references written apart from the code, and texts nobody would write.

use proptest::prelude::*;

use super::World;
use crate::expression::ast::{Call, Comparison, Kind, Literal, LiteralValue, Node, Operator, Path};
use crate::expression::*;

/// A random tree over four bools, printed by the test's own rules and computed from a truth table.
#[derive(Debug, Clone)]
enum Tree {
    Leaf(usize),
    Not(Box<Tree>),
    And(Box<Tree>, Box<Tree>, bool),
    Or(Box<Tree>, Box<Tree>, bool),
}

/// Sixteen bits: the value under each assignment of the four bools.
fn truth_table(tree: &Tree) -> u16 {
    match tree {
        Tree::Leaf(index) => [0xAAAA, 0xCCCC, 0xF0F0, 0xFF00][*index],
        Tree::Not(inner) => !truth_table(inner),
        Tree::And(left, right, _) => truth_table(left) & truth_table(right),
        Tree::Or(left, right, _) => truth_table(left) | truth_table(right),
    }
}

/// The text, with parentheses only where a reader of the grammar needs them; `word` chooses `and` over `&&`.
fn spelled(tree: &Tree, tightness: u8) -> String {
    let (own, text) = match tree {
        Tree::Leaf(index) => (3, ["p", "q", "r", "s"][*index].to_owned()),
        Tree::Not(inner) => (2, format!("!{}", spelled(inner, 2))),
        Tree::And(left, right, word) => {
            let sign = if *word { "and" } else { "&&" };
            (1, format!("{} {sign} {}", spelled(left, 1), spelled(right, 1)))
        }
        Tree::Or(left, right, word) => {
            let sign = if *word { "or" } else { "||" };
            (0, format!("{} {sign} {}", spelled(left, 0), spelled(right, 0)))
        }
    };
    if own < tightness {
        format!("({text})")
    } else {
        text
    }
}

fn trees() -> impl Strategy<Value = Tree> {
    (0usize..4)
        .prop_map(Tree::Leaf)
        .prop_recursive(6, 60, 2, |inner| {
            let pair = (inner.clone(), inner.clone(), any::<bool>());
            prop_oneof![
                inner.prop_map(|inner| Tree::Not(Box::new(inner))),
                pair.clone()
                    .prop_map(|(left, right, word)| Tree::And(Box::new(left), Box::new(right), word)),
                pair.prop_map(|(left, right, word)| Tree::Or(Box::new(left), Box::new(right), word)),
            ]
        })
}

/// Four bools `p q r s`, one bit each.
struct Assignment(usize);

impl Scope for Assignment {
    fn lookup(&self, path: &[&str]) -> Result<(Binding, Type), LookupError> {
        let input = ["p", "q", "r", "s"]
            .iter()
            .zip(0u16..)
            .find(|(name, _)| path == [**name])
            .unwrap()
            .1;
        Ok((Binding { input, field: 0 }, Type::Bool))
    }

    fn presence(&self, _: &str) -> Option<u16> {
        None
    }
}

impl Values for Assignment {
    fn number(&self, _: Binding) -> Option<f64> {
        None
    }

    fn text(&self, _: Binding) -> Option<&str> {
        None
    }

    fn boolean(&self, at: Binding) -> Option<bool> {
        Some(self.0 >> at.input & 1 == 1)
    }

    fn is_present(&self, _: u16) -> bool {
        true
    }
}

fn name() -> impl Strategy<Value = String> {
    "[a-z_][a-zA-Z0-9_]{0,5}".prop_filter("a word of the language", |name| {
        !["or", "and", "not", "in", "true", "false"].contains(&name.as_str())
    })
}

fn magnitude() -> impl Strategy<Value = f64> {
    prop_oneof![
        0.0..10.0f64,
        any::<f64>()
            .prop_filter("finite", |value| value.is_finite())
            .prop_map(f64::abs)
    ]
}

fn literal() -> impl Strategy<Value = Literal> {
    let value = prop_oneof![
        (magnitude(), any::<bool>()).prop_map(|(size, minus)| LiteralValue::Number(if minus {
            -size
        } else {
            size
        })),
        any::<String>().prop_map(LiteralValue::Text),
    ];
    value.prop_map(|value| Literal { range: 0..0, value })
}

/// Any tree that the parser can make, well typed or not.
fn nodes() -> impl Strategy<Value = Node> {
    let path = prop::collection::vec(name(), 1..4).prop_map(|names| {
        let ranges = vec![0..0; names.len()];
        Kind::Path(Path { names, ranges })
    });
    let leaf = prop_oneof![
        magnitude().prop_map(Kind::Number),
        any::<String>().prop_map(Kind::Text),
        any::<bool>().prop_map(Kind::Bool),
        path,
    ];
    leaf.prop_map(|kind| Node::new(kind, 0..0))
        .prop_recursive(6, 40, 3, |inner| {
            let many = |least: usize| prop::collection::vec(inner.clone(), least..4);
            let pair =
                (inner.clone(), inner.clone()).prop_map(|(left, right)| (Box::new(left), Box::new(right)));
            let comparison = prop::sample::select(vec![
                Comparison::Equal,
                Comparison::NotEqual,
                Comparison::Less,
                Comparison::AtMost,
                Comparison::Greater,
                Comparison::AtLeast,
            ]);
            let operator = prop::sample::select(vec![
                Operator::Add,
                Operator::Subtract,
                Operator::Multiply,
                Operator::Divide,
                Operator::Remainder,
            ]);
            let list = prop::collection::vec(literal(), 1..4);
            let range = (magnitude(), magnitude()).prop_map(|(left, right)| -left..right);
            let kind = prop_oneof![
                many(2).prop_map(Kind::Any),
                many(2).prop_map(Kind::All),
                inner.clone().prop_map(|inner| Kind::Not(Box::new(inner))),
                inner.clone().prop_map(|inner| Kind::Negate(Box::new(inner))),
                (comparison, pair.clone()).prop_map(|(sign, (left, right))| Kind::Compare(sign, left, right)),
                (operator, pair).prop_map(|(sign, (left, right))| Kind::Arithmetic(sign, left, right)),
                (inner.clone(), list).prop_map(|(left, list)| Kind::Among(Box::new(left), list)),
                (inner.clone(), range).prop_map(|(left, range)| Kind::Within(Box::new(left), range)),
                (name(), many(0)).prop_map(|(name, arguments)| Kind::Call(Call {
                    name,
                    name_range: 0..0,
                    arguments
                })),
            ];
            kind.prop_map(|kind| Node::new(kind, 0..0))
        })
}

/// Parses, checks and evaluates; whatever comes out must be in order.
fn survives(text: &str) {
    let in_order = |fault: &Fault| {
        assert!(text.get(fault.range.clone()).is_some(), "{text}: {fault:?}");
        assert!(!fault.message.is_empty(), "{text}: {fault:?}");
        assert!(
            fault
                .fix
                .as_ref()
                .is_none_or(|(range, _)| text.get(range.clone()).is_some()),
            "{text}: {fault:?}"
        );
    };
    let ast = match Ast::parse(text) {
        Ok(ast) => ast,
        Err(fault) => return in_order(&fault),
    };
    for (names, range) in ast.paths() {
        assert_eq!(names.join("."), text[range]);
    }
    for wanted in [Type::Bool, Type::Number, Type::Text] {
        match Expression::check(&ast, &World, wanted) {
            Ok(expression) => {
                let held = expression.holds(&World);
                assert!(held || expression.reasons(&World).is_empty(), "{text}");
                assert!(expression.number(&World).is_none_or(f64::is_finite), "{text}");
                assert_eq!(held, expression.holds(&World), "{text}");
            }
            Err(faults) => {
                assert!(!faults.is_empty());
                faults.iter().for_each(in_order);
            }
        }
    }
}

proptest! {
    #[test]
    fn random_conditions_agree_with_a_truth_table(tree in trees()) {
        let ast = Ast::parse(&spelled(&tree, 0)).unwrap();
        let expression = Expression::check(&ast, &Assignment(0), Type::Bool).unwrap();
        for assignment in 0..16 {
            let expected = truth_table(&tree) >> assignment & 1 == 1;
            prop_assert_eq!(expression.holds(&Assignment(assignment)), expected, "{}", expression);
        }
    }

    #[test]
    fn a_printed_tree_reads_back_equal(node in nodes()) {
        let ast = Ast { root: node };
        let printed = ast.to_string();
        prop_assume!(printed.len() <= TEXT_BYTES_MAX);
        prop_assert_eq!(Ast::parse(&printed).unwrap(), ast, "{}", printed);
    }

    #[test]
    fn random_text_never_panics(text in any::<String>()) {
        survives(&text);
    }

    #[test]
    fn random_words_of_the_language_never_panic(
        words in prop::collection::vec(prop::sample::select(vec![
            "command.label", "command.score", "silent.flag", "two", "yes", "'stop'", "0.5", "20", "true", "in", "not",
            "and", "or", "==", "!=", "<", ">=", "+", "-", "*", "/", "%", "(", ")", "[", "]", ",", "..", "!", "if(",
            "present(", "min(", "len(", "lower(", "=", ".", "\\", "'", "ß",
        ]), 0..14),
        between in prop::sample::select(vec!["", " "]),
    ) {
        survives(&words.join(between));
    }

    #[test]
    fn mutated_text_never_panics(
        which in 0usize..6,
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0u8..3), 1..6),
    ) {
        let mut bytes = [
            "command.label == 'stop' && command.score > 0.7 || alarm.score > 0.95",
            "abs(two - 1) <= 0.1 * max(two, 1e-3) and not present(silent)",
            "command.label in ['stop', \"ha\\\"lt\"] || two in -1..0.8",
            "if(yes, command.label, silent.label) != 'Grüß'",
            "contains(text.value, 'r') == (two % 3 >= -1)",
            "clamp(two, 0, 1) + min(1, 2, 3) > round(2.5) / len('abc')",
        ][which].as_bytes().to_vec();
        for (place, byte, edit) in edits {
            let at = place.index(bytes.len().max(1));
            match edit {
                0 if at < bytes.len() => drop(bytes.remove(at)),
                1 if at < bytes.len() => bytes[at] = byte,
                _ => bytes.insert(at, byte),
            }
        }
        survives(&String::from_utf8_lossy(&bytes));
    }
}
