//! Expands agents: every pipeline file in use becomes a [`Scope`], and all nodes stand in one list.

use std::cell::Cell;
use std::sync::Arc;

use super::{GraphAgent, Library, Located};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, nearest};
use crate::limits::{AGENT_DEPTH_MAX, AGENTS_MAX, NODES_MAX};
use crate::spec::{NodeEntry, Reference, Settings, Spec};
use crate::yaml::{Path, Place};

/// One use of a pipeline file.
pub(super) struct Scope {
    pub(super) spec: Arc<Spec>,
    /// Empty, or `agent/`.
    pub(super) prefix: String,
    /// The scope that uses it and the agent's entry there.
    pub(super) user: Option<(usize, usize)>,
    /// For each agent of the spec, its scope, unless its file could not be read.
    pub(super) agents: Vec<Option<usize>>,
}

/// A node of any scope.
pub(super) struct FlatNode {
    pub(super) scope: usize,
    /// Index into the nodes of the scope's spec.
    pub(super) entry: usize,
}

pub(super) struct Flat {
    /// The first is the pipeline itself.
    pub(super) scopes: Vec<Scope>,
    pub(super) nodes: Vec<FlatNode>,
    /// True once further faults are only counted.
    is_quiet: Cell<bool>,
}

impl Flat {
    /// Stops finding places when further faults would only be counted: each means reading the file again.
    pub(super) fn hush(&self, faults: &Diagnostics) {
        self.is_quiet.set(faults.is_full());
    }

    pub(super) fn entry(&self, node: usize) -> &NodeEntry {
        let node = &self.nodes[node];
        &self.scopes[node.scope].spec.nodes[node.entry]
    }

    pub(super) fn name(&self, node: usize) -> String {
        format!(
            "{}{}",
            self.scopes[self.nodes[node].scope].prefix,
            self.entry(node).name
        )
    }

    pub(super) fn located(&self, scope: usize, path: &Path) -> Located {
        let path = if self.is_quiet.get() {
            Path::nowhere()
        } else {
            path.clone()
        };
        Located {
            source: Arc::clone(&self.scopes[scope].spec.source),
            path,
        }
    }

    /// The flat node that is entry `entry` of a scope.
    pub(super) fn node_of(&self, scope: usize, entry: usize) -> usize {
        let first = self.nodes.partition_point(|node| node.scope < scope);
        first + entry
    }

    /// Agents in the order of their scopes; scope `n` is agent `n - 1`.
    pub(super) fn agents(&self) -> Vec<GraphAgent> {
        let agents = self.scopes.iter().skip(1).map(|scope| GraphAgent {
            name: scope.prefix.trim_end_matches('/').to_owned(),
            parent: scope.user.and_then(|(user, _)| user.checked_sub(1)),
            contract: scope.spec.contract.clone(),
            source: Arc::clone(&scope.spec.source),
        });
        agents.collect()
    }
}

struct Expansion<'a> {
    library: &'a dyn Library,
    flat: Flat,
    /// Folder of each scope, to find a pipeline that uses itself.
    bases: Vec<String>,
}

pub(super) fn flatten(spec: &Spec, library: &dyn Library, faults: &mut Diagnostics) -> Flat {
    let flat = Flat {
        scopes: Vec::new(),
        nodes: Vec::new(),
        is_quiet: Cell::new(false),
    };
    let mut expansion = Expansion {
        library,
        flat,
        bases: Vec::new(),
    };
    expansion.add(Arc::new(spec.clone()), String::new(), None, String::new());
    // Scopes are added breadth first, so the list grows while it is walked.
    let mut scope = 0;
    while scope < expansion.flat.scopes.len() {
        for agent in 0..expansion.flat.scopes[scope].spec.agents.len() {
            let found = expansion.expand(scope, agent, faults);
            expansion.flat.scopes[scope].agents.push(found);
        }
        scope += 1;
    }
    let flat = &mut expansion.flat;
    for (scope, entry) in flat.scopes.iter().enumerate() {
        flat.nodes
            .extend((0..entry.spec.nodes.len()).map(|entry| FlatNode { scope, entry }));
    }
    expansion.flat
}

