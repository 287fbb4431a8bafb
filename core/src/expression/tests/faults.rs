//! One faulty text each: what is marked, what is said, and what the fix makes of it.

use super::{World, checked};
use crate::expression::*;

/// The one fault of a text: the bytes it marks, its kind, words of its message, and the text after the fix.
fn fault(text: &str, marked: &str, kind: FaultKind, (message, mended): (&str, Option<&str>)) {
    let faults = match Ast::parse(text) {
        Err(fault) => vec![fault],
        Ok(ast) => Expression::check(&ast, &World, Type::Bool).expect_err(text),
    };
    let [fault] = faults.as_slice() else {
        panic!("{text}: {faults:?}")
    };
    assert_eq!(&text[fault.range.clone()], marked, "{text}: {fault:?}");
    assert_eq!(fault.kind, kind, "{text}: {fault:?}");
    assert!(fault.message.contains(message), "{text}: {fault:?}");
    let fixed = fault.fix.as_ref().map(|(range, by)| {
        let mut fixed = text.to_owned();
        fixed.replace_range(range.clone(), by);
        fixed
    });
    assert_eq!(fixed.as_deref(), mended, "{text}: {fault:?}");
    if let Some(fixed) = fixed {
        checked(&fixed, Type::Bool);
    }
}

#[test]
fn syntax_faults_are_marked_explained_and_mended() {
    let syntax = |text, marked, message, mended| fault(text, marked, FaultKind::Syntax, (message, mended));
    syntax("", "", "empty", None);
    syntax("  ", "", "empty", None);
    syntax("two = 2", "=", "no operator", Some("two == 2"));
    syntax("two === 2", "===", "no operator", Some("two == 2"));
    syntax("two <> 2", "<>", "no operator", Some("two != 2"));
    syntax("two => 2", "=>", "no operator", Some("two >= 2"));
    syntax("two ≤ 2", "≤", "no operator", Some("two <= 2"));
    syntax("yes & no", "&", "no operator", Some("yes && no"));
    syntax("yes | no", "|", "no operator", Some("yes || no"));
    syntax("yes AND no", "AND", "found `AND`", Some("yes and no"));
    syntax("two in 1...3", "...", "no operator", Some("two in 1..3"));
    syntax(
        "1 < two < 3",
        "1 < two < 3",
        "do not chain",
        Some("1 < two && two < 3"),
    );
    syntax(
        "!(0) < (two) < 3",
        "(0) < (two) < 3",
        "do not chain",
        Some("!((0) < (two) && (two) < 3)"),
    );
    syntax(
        "1 < two <= 2 < 3",
        "1 < two <= 2 < 3",
        "chain",
        Some("1 < two && two <= 2 && 2 < 3"),
    );
    syntax("two in 0..1 == yes", "two in 0..1", "do not chain", None);
    syntax("1 < two in 0..1", "1 < two", "do not chain", None);
    syntax(
        "two not in 0..1",
        "two not in 0..1",
        "before the whole",
        Some("!(two in 0..1)"),
    );
}

