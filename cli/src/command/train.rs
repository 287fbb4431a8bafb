//! `motet train`: a model from a recipe and examples.
//!
//! Each seed is trained, the one that its own choosing examples like best is calibrated, measured and written with its
//! card. The state is kept after every epoch and every half minute, and when Ctrl-C is pressed; `--resume` goes on.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use motet::load::read_text;
use motet::recipe::{ReadRecipe, read};
use motet_core::clock::{Clock, Monotonic};
use motet_core::diagnostic::Source;
use motet_core::limits::SPEC_BYTES_MAX;
use motet_models::recipe::Recipe;
use motet_models::task::{Prepared, Sources, StartOptions, TaskError};
use motet_models::tasks::{RECIPES, TASKS, task};
use motet_models::train::{Adaptation, TrainError, TrainState};

use crate::arguments::TrainArguments;
use crate::failure::Failure;
use crate::output::Output;

mod watch;

use watch::Watch;

pub(super) fn run(arguments: &TrainArguments, output: &mut Output) -> Result<(), Failure> {
    if arguments.list {
        return list(output);
    }
    let Some(recipe) = &arguments.recipe else {
        return Err(Failure::Bad {
            code: None,
            message: "there is no recipe to train".to_owned(),
            help: Some(
                "name one, or a file with one; `motet train --list` has those that come with Motet"
                    .to_owned(),
            ),
        });
    };
    let stop = stop_flag()?;
    let (read, folder) = open(recipe)?;
    let prepared = prepare(arguments, &read, folder)?;
    note(output, &prepared.report().to_string())?;
    let training = Training {
        arguments,
        recipe: &read.recipe,
        out: out(arguments, &read.recipe),
        stop,
    };
    training.run(&*prepared, &read, output)
}

/// A flag that Ctrl-C sets.
fn stop_flag() -> Result<Arc<AtomicBool>, Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&stop);
    // Relaxed: the flag carries no data, and the step that reads it may be the next one.
    ctrlc::set_handler(move || asked.store(true, Ordering::Relaxed))
        .map_err(|error| Failure::Internal(format!("Ctrl-C cannot be caught: {error}")))?;
    Ok(stop)
}

/// The folder that is written into.
fn out(arguments: &TrainArguments, recipe: &Recipe) -> PathBuf {
    let named = arguments.out.clone();
    named.unwrap_or_else(|| PathBuf::from(format!("{}-model", recipe.name)))
}

/// Reads a recipe that comes with Motet, or a file; with the folder that its own files lie in.
fn open(recipe: &str) -> Result<(ReadRecipe, Option<PathBuf>), Failure> {
    if let Some((name, text)) = RECIPES.iter().find(|(name, _)| *name == recipe) {
        let read = read(Source::new(*name, *text)).map_err(Failure::Faults)?;
        return Ok((read, None));
    }
    let path = Path::new(recipe);
    if !path.exists() && path.extension().is_none() {
        let names = RECIPES.iter().map(|(name, _)| *name);
        let near = motet_core::diagnostic::nearest(recipe, names);
        return Err(Failure::Bad {
            code: Some("MT0401"),
            message: format!("there is no recipe and no file `{recipe}`"),
            help: Some(match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => "`motet train --list` has the recipes that come with Motet".to_owned(),
            }),
        });
    }
    let text = read_text(path, SPEC_BYTES_MAX)?;
    let read = read(Source::new(path.display().to_string(), text)).map_err(Failure::Faults)?;
    Ok((read, Some(path.parent().unwrap_or(Path::new(".")).to_path_buf())))
}

fn prepare(
    arguments: &TrainArguments,
    read: &ReadRecipe,
    folder: Option<PathBuf>,
) -> Result<Box<dyn Prepared>, Failure> {
    let Some(task) = task(&read.recipe.task) else {
        return Err(Failure::Internal(format!(
            "the task `{}` is gone",
            read.recipe.task
        )));
    };
    let is_file = arguments.data.data.is_file();
    let sources = Sources {
        data: arguments.data.data.clone(),
        recipe: folder,
        train: is_file.then(|| arguments.data.data.clone()),
        valid: arguments.valid.clone(),
        from: arguments.from.clone(),
        teacher: arguments.teacher.clone(),
        synthetic: arguments.data.synthetic.clone(),
    };
    task.prepare(&read.recipe, &sources)
        .map_err(|error| bad(error, read))
}

struct Training<'a> {
    arguments: &'a TrainArguments,
    recipe: &'a Recipe,
    out: PathBuf,
    stop: Arc<AtomicBool>,
}

