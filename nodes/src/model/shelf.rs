//! Where models lie, and the programs made of them: each is loaded once and shared by all nodes that name it.
//!
//! A model `NAME@VERSION` is a card `NAME.card.yaml` in a folder of cards and the file of weights that the card names,
//! in a folder of weights. The card alone settles ports and types; the weights are read when a program is first needed.
//! Invariant: a program that a node runs has been compared with its net in Burn.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use burn::tensor::Device;
use motet_core::catalog::{BuildError, Cost, FaultPlace, KindFault, Params};
use motet_core::diagnostic::nearest;
use motet_core::placement::{Placement, Precision, PrecisionOffer};
use motet_engine::{Cpu, Program};
use motet_models::card::{CARD_BYTES_MAX, Card, PrecisionFigure};
use motet_models::model::{Model, NetCard, read_card};
use motet_models::net::NetConfig;

use super::compiled::{Compiled, cost, width_max};
use super::refused;

/// The parameter that names the model.
pub(super) const MODEL: &str = "model";
const ENDING: &str = ".card.yaml";

/// Where models are looked for, the first folder first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModelFolders {
    /// Folders of cards.
    pub cards: Vec<PathBuf>,
    /// Folders of weights.
    pub weights: Vec<PathBuf>,
}

/// The models of one kind of net.
pub(super) struct Shelf<C: NetConfig> {
    folders: ModelFolders,
    cpu: Cpu,
    entries: Mutex<BTreeMap<String, Arc<Entry<C>>>>,
}

/// A model with what has been made of it.
pub(super) struct Entry<C: NetConfig> {
    /// As pipelines name it.
    pub(super) name: String,
    pub(super) card: Card<NetCard<C>>,
    made: Mutex<Made<C>>,
}

struct Made<C: NetConfig> {
    /// Kept while programs may still be made of it.
    model: Option<Model<C>>,
    /// Programs, and whether each has been compared with Burn.
    programs: BTreeMap<Precision, (Program, bool)>,
}

impl<C: NetConfig> Shelf<C> {
    pub(super) fn new(folders: ModelFolders, cpu: Cpu) -> Shelf<C> {
        Shelf {
            folders,
            cpu,
            entries: Mutex::new(BTreeMap::new()),
        }
    }

    /// The model that the parameters name.
    pub(super) fn find(&self, params: &Params) -> Result<Arc<Entry<C>>, Vec<KindFault>> {
        let name = params.text(MODEL).unwrap_or_default();
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = entries.get(name) {
            return Ok(Arc::clone(entry));
        }
        let card = self.read(name)?;
        let entry = Arc::new(Entry {
            name: name.to_owned(),
            card,
            made: Mutex::new(Made {
                model: None,
                programs: BTreeMap::new(),
            }),
        });
        entries.insert(name.to_owned(), Arc::clone(&entry));
        Ok(entry)
    }

    fn read(&self, name: &str) -> Result<Card<NetCard<C>>, Vec<KindFault>> {
        let at_model = |message: String| KindFault::new(FaultPlace::Param(MODEL.to_owned(), None), message);
        let Some((stem, version)) = split(name) else {
            let fault = at_model(format!("`{name}` is no name of a model"));
            return Err(vec![fault.help("write name and version, as in `kws@1`")]);
        };
        let file = format!("{stem}{ENDING}");
        let folders = self.folders.cards.iter();
        let Some(path) = folders
            .map(|folder| folder.join(&file))
            .find(|path| path.is_file())
        else {
            return Err(vec![
                self.unknown(name, at_model(format!("there is no model `{name}`"))),
            ]);
        };
        let text = read_text(&path).map_err(|error| vec![at_model(format!("`{file}`: {error}"))])?;
        let card = read_card::<C>(&text).map_err(|error| vec![at_model(super::with_causes(&error))])?;
        let found = format!("{}@{}", card.name, card.version);
        if card.name != stem || card.version != version {
            let fault = at_model(format!("`{file}` is the card of `{found}`, not of `{name}`"));
            let fault = fault.help(format!("write `model: {found}`"));
            return Err(vec![KindFault {
                replacement: Some(found),
                ..fault
            }]);
        }
        Ok(card)
    }

