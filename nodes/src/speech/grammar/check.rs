//! What the names of a grammar mean, and what cannot be meant by it.

use std::collections::{BTreeMap, BTreeSet};

use motet_core::diagnostic::{Code, Diagnostic, Diagnostics, Span};
use motet_core::yaml::Place;

use super::pattern::Form;
use super::{Grammar, Pattern};
use crate::speech::told::FIELDS;

/// All faults of names, and what is never used.
pub(super) fn check(grammar: &Grammar) -> Diagnostics {
    let mut check = Check {
        grammar,
        faults: Diagnostics::new(),
        used: BTreeSet::new(),
    };
    let rules: Vec<&str> = grammar.rules.iter().map(|rule| rule.name.as_str()).collect();
    let slots: Vec<&str> = grammar.slots.iter().map(|slot| slot.name.as_str()).collect();
    for pattern in check.all() {
        check.names(pattern, (&rules, &slots));
        check.fields(pattern);
    }
    check.values();
    check.circles();
    if !check.faults.has_errors() {
        check.silence();
        check.doubles();
        check.unused();
    }
    check.faults
}

struct Check<'a> {
    grammar: &'a Grammar,
    faults: Diagnostics,
    /// What intents lead to: `<rule>` and `{slot}`.
    used: BTreeSet<String>,
}