impl Expansion<'_> {
    fn add(&mut self, spec: Arc<Spec>, prefix: String, user: Option<(usize, usize)>, base: String) -> usize {
        self.flat.scopes.push(Scope {
            spec,
            prefix,
            user,
            agents: Vec::new(),
        });
        self.bases.push(base);
        self.flat.scopes.len() - 1
    }

    fn expand(&mut self, scope: usize, agent: usize, faults: &mut Diagnostics) -> Option<usize> {
        let user = &self.flat.scopes[scope];
        let spec = Arc::clone(&user.spec);
        let prefix = format!("{}{}/", user.prefix, spec.agents[agent].name);
        let entry = &spec.agents[agent];
        let span = || spec.span(&entry.path.key("use"), Place::Value);
        let chain = self.chain(scope);
        if chain.len() > AGENT_DEPTH_MAX {
            let message = format!("agents are nested deeper than {AGENT_DEPTH_MAX}");
            faults
                .push(Diagnostic::error(Code("MT0227"), span(), message).help("use the inner pipeline here"));
            return None;
        }
        let found = match self.library.find(&self.bases[scope], &entry.uses) {
            Ok(found) => found,
            Err(error) => {
                let code = match error {
                    super::LibraryError::Outside(_) => Code("MT0120"),
                    super::LibraryError::Missing(_) | super::LibraryError::Unreadable { .. } => {
                        Code("MT0225")
                    }
                };
                let help = "name the folder of a pipeline beside this one, as in `../robot-voice`";
                faults.push(Diagnostic::error(code, span(), error.to_string()).help(help));
                return None;
            }
        };
        if chain.iter().any(|scope| self.bases[*scope] == found.base) {
            let message = format!("pipeline `{}` uses itself", spec.pipeline);
            faults.push(Diagnostic::error(Code("MT0227"), span(), message).help("remove one of the uses"));
            return None;
        }
        let settings = Settings::written(&entry.with, &spec.source, entry.path.key("with"));
        let inner = match Spec::parse_source(found.source, &settings) {
            Ok(inner) => inner,
            Err(inner_faults) => {
                for fault in inner_faults.iter() {
                    let here = fault.labels.iter().any(|label| label.span.source == spec.source);
                    let used = format!("agent `{}` uses that file", entry.name);
                    faults.push(if here {
                        fault.clone()
                    } else {
                        fault.clone().and(span(), used)
                    });
                }
                return None;
            }
        };
        if self.flat.scopes.len() > AGENTS_MAX {
            let message = format!("the pipeline has more than {AGENTS_MAX} agents with theirs");
            faults.push(Diagnostic::error(Code("MT0230"), span(), message).help("use fewer agents"));
            return None;
        }
        let node_count: usize = self.flat.scopes.iter().map(|scope| scope.spec.nodes.len()).sum();
        if node_count + inner.nodes.len() > NODES_MAX {
            let message = format!("the pipeline has more than {NODES_MAX} nodes with its agents");
            faults.push(Diagnostic::error(Code("MT0230"), span(), message).help("use fewer agents"));
            return None;
        }
        check_inputs(&spec, agent, &inner, faults);
        Some(self.add(Arc::new(inner), prefix, Some((scope, agent)), found.base))
    }

    /// The scope and those that use it, inside out.
    fn chain(&self, scope: usize) -> Vec<usize> {
        let mut chain = vec![scope];
        while let Some((user, _)) = self.flat.scopes[chain[chain.len() - 1]].user {
            chain.push(user);
        }
        chain
    }
}

/// Every input of the agent is connected and no other.
fn check_inputs(spec: &Spec, agent: usize, inner: &Spec, faults: &mut Diagnostics) {
    let entry: &crate::spec::AgentEntry = &spec.agents[agent];
    let mut misspelt = Vec::new();
    for (name, reference) in &entry.inputs {
        let Reference { path, .. } = reference;
        if !inner.inputs.iter().any(|input| input.name == *name) {
            let span = spec.span(path, Place::Key);
            let message = format!("agent `{}` has no input `{name}`", entry.name);
            let known: Vec<&str> = inner.inputs.iter().map(|input| input.name.as_str()).collect();
            misspelt.extend(nearest(name, known.iter().copied()));
            faults.push(Diagnostic::error(Code("MT0226"), span.clone(), message).suggest(span, name, known));
        }
    }
    for input in &inner.inputs {
        let connected = entry.inputs.iter().any(|(name, _)| *name == input.name);
        if !connected && !misspelt.contains(&input.name.as_str()) {
            let span = spec.span(&entry.path, Place::Key);
            let message = format!(
                "input `{}` of agent `{}` is not connected",
                input.name, entry.name
            );
            let there = inner.span(&input.path, Place::Key);
            let fault = Diagnostic::error(Code("MT0226"), span, message).and(there, "declared here");
            faults.push(fault.help(format!(
                "add `{}: ..` under its `in:`; it takes {}",
                input.name, input.port
            )));
        }
    }
}