    fn unknown(&self, name: &str, fault: KindFault) -> KindFault {
        let known = self.names();
        match nearest(name, known.iter().map(String::as_str)) {
            Some(near) => KindFault {
                replacement: Some(near.to_owned()),
                ..fault.help(format!("did you mean `{near}`?"))
            },
            None if known.is_empty() => fault.help(format!(
                "put its card, NAME{ENDING}, into `models/` beside the pipeline"
            )),
            None => fault.help(format!("known here: {}", known.join(", "))),
        }
    }

    /// Names of all cards, without a look inside: the version is taken to be 1.
    fn names(&self) -> Vec<String> {
        let files = self
            .folders
            .cards
            .iter()
            .filter_map(|folder| folder.read_dir().ok());
        let names = files.flatten().filter_map(|file| {
            let file = file.ok()?.file_name().into_string().ok()?;
            Some(format!("{}@1", file.strip_suffix(ENDING)?))
        });
        let mut names: Vec<String> = names.collect();
        names.sort();
        names.dedup();
        names
    }

    /// The precisions of the model that the parameters name.
    pub(super) fn offers(&self, params: &Params) -> Vec<PrecisionOffer> {
        let entry = self.find(params);
        entry.map_or_else(|_| vec![PrecisionOffer::f32()], |entry| entry.offers())
    }

    /// Over how many workers that model can be split with profit; the same in every precision.
    pub(super) fn width_max(&self, params: &Params) -> u16 {
        self.find(params).map_or(1, |entry| self.width_of(&entry))
    }

    /// What a firing of that model takes.
    pub(super) fn cost(&self, params: &Params, placement: &Placement) -> Cost {
        let Ok(entry) = self.find(params) else {
            return Cost::default();
        };
        let program = self.sized(&entry, placement.precision);
        program.map_or_else(Cost::default, |program| {
            cost(&program, entry.key(placement.precision), placement)
        })
    }

    /// That model and its program, placed.
    pub(super) fn open(
        &self,
        params: &Params,
        placement: &Placement,
    ) -> Result<(Arc<Entry<C>>, Compiled), BuildError> {
        let entry = self.find(params).map_err(|faults| refused(params, &faults))?;
        let program = self.program(&entry, placement.precision)?;
        Ok((entry, Compiled::new(&program, placement)?))
    }

    /// The program of a model for its sizes: with random weights where there are none of its own.
    fn sized(&self, entry: &Entry<C>, precision: Precision) -> Option<Program> {
        let mut made = entry.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((program, _)) = made.programs.get(&precision) {
            return Some(program.clone());
        }
        let Ok(model) = self.model(entry, &mut made) else {
            let model = Model::random(entry.card.clone(), &Device::flex()).ok()?;
            return model.lower(self.cpu, engine(precision)).ok();
        };
        let program = model.lower(self.cpu, engine(precision)).ok()?;
        made.programs.insert(precision, (program.clone(), false));
        Some(program)
    }

    fn width_of(&self, entry: &Entry<C>) -> u16 {
        let known = {
            let made = entry.made.lock().unwrap_or_else(PoisonError::into_inner);
            made.programs.values().next().map(|(program, _)| program.clone())
        };
        let program = known.or_else(|| self.sized(entry, Precision::F32));
        program.map_or(1, |program| width_max(&program))
    }