impl<'a> Check<'a> {
    fn all(&self) -> Vec<&'a Pattern> {
        let grammar = self.grammar;
        let intents = grammar.intents.iter().flat_map(|intent| &intent.patterns);
        let rules = grammar.rules.iter().flat_map(|rule| &rule.patterns);
        intents.chain(rules).collect()
    }

    fn span(&self, pattern: &Pattern, part: std::ops::Range<usize>) -> Span {
        pattern.origin.span(&self.grammar.source, &part)
    }

    /// Names that are none.
    fn names(&mut self, pattern: &Pattern, (rules, slots): (&[&str], &[&str])) {
        let mut found = Vec::new();
        pattern.form.names(&mut |form| found.push(form));
        for form in found {
            let (name, known, what, at) = match form {
                Form::Slot { slot, at, .. } => (slot, slots, "slot", at),
                Form::Rule { rule, at } => (rule, rules, "rule", at),
                Form::Word(_) | Form::Sequence(_) | Form::Choice(_) | Form::Free(_) | Form::Optional(_) => {
                    continue;
                }
            };
            if !known.contains(&name.as_str()) {
                let name_at = at.start + 1..at.start + 1 + name.len();
                let span = self.span(pattern, name_at);
                let fault = Diagnostic::error(
                    Code("MT0602"),
                    span.clone(),
                    format!("there is no {what} `{name}`"),
                );
                self.faults.push(fault.suggest(span, name, known.iter().copied()));
            }
        }
    }

    /// Names of values that are those of fields of every command.
    fn fields(&mut self, pattern: &Pattern) {
        let mut found = Vec::new();
        pattern.form.names(&mut |form| {
            if let Form::Slot { name, at, .. } = form
                && FIELDS.contains(&name.as_str())
            {
                found.push((name.clone(), at.clone()));
            }
        });
        for (name, at) in found {
            let message = format!("`{name}` is the name of a slot and of a field of every command");
            let fault = Diagnostic::error(Code("MT0610"), self.span(pattern, at), message);
            self.faults
                .push(fault.help("give the slot another name in its patterns, as in `{start:from}`"));
        }
    }

    /// Patterns in which two values have one name.
    fn doubles(&mut self) {
        let mut rules = BTreeMap::new();
        for rule in &self.grammar.rules {
            self.count_rule(&rule.name, &mut rules);
        }
        for pattern in self.grammar.intents.iter().flat_map(|intent| &intent.patterns) {
            let counts = counted(&pattern.form, &rules);
            for (name, _) in counts.into_iter().filter(|(_, count)| *count > 1) {
                let span = self.span(pattern, 0..pattern.origin.text.len());
                let message =
                    format!("two values are called `{name}` here, and the field `{name}` has the first");
                let fault = Diagnostic::warning(Code("MT0610"), span, message);
                let help = format!("call one otherwise, as in `{{{name}:other_{name}}}`");
                self.faults.push(fault.help(help));
            }
        }
    }

    /// How often a rule says each name at most.
    fn count_rule(&self, name: &str, rules: &mut BTreeMap<String, Counts>) {
        if rules.contains_key(name) {
            return;
        }
        for next in self.leads_to(name) {
            self.count_rule(&next, rules);
        }
        let rule = self.grammar.rule(name);
        let patterns = rule.map_or(&[][..], |rule| &rule.patterns);
        let each = patterns.iter().map(|pattern| counted(&pattern.form, rules));
        let most = most_of(each);
        rules.insert(name.to_owned(), most);
    }

    /// A value is words alone.
    fn values(&mut self) {
        for slot in &self.grammar.slots {
            for pattern in slot.values.iter().flat_map(|value| &value.said) {
                let mut found = None;
                pattern.form.names(&mut |form| {
                    if let Form::Slot { at, .. } | Form::Rule { at, .. } = form {
                        found.get_or_insert_with(|| at.clone());
                    }
                });
                if let Some(at) = found {
                    let message = "a value of a slot is made of words alone";
                    let fault = Diagnostic::error(Code("MT0602"), self.span(pattern, at), message);
                    self.faults.push(fault.help("write the words here"));
                }
            }
        }
    }

    /// Rules that lead back to themselves.
    fn circles(&mut self) {
        let mut done = BTreeSet::new();
        for rule in &self.grammar.rules {
            let mut way = Vec::new();
            self.walk(&rule.name, &mut way, &mut done);
        }
    }

    fn walk(&mut self, name: &str, way: &mut Vec<String>, done: &mut BTreeSet<String>) {
        if let Some(first) = way.iter().position(|seen| seen == name) {
            let circle: Vec<&str> = way[first..].iter().map(String::as_str).chain([name]).collect();
            let circle = circle.join("` to `");
            if let Some(rule) = self.grammar.rule(name) {
                let span = rule.path.find(&self.grammar.source, Place::Key);
                let message = format!("rule `{name}` leads back to itself: `{circle}`");
                let fault = Diagnostic::error(Code("MT0603"), span, message);
                self.faults.push(
                    fault.help("what is said must end: write the repeats out, as in `very [very] big`"),
                );
            }
            return;
        }
        if done.contains(name) {
            return;
        }
        way.push(name.to_owned());
        for next in self.leads_to(name) {
            self.walk(&next, way, done);
        }
        way.pop();
        done.insert(name.to_owned());
    }

    /// The rules that a rule names.
    fn leads_to(&self, name: &str) -> Vec<String> {
        let mut found = Vec::new();
        for pattern in self.grammar.rule(name).map_or(&[][..], |rule| &rule.patterns) {
            pattern.form.names(&mut |form| {
                if let Form::Rule { rule, .. } = form {
                    found.push(rule.clone());
                }
            });
        }
        found
    }

    /// Patterns that can be said without a word.
    fn silence(&mut self) {
        let mut rules = BTreeMap::new();
        for rule in &self.grammar.rules {
            self.may_be_silent(&rule.name, &mut rules);
        }
        let intents = self.grammar.intents.iter().flat_map(|intent| &intent.patterns);
        let values = self.grammar.slots.iter().flat_map(|slot| &slot.values);
        for pattern in intents.chain(values.flat_map(|value| &value.said)) {
            if is_silent(&pattern.form, &rules) {
                let span = self.span(pattern, 0..pattern.origin.text.len());
                let fault = Diagnostic::error(Code("MT0605"), span, "this can be said without a word");
                self.faults.push(fault.help("take a word out of its `[ ]`"));
            }
        }
    }

    fn may_be_silent(&self, name: &str, rules: &mut BTreeMap<String, bool>) {
        if rules.contains_key(name) {
            return;
        }
        for next in self.leads_to(name) {
            self.may_be_silent(&next, rules);
        }
        let rule = self.grammar.rule(name);
        let patterns = rule.map_or(&[][..], |rule| &rule.patterns);
        let silent = patterns.iter().any(|pattern| is_silent(&pattern.form, rules));
        rules.insert(name.to_owned(), silent);
    }

    /// Rules, slots and pronunciations that no intent leads to.
    fn unused(&mut self) {
        let grammar = self.grammar;
        let mut words = BTreeSet::new();
        let mut open: Vec<&Pattern> = grammar
            .intents
            .iter()
            .flat_map(|intent| &intent.patterns)
            .collect();
        while let Some(pattern) = open.pop() {
            let mut spoken = Vec::new();
            pattern.form.words(&mut spoken);
            words.extend(spoken);
            pattern.form.names(&mut |form| match form {
                Form::Rule { rule, .. } if self.used.insert(format!("<{rule}>")) => {
                    open.extend(grammar.rule(rule).map_or(&[][..], |rule| &rule.patterns));
                }
                Form::Slot { slot, .. } if self.used.insert(format!("{{{slot}}}")) => {
                    let values = grammar.slot(slot).map_or(&[][..], |slot| &slot.values);
                    open.extend(values.iter().flat_map(|value| &value.said));
                }
                _ => (),
            });
        }
        let rules = grammar
            .rules
            .iter()
            .map(|rule| (format!("<{}>", rule.name), "rule", &rule.name, &rule.path));
        let slots = grammar
            .slots
            .iter()
            .map(|slot| (format!("{{{}}}", slot.name), "slot", &slot.name, &slot.path));
        let spoken = grammar
            .pronunciations
            .iter()
            .map(|entry| (String::new(), "word", &entry.word, &entry.path));
        for (key, what, name, path) in rules.chain(slots).chain(spoken) {
            let is_used = match what {
                "word" => words.contains(name.as_str()),
                _ => self.used.contains(&key),
            };
            if !is_used {
                let span = path.find(&grammar.source, Place::Key);
                let fault = Diagnostic::warning(
                    Code("MT0604"),
                    span,
                    format!("no intent leads to {what} `{name}`"),
                );
                self.faults.push(fault.help("use it in a pattern, or remove it"));
            }
        }
    }
}

