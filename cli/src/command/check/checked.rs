//! What `motet check` has looked at: a pipeline, or a grammar of speech.

use std::path::Path;

use motet::load::read_text;
use motet::{Error, Pipeline};
use motet_core::diagnostic::{Diagnostics, Source};
use motet_core::limits::SPEC_BYTES_MAX;
use motet_core::yaml::{self, Yaml};
use motet_models::speech::Lexicon;
use motet_nodes::speech::grammar::Grammar;
use motet_nodes::speech::grammar::network::Network;
use motet_nodes::speech::grammar::sounds::Sounds;

use crate::arguments::PipelineArguments;
use crate::command::builder;
use crate::failure::Failure;

/// A file without an error.
pub(super) enum Checked {
    Pipeline(Box<Pipeline>),
    Grammar {
        name: String,
        grammar: Grammar,
        warnings: Diagnostics,
        /// Words, arcs of words, and arcs of phones.
        sizes: [usize; 3],
    },
}

impl Checked {
    /// Reads and checks what lies at the path: a file that begins a grammar is one, everything else a pipeline.
    pub(super) fn open(arguments: &PipelineArguments) -> Result<Result<Checked, Error>, Failure> {
        let path = arguments.pipeline.as_path();
        if let Some(text) = grammar_text(path) {
            return Ok(grammar(path, text).map_err(Error::Pipeline));
        }
        let opened = builder(arguments)?.open(path);
        Ok(opened.map(|pipeline| Checked::Pipeline(Box::new(pipeline))))
    }

    pub(super) fn warnings(&self) -> &Diagnostics {
        match self {
            Checked::Pipeline(pipeline) => pipeline.warnings(),
            Checked::Grammar { warnings, .. } => warnings,
        }
    }

    /// Name and counts, for people.
    pub(super) fn summary(&self) -> String {
        let counted =
            |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
        match self {
            Checked::Pipeline(pipeline) => {
                let graph = pipeline.graph();
                [
                    format!("{}: {}", graph.name, counted(graph.inputs.len(), "input")),
                    counted(graph.nodes.len(), "node"),
                    counted(graph.outputs.len(), "output"),
                    counted(pipeline.spec().tests.len(), "test"),
                ]
                .join(", ")
            }
            Checked::Grammar {
                name,
                grammar,
                sizes: [words, steps, phones],
                ..
            } => [
                format!("{name}: {}", counted(grammar.intents.len(), "intent")),
                counted(grammar.slots.len(), "slot"),
                counted(*words, "word"),
                format!("{steps} places for them"),
                counted(*phones, "phone"),
            ]
            .join(", "),
        }
    }
}

/// The text of a file that is a grammar.
fn grammar_text(path: &Path) -> Option<String> {
    let text = path.is_file().then(|| read_text(path, SPEC_BYTES_MAX).ok())??;
    let bare = text.strip_prefix('\u{feff}').unwrap_or(&text);
    match yaml::read(bare).ok()? {
        Yaml::Map(entries) => entries.iter().any(|(name, _)| name == "grammar").then_some(text),
        _ => None,
    }
}

fn grammar(path: &Path, text: String) -> Result<Checked, Diagnostics> {
    let source = Source::new(path.display().to_string(), text);
    let (grammar, warnings) = Grammar::read(&source)?;
    let network = Network::of(&grammar)?;
    let sounds = Sounds::of(&grammar, &network, &Lexicon::builtin())?;
    Ok(Checked::Grammar {
        name: path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
        warnings,
        sizes: [network.words.len(), network.arcs.len(), sounds.graph.arcs()],
        grammar,
    })
}
