//! What `motet check` has looked at: a pipeline, a grammar of speech, or the world of a robot.

use std::path::Path;

use motet::load::read_text;
use motet::{Error, Pipeline};
use motet_core::diagnostic::{Diagnostics, Source};
use motet_core::limits::SPEC_BYTES_MAX;
use motet_core::yaml::{self, Yaml};
use motet_models::speech::Lexicon;
use motet_nodes::control::plan::World;
use motet_nodes::control::plan::world::Sort;
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
    World {
        name: String,
        world: World,
        warnings: Diagnostics,
    },
}

impl Checked {
    /// Reads and checks what lies at the path: a file with the entry `grammar` or `world` is one, everything else a pipeline.
    pub(super) fn open(arguments: &PipelineArguments) -> Result<Result<Checked, Error>, Failure> {
        let path = arguments.pipeline.as_path();
        match text_of(path) {
            Some(("grammar", text)) => return Ok(grammar(path, text).map_err(Error::Pipeline)),
            Some((_, text)) => return Ok(world(path, text).map_err(Error::Pipeline)),
            None => (),
        }
        let opened = builder(arguments)?.open(path);
        Ok(opened.map(|pipeline| Checked::Pipeline(Box::new(pipeline))))
    }

    pub(super) fn warnings(&self) -> &Diagnostics {
        match self {
            Checked::Pipeline(pipeline) => pipeline.warnings(),
            Checked::Grammar { warnings, .. } | Checked::World { warnings, .. } => warnings,
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
            Checked::World { name, world, .. } => {
                let of = |sort: Sort| world.entities.iter().filter(|entity| entity.sort == sort).count();
                [
                    format!("{name}: {}", counted(of(Sort::Place), "place")),
                    counted(of(Sort::Thing), "thing"),
                    // Who speaks is one of them, under another name.
                    counted(of(Sort::Person) - 1, "other person"),
                    counted(world.commands.len(), "command"),
                ]
                .join(", ")
            }
        }
    }
}

/// The text of a file that is a grammar or a world, and which of them.
fn text_of(path: &Path) -> Option<(&'static str, String)> {
    let text = path.is_file().then(|| read_text(path, SPEC_BYTES_MAX).ok())??;
    let bare = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let Yaml::Map(entries) = yaml::read(bare).ok()? else {
        return None;
    };
    let has = |entry: &&str| entries.iter().any(|(name, _)| name == entry);
    ["grammar", "world"]
        .into_iter()
        .find(has)
        .map(|entry| (entry, text))
}

fn world(path: &Path, text: String) -> Result<Checked, Diagnostics> {
    let source = Source::new(path.display().to_string(), text);
    Ok(Checked::World {
        name: file_name(path),
        world: World::read(&source)?,
        warnings: Diagnostics::new(),
    })
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

fn grammar(path: &Path, text: String) -> Result<Checked, Diagnostics> {
    let source = Source::new(path.display().to_string(), text);
    let (grammar, mut warnings) = Grammar::read(&source)?;
    let network = Network::of(&grammar)?;
    let sounds = Sounds::of(&grammar, &network, &Lexicon::builtin())?;
    warnings.extend(sounds.guessed);
    if let Some(warning) = grammar.alike(&network) {
        warnings.push(warning);
    }
    Ok(Checked::Grammar {
        name: file_name(path),
        warnings,
        sizes: [network.words.len(), network.arcs.len(), sounds.graph.arcs()],
        grammar,
    })
}