#[test]
fn faulty_sets_and_literals_are_marked_explained_and_mended() {
    let syntax = |text, marked, message, mended| fault(text, marked, FaultKind::Syntax, (message, mended));
    syntax("two not two", "not", "expected an operator", None);
    syntax("two in 3..1", "3..1", "nothing lies in", Some("two in 1..3"));
    syntax("two in two", "two", "expected a list", None);
    syntax("two in 1", "", "expected `..`", None);
    syntax("two in []", "]", "expected a number or a text", None);
    syntax("two in [1", "[", "never ends", None);
    syntax("two in [1 2]", "2", "expected `,` or `]`", None);
    syntax(
        "command.label in [stop]",
        "stop",
        "`stop` is a name",
        Some("command.label in ['stop']"),
    );
    syntax("two > 20 %", "20 %", "remainder", Some("two > 0.2"));
    syntax("two > 20 % && yes", "20 %", "remainder", Some("two > 0.2 && yes"));
    syntax("two > 5ms", "5ms", "is not a number", None);
    syntax("two > 0x10", "0x10", "is not a number", None);
    syntax("two > 1_000", "1_000", "is not a number", None);
    syntax("two > 5.", "5.", "is not a number", Some("two > 5"));
    syntax("two > .5", ".", "means nothing", None);
    syntax("two > 1e999", "1e999", "too large", None);
    syntax("command.label == 'stop", "'stop", "never ends", None);
    syntax(
        "command.label == '\\d'",
        "\\d",
        "no escape",
        Some("command.label == '\\\\d'"),
    );
    syntax("command.label == “stop”", "“", "means nothing", None);
    syntax("yes ? no : yes", "?", "means nothing", None);
    syntax("größe > 1", "ö", "means nothing", None);
    syntax("(yes", "(", "never closed", None);
    syntax("present(yes", "(", "never closed", None);
    syntax("yes)", ")", "closes nothing", Some("yes"));
    syntax("(yes no)", "no", "expected an operator", None);
    syntax("yes no", "no", "expected an operator", None);
    syntax("yes ||", "", "the expression ends", None);
    syntax("&& yes", "&&", "expected a value", None);
    syntax("yes == !no", "!", "expected a value", None);
    syntax("min(1,)", ")", "expected a value", None);
    syntax(
        "text.value.contains('a')",
        "text.value.contains",
        "no methods",
        None,
    );
    syntax("in.score > 1", "in.score", "cannot begin with `in`", None);
}

#[test]
fn names_and_types_are_marked_explained_and_mended() {
    let name = |text, marked, mended| fault(text, marked, FaultKind::UnknownName, ("there is no", mended));
    name("comand.score > 1", "comand", Some("command.score > 1"));
    name("command.lable == 'go'", "lable", Some("command.label == 'go'"));
    name("nothing > 1", "nothing", None);
    name("command.label == go", "go", Some("command.label == 'go'"));
    name("go != command.label", "go", Some("'go' != command.label"));
    name("yes == True", "True", Some("yes == true"));
    name("abss(two) > 1", "abss", Some("abs(two) > 1"));
    name("length(text.value) > 1", "length", Some("len(text.value) > 1"));
    name(
        "startsWith(text.value, 'G')",
        "startsWith",
        Some("starts_with(text.value, 'G')"),
    );
    name("lower(text.value) == 'x'", "lower", None);
    name("frobnicate(two)", "frobnicate", None);
    name("present(nothing)", "nothing", None);
}

#[test]
fn type_faults_name_both_sides() {
    let wrong = |text, marked, message, mended| fault(text, marked, FaultKind::Type, (message, mended));
    wrong(
        "two == '2'",
        "two == '2'",
        "`two` is number and `'2'` is text",
        Some("two == 2"),
    );
    let sides = "`command.label` is text and `5` is number";
    wrong(
        "command.label != 5",
        "command.label != 5",
        sides,
        Some("command.label != '5'"),
    );
    wrong("command.label > 5", "command.label > 5", sides, None);
    wrong(
        "two == 'x'",
        "two == 'x'",
        "`two` is number and `'x'` is text",
        None,
    );
    wrong(
        "command.label < 'b'",
        "command.label < 'b'",
        "orders numbers",
        None,
    );
    wrong("yes < no", "yes < no", "orders numbers", None);
    wrong("yes == 1", "yes == 1", "`yes` is bool and `1` is number", None);
    wrong("two", "two", "bool is wanted here, but `two` is number", None);
    wrong("two && yes", "two", "`&&` takes bool, but `two` is number", None);
    wrong("!command.label", "command.label", "`!` takes bool", None);
    wrong(
        "two + command.label > 1",
        "command.label",
        "`+` takes number",
        None,
    );
    wrong("-yes > 1", "yes", "`-` takes number", None);
    wrong(
        "abs(yes) > 1",
        "yes",
        "`abs` takes number, but `yes` is bool",
        None,
    );
    wrong("len(two) > 1", "two", "`len` takes text", None);
}