impl Training<'_> {
    fn run(&self, prepared: &dyn Prepared, read: &ReadRecipe, output: &mut Output) -> Result<(), Failure> {
        std::fs::create_dir_all(&self.out)
            .map_err(|error| Failure::bad(format!("`{}` cannot be made: {error}", self.out.display())))?;
        let seeds = match self.arguments.seeds.as_slice() {
            [] => self.recipe.seeds.clone(),
            seeds => seeds.to_vec(),
        };
        let folds = prepared.folds();
        let first = seeds.first().copied().unwrap_or(0);
        let of_folds = folds
            .iter()
            .enumerate()
            .map(|(index, fold)| (*fold, format!("fold {index}"), first));
        let of_seeds = seeds
            .iter()
            .map(|seed| (&*prepared, format!("seed {seed}"), *seed));
        let mut states = Vec::new();
        for (prepared, name, seed) in of_folds.chain(of_seeds) {
            match self.trained(prepared, (&name, seed), output) {
                Ok(state) => states.push(state),
                Err(Stopped::Asked { steps }) => {
                    note(
                        output,
                        &format!("{name}: stopped after {steps} steps; `--resume` goes on from there"),
                    )?;
                    return Err(Failure::No);
                }
                Err(Stopped::Failed(failure)) => return Err(failure),
                Err(Stopped::Task(error)) => return Err(bad(TaskError::Train(error), read)),
            }
        }
        let clock = Monotonic::start();
        let shipped = prepared
            .ship(&states, &self.out, &|| clock.now())
            .map_err(|error| bad(error, read))?;
        self.history(&states[folds.len()..])?;
        if output.is_json() {
            return output.json(&serde_json::json!({
                "folder": self.out,
                "bytes": shipped.bytes,
                "figures": shipped.figures,
            }));
        }
        for figure in &shipped.figures {
            output.line(figure)?;
        }
        output.line(&format!(
            "wrote {} ({} bytes of weights)",
            self.out.display(),
            shipped.bytes
        ))
    }

    /// Trains a seed under a name, which is that of its checkpoint, or goes on where it was.
    fn trained(
        &self,
        prepared: &dyn Prepared,
        (name, seed): (&str, u64),
        output: &mut Output,
    ) -> Result<TrainState, Stopped> {
        let path = self.out.join(format!("{}.checkpoint", name.replace(' ', "-")));
        let state = match self.arguments.resume && path.exists() {
            true => {
                let state = TrainState::load(&path).map_err(|error| Stopped::Task(error.into()))?;
                if state.origin != prepared.origin() || state.options.seed != seed {
                    return Err(Stopped::Task(TrainError::OtherOptions {
                        difference: "the recipe or the data are not those it began with".to_owned(),
                    }));
                }
                note(output, &format!("{name}: going on after step {}", state.step))
                    .map_err(Stopped::Failed)?;
                state
            }
            false => prepared
                .begin(&self.start(prepared, seed))
                .map_err(Stopped::Task)?,
        };
        let mut watch = Watch::new(name, path, &self.stop);
        let trained = prepared.train(state, self.arguments.budget, &mut watch);
        watch.finish();
        match trained {
            Ok(state) => Ok(state),
            Err(TrainError::Stopped { steps }) => Err(Stopped::Asked { steps }),
            Err(error) => Err(Stopped::Task(error)),
        }
    }

    fn start(&self, prepared: &dyn Prepared, seed: u64) -> StartOptions {
        let owned = |names: &[&str]| {
            names
                .iter()
                .map(|name| (*name).to_owned())
                .collect::<Vec<String>>()
        };
        let frozen = self.arguments.freeze.iter().flat_map(|name| match name.as_str() {
            "encoder" => owned(prepared.encoder()),
            name => vec![name.to_owned()],
        });
        StartOptions {
            seed,
            shards: self.arguments.data.threads as usize,
            epochs: self.arguments.epochs.map(|epochs| epochs as usize),
            adaptation: Adaptation {
                frozen: frozen.collect(),
                lora_rank: self.arguments.lora.map_or(0, |rank| rank as usize),
                whole: match self.arguments.lora {
                    Some(_) => owned(prepared.heads()),
                    None => Vec::new(),
                },
            },
        }
    }

    /// Keeps how each seed went, for pages about the model.
    fn history(&self, states: &[TrainState]) -> Result<(), Failure> {
        let seeds: Vec<serde_json::Value> = states
            .iter()
            .map(|state| serde_json::json!({"seed": state.options.seed, "epochs": state.history}))
            .collect();
        let path = self.out.join("history.json");
        std::fs::write(&path, serde_json::Value::from(seeds).to_string())
            .map_err(|error| Failure::bad(format!("cannot write `{}`: {error}", path.display())))
    }
}

/// Why a seed has no result.
enum Stopped {
    /// Ctrl-C.
    Asked {
        steps: usize,
    },
    Failed(Failure),
    Task(TrainError),
}

fn list(output: &mut Output) -> Result<(), Failure> {
    let recipes: BTreeMap<&str, Recipe> = RECIPES
        .iter()
        .filter_map(|(name, text)| Some((*name, read(Source::new(*name, *text)).ok()?.recipe)))
        .collect();
    if output.is_json() {
        return output.json(&serde_json::json!({"recipes": recipes, "tasks": TASKS}));
    }
    output.line("recipes that come with Motet:")?;
    for (name, recipe) in recipes {
        output.line(&format!("  {name:<12} {}", recipe.about))?;
    }
    output.line("tasks for recipes of your own:")?;
    for task in TASKS.iter().filter_map(|name| task(name)) {
        output.line(&format!("  {:<12} {}", task.name(), task.about()))?;
        for section in task.sections() {
            output.line(&format!("    {}:", section.name))?;
            for setting in section.settings {
                let default = setting
                    .default
                    .map_or("needed".to_owned(), |value| value.to_string());
                output.line(&format!(
                    "      {:<24} {:<12} {}",
                    setting.name, default, setting.about
                ))?;
            }
        }
    }
    Ok(())
}

/// Prints a line for people as soon as it is known.
fn note(output: &mut Output, text: &str) -> Result<(), Failure> {
    if output.is_json() {
        return Ok(());
    }
    output.line(text)?;
    output.flush()
}

/// What went wrong, shown in the recipe where it lies there.
pub(super) fn bad(error: TaskError, read: &ReadRecipe) -> Failure {
    if let TaskError::Setting {
        section,
        setting,
        fault,
    } = &error
    {
        let help = format!("change `{setting}` in `{section}`, or the data");
        return Failure::Faults(read.sheet.contradiction(section, setting, fault.clone(), &help));
    }
    if let TaskError::Config(fault) = &error {
        let help = "the settings of `net` and the labels of the data make up the net".to_owned();
        return Failure::Faults(read.sheet.contradiction("net", "", fault.to_string(), &help));
    }
    super::eval::failure(&error)
}