    /// The program of a model, compared with Burn.
    fn program(&self, entry: &Entry<C>, precision: Precision) -> Result<Program, BuildError> {
        let failed = |reason: String| BuildError::Model {
            model: entry.name.clone(),
            reason,
        };
        let mut made = entry.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((program, true)) = made.programs.get(&precision) {
            return Ok(program.clone());
        }
        let known = made.programs.remove(&precision);
        let model = self.model(entry, &mut made).map_err(failed)?;
        let program = match known {
            Some((program, _)) => program,
            None => model
                .lower(self.cpu, engine(precision))
                .map_err(|error| failed(super::with_causes(&error)))?,
        };
        model
            .verify(&program, engine(precision))
            .map_err(|error| failed(super::with_causes(&error)))?;
        // What planning looked at and nobody runs is dropped, and the net with it: its weights are packed now.
        made.model = None;
        made.programs.retain(|_, (_, is_verified)| *is_verified);
        made.programs.insert(precision, (program.clone(), true));
        Ok(program)
    }

    fn model<'m>(&self, entry: &Entry<C>, made: &'m mut Made<C>) -> Result<&'m Model<C>, String> {
        let model = match made.model.take() {
            Some(model) => model,
            None => self.load(entry)?,
        };
        Ok(made.model.insert(model))
    }

    fn load(&self, entry: &Entry<C>) -> Result<Model<C>, String> {
        let file = &entry.card.weights.file;
        if Path::new(file).components().count() != 1 || file.contains("..") {
            return Err(format!(
                "the card names weights outside of their folder: `{file}`"
            ));
        }
        let folders = self.folders.weights.iter().chain(&self.folders.cards);
        let Some(path) = folders
            .map(|folder| folder.join(file))
            .find(|path| path.is_file())
        else {
            return Err(format!(
                "its weights `{file}` are in none of the folders given; name theirs with `--models FOLDER`"
            ));
        };
        let model = Model::load(entry.card.clone(), &path, &Device::flex());
        model.map_err(|error| format!("`{file}`: {}", super::with_causes(&error)))
    }
}

impl<C: NetConfig> Entry<C> {
    /// The precisions that the card speaks of, `f32` first.
    fn offers(&self) -> Vec<PrecisionOffer> {
        let mut offers = vec![PrecisionOffer::f32()];
        for precision in [Precision::Bf16, Precision::Int8] {
            let figures = &self.card.precisions;
            let Some(figure) = figures.iter().find(|figure| figure.precision == precision.name()) else {
                continue;
            };
            offers.push(PrecisionOffer {
                precision,
                admissible: figure.admissible,
                why: why(figure),
            });
        }
        offers
    }

    /// The name of the weights in a precision: nodes of one key share a copy.
    fn key(&self, precision: Precision) -> String {
        format!("{} {precision}", self.name)
    }
}

/// What a figure says, in a line.
fn why(figure: &PrecisionFigure) -> String {
    let off = format!("off by {:.2} % (relative RMS)", 100.0 * figure.relative_rms);
    match figure.agreement {
        Some(share) => format!(
            "{off}, the same answer in {:.1} % of {}",
            100.0 * share,
            figure.on
        ),
        None => format!("{off} on {}", figure.on),
    }
}

/// The engine's word for a precision.
pub(super) fn engine(precision: Precision) -> motet_engine::Precision {
    match precision {
        Precision::F32 => motet_engine::Precision::F32,
        Precision::Bf16 => motet_engine::Precision::Bf16,
        Precision::Int8 => motet_engine::Precision::Int8,
    }
}

/// `name@version`; the name is one that cannot leave a folder.
fn split(name: &str) -> Option<(&str, u32)> {
    let (stem, version) = name.split_once('@')?;
    let is_plain = |letter: u8| letter.is_ascii_alphanumeric() || matches!(letter, b'-' | b'_');
    let is_name = !stem.is_empty() && stem.len() <= 64 && stem.bytes().all(is_plain);
    Some((stem, version.parse().ok()?)).filter(|_| is_name)
}

fn read_text(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    let file = std::fs::File::open(path)?;
    file.take(CARD_BYTES_MAX as u64 + 1).read_to_string(&mut text)?;
    Ok(text)
}