/// How often each name stands in an utterance at most; two is enough to know.
type Counts = BTreeMap<String, usize>;

fn counted(form: &Form, rules: &BTreeMap<String, Counts>) -> Counts {
    match form {
        Form::Word(_) => Counts::new(),
        Form::Slot { name, .. } => Counts::from([(name.clone(), 1)]),
        Form::Optional(part) => counted(part, rules),
        Form::Choice(parts) => most_of(parts.iter().map(|part| counted(part, rules))),
        Form::Rule { rule, .. } => rules.get(rule).cloned().unwrap_or_default(),
        Form::Sequence(parts) | Form::Free(parts) => {
            let mut sum = Counts::new();
            for (name, count) in parts.iter().flat_map(|part| counted(part, rules)) {
                let known = sum.entry(name).or_default();
                *known = (*known + count).min(2);
            }
            sum
        }
    }
}

fn most_of(each: impl Iterator<Item = Counts>) -> Counts {
    let mut most = Counts::new();
    for (name, count) in each.flatten() {
        let known = most.entry(name).or_default();
        *known = (*known).max(count);
    }
    most
}

/// True where a form can be said without a word.
fn is_silent(form: &Form, rules: &BTreeMap<String, bool>) -> bool {
    match form {
        Form::Word(_) | Form::Slot { .. } => false,
        Form::Optional(_) => true,
        Form::Sequence(parts) | Form::Free(parts) => parts.iter().all(|part| is_silent(part, rules)),
        Form::Choice(parts) => parts.iter().any(|part| is_silent(part, rules)),
        Form::Rule { rule, .. } => rules.get(rule).copied().unwrap_or(false),
    }
}