#[test]
fn wrong_arguments_and_sets_are_marked_and_explained() {
    let wrong = |text, marked, message, mended| fault(text, marked, FaultKind::Type, (message, mended));
    wrong("abs() > 1", "abs()", "does not take 0 arguments", None);
    wrong("min(1) > 1", "min(1)", "does not take 1 argument", None);
    wrong(
        "clamp(1, 2) > 1",
        "clamp(1, 2)",
        "does not take 2 arguments",
        None,
    );
    wrong("present(1)", "1", "takes the name of an input", None);
    wrong("present(two + 1)", "two + 1", "takes the name of an input", None);
    wrong("if(two, yes, no)", "two", "`if` takes bool", None);
    wrong("if(yes, two, 'b') == 1", "'b'", "both branches", None);
    wrong(
        "two in ['a']",
        "'a'",
        "`two` is number, but this element of the list is text",
        None,
    );
    wrong("command.label in 0..1", "command.label", "takes number", None);
    wrong("yes in [1]", "yes", "`yes` is bool", None);
    fault(
        "late > 0",
        "late",
        FaultKind::Limit,
        ("only 64 can be read", None),
    );
    fault(
        "present(late)",
        "late",
        FaultKind::Limit,
        ("only 64 can be read", None),
    );
}

#[test]
fn all_faults_of_a_check_are_collected_in_order() {
    let text =
        "nothing > 1 || two && (command.label + 1 > no) || frob(gone) in ['a'] || two in ['x', 2, 'y']";
    let faults = Expression::check(&Ast::parse(text).unwrap(), &World, Type::Bool).unwrap_err();
    let marked: Vec<&str> = faults.iter().map(|fault| &text[fault.range.clone()]).collect();
    assert_eq!(
        marked,
        ["nothing", "two", "command.label", "frob", "gone", "'x'", "'y'"]
    );
}

#[test]
fn limits_are_kept_on_a_small_stack() {
    let run = || {
        let limit = |text: &str| {
            let fault = Ast::parse(text).unwrap_err();
            assert_eq!(fault.kind, FaultKind::Limit, "{fault:?}");
            assert!(text.get(fault.range.clone()).is_some(), "{fault:?}");
        };
        limit(&"(".repeat(100_000));
        limit(&"ä".repeat(TEXT_BYTES_MAX));
        limit(&"(".repeat(TEXT_BYTES_MAX));
        limit(&nested(TEXT_BYTES_MAX - 3, "-", "two", ""));
        limit(&nested(TEXT_BYTES_MAX - 3, "!", "yes", ""));
        limit(&"abs(".repeat(500));
        limit(&vec!["1"; 66].join(" + "));
        limit(&nested(DEPTH_MAX + 1, "(", "yes", ")"));
        limit(&nested(DEPTH_MAX, "!", "yes", ""));
        let deepest = nested(DEPTH_MAX, "(", "yes", ")");
        assert!(checked(&deepest, Type::Bool).holds(&World));
        let tallest = format!("{} > 0", nested(DEPTH_MAX - 2, "abs(", "two", ")"));
        assert!(checked(&tallest, Type::Bool).holds(&World));
        assert!(checked(&checked(&tallest, Type::Bool).to_string(), Type::Bool).holds(&World));
        let chosen = nested(DEPTH_MAX - 1, "if(yes, ", "yes", ", no)");
        assert_eq!(checked(&chosen, Type::Bool).reasons(&World), InputSet::of(5));
        assert!(checked(&vec!["(yes)"; 100].join(" && "), Type::Bool).holds(&World));
        assert!(!checked(&vec!["no"; 680].join(" || "), Type::Bool).holds(&World));
    };
    std::thread::Builder::new()
        .stack_size(1 << 20)
        .spawn(run)
        .unwrap()
        .join()
        .unwrap();
}

fn nested(count: usize, open: &str, inner: &str, close: &str) -> String {
    format!("{}{inner}{}", open.repeat(count), close.repeat(count))
}
