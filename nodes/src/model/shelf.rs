//! Where models lie, and what is made of them: each is loaded once and shared by all nodes that name it, in every pipeline
//! that is given the same [`Loaded`].
//!
//! A model `NAME@VERSION` is a card `NAME.card.yaml` in a folder of cards and the file of weights that the card names,
//! in a folder of weights. The card alone settles ports and types; the weights are read when a program is first needed.
//! Invariant: a program that a node runs has been compared with its net in Burn.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use burn::tensor::Device;
use motet_core::catalog::{BuildError, Cost, FaultPlace, KindFault, Params, Weights};
use motet_core::diagnostic::{Code, nearest};
use motet_core::machine::DeviceKind;
use motet_core::placement::{Placement, Precision, PrecisionOffer};
use motet_engine::Program;
use motet_models::card::{self, CARD_BYTES_MAX, Card, PrecisionFigure};
#[cfg(feature = "gpu")]
use motet_models::lowering::LowerError;
use motet_models::model::{Model, NetCard, read_card};
#[cfg(feature = "gpu")]
use motet_models::net::Net;
use motet_models::net::NetConfig;

use super::compiled::{Compiled, cost, width_max};
use super::refused;
use super::runs::Runs;
use super::sources::{ModelFolders, ModelSources};
#[cfg(feature = "gpu")]
use crate::gpu::net::GpuNet;

/// The parameter that names the model.
pub(super) const MODEL: &str = "model";
const ENDING: &str = ".card.yaml";

/// The models of one kind of net.
pub(super) struct Shelf<C: NetConfig> {
    sources: ModelSources,
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
    /// Programs with random weights, where there are none of the model's own; nobody runs them.
    stand_ins: BTreeMap<Precision, Program>,
    #[cfg(feature = "gpu")]
    gpu: Option<Arc<GpuNet>>,
}

impl<C: NetConfig> Shelf<C> {
    pub(super) fn new(sources: ModelSources) -> Shelf<C> {
        Shelf {
            sources,
            entries: Mutex::new(BTreeMap::new()),
        }
    }

    /// Where its nets can run.
    pub(super) fn devices(&self) -> &'static [DeviceKind] {
        match self.sources.gpu.is_wished() {
            true => &[DeviceKind::Cpu, DeviceKind::Gpu],
            false => &[DeviceKind::Cpu],
        }
    }

    /// The model that the parameters name. Two models are one if text of the card, file of the weights, CPU and GPU are
    /// the same: a card that has changed since is another model, and the old one goes on for those that have it.
    pub(super) fn find(&self, params: &Params) -> Result<Arc<Entry<C>>, Vec<KindFault>> {
        let name = params.text(MODEL).unwrap_or_default();
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = entries.get(name) {
            return Ok(Arc::clone(entry));
        }
        let (text, card) = self.read(name)?;
        let file = self.weights(&card.weights.file).unwrap_or_default();
        let key = format!(
            "{} {} {} {}",
            card::sha256(text.as_bytes()),
            file.display(),
            self.sources.cpu,
            self.sources.gpu.id()
        );
        let entry = self.sources.loaded.share(key, || Entry {
            name: name.to_owned(),
            card,
            made: Mutex::new(Made {
                model: None,
                programs: BTreeMap::new(),
                stand_ins: BTreeMap::new(),
                #[cfg(feature = "gpu")]
                gpu: None,
            }),
        });
        // Weights that are there must be those of the card; where they are not, the card alone settles all sizes.
        if self.weights(&entry.card.weights.file).is_some() {
            self.sized(&entry, Precision::F32)
                .map_err(|reason| vec![unlike(reason)])?;
        }
        entries.insert(name.to_owned(), Arc::clone(&entry));
        Ok(entry)
    }

    /// The card of a model and its text.
    fn read(&self, name: &str) -> Result<(String, Card<NetCard<C>>), Vec<KindFault>> {
        let at_model = |message: String| KindFault::new(FaultPlace::Param(MODEL.to_owned(), None), message);
        let Some((stem, version)) = split(name) else {
            let fault = at_model(format!("`{name}` is no name of a model"));
            return Err(vec![fault.help("write name and version, as in `kws@1`")]);
        };
        let file = format!("{stem}{ENDING}");
        let folders = self.sources.folders.cards.iter();
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
        Ok((text, card))
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
            .sources
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
        let Ok(program) = self.sized(&entry, placement.precision) else {
            // The node will not be built either.
            return Cost::default();
        };
        let cost = cost(&program, entry.key(placement.precision), placement);
        match placement.device {
            DeviceKind::Cpu => cost,
            DeviceKind::Gpu => on_gpu(cost, &entry.name, entry.parameters()),
        }
    }

    /// That model and what runs it, placed.
    pub(super) fn open(
        &self,
        params: &Params,
        placement: &Placement,
    ) -> Result<(Arc<Entry<C>>, Runs), BuildError> {
        let entry = self.find(params).map_err(|faults| refused(params, &faults))?;
        let program = self.program(&entry, placement.precision)?;
        let compiled = Compiled::new(&program, placement, &self.sources.loaded.threads)?;
        #[cfg(feature = "gpu")]
        if placement.device == DeviceKind::Gpu {
            let runs = Runs::there(self.gpu_net(&entry, &program)?, compiled);
            return Ok((entry, runs));
        }
        Ok((entry, Runs::here(compiled)))
    }

    /// The net of a model on the GPU, compared with its program.
    #[cfg(feature = "gpu")]
    fn gpu_net(&self, entry: &Entry<C>, program: &Program) -> Result<Arc<GpuNet>, BuildError> {
        let driver = self.sources.gpu.driver().map_err(BuildError::Failed)?;
        if let Some(reason) = driver.lost() {
            let device = driver.device().name.clone();
            return Err(BuildError::Device { device, reason });
        }
        let mut made = entry.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(gpu) = &made.gpu {
            return Ok(Arc::clone(gpu));
        }
        let failed = |reason: String| BuildError::Model {
            model: entry.name.clone(),
            reason,
        };
        let (card, path) = (entry.card.clone(), self.path(entry).map_err(failed)?);
        let make = move |device: &Device| {
            let model = Model::load(card, &path, device);
            let model = model.map_err(|error| LowerError::reference(&super::with_causes(&error)))?;
            Ok(Arc::new(model.into_net()) as Arc<dyn Net>)
        };
        let gpu = Arc::new(GpuNet::open(&driver, program, make)?);
        made.gpu = Some(Arc::clone(&gpu));
        Ok(gpu)
    }

    /// The program of a model for its sizes: with random weights where there are none of its own.
    ///
    /// # Errors
    /// What is wrong with the weights that are there, or with the sizes of the card.
    fn sized(&self, entry: &Entry<C>, precision: Precision) -> Result<Program, String> {
        let mut made = entry.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((program, _)) = made.programs.get(&precision) {
            return Ok(program.clone());
        }
        if let Some(program) = made.stand_ins.get(&precision) {
            return Ok(program.clone());
        }
        let lower = |model: &Model<C>| {
            let program = model.lower(self.sources.cpu, engine(precision));
            program.map_err(|error| super::with_causes(&error))
        };
        if made.model.is_none() && self.weights(&entry.card.weights.file).is_none() {
            let model = Model::random(entry.card.clone(), &Device::flex());
            let program = lower(&model.map_err(|error| super::with_causes(&error))?)?;
            made.stand_ins.insert(precision, program.clone());
            return Ok(program);
        }
        let program = lower(self.model(entry, &mut made)?)?;
        made.programs.insert(precision, (program.clone(), false));
        Ok(program)
    }

    fn width_of(&self, entry: &Entry<C>) -> u16 {
        let known = {
            let made = entry.made.lock().unwrap_or_else(PoisonError::into_inner);
            made.programs.values().next().map(|(program, _)| program.clone())
        };
        let program = known.or_else(|| self.sized(entry, Precision::F32).ok());
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
                .lower(self.sources.cpu, engine(precision))
                .map_err(|error| failed(super::with_causes(&error)))?,
        };
        model
            .verify(&program, engine(precision))
            .map_err(|error| failed(super::with_causes(&error)))?;
        // What planning looked at and nobody runs is dropped, and the net with it: its weights are packed now.
        made.model = None;
        made.stand_ins.clear();
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
        let path = self.path(entry)?;
        let model = Model::load(entry.card.clone(), &path, &Device::flex());
        model.map_err(|error| format!("`{}`: {}", entry.card.weights.file, super::with_causes(&error)))
    }

    /// Where the weights of a model lie.
    fn path(&self, entry: &Entry<C>) -> Result<PathBuf, String> {
        let file = &entry.card.weights.file;
        if Path::new(file).components().count() != 1 || file.contains("..") {
            return Err(format!(
                "the card names weights outside of their folder: `{file}`"
            ));
        }
        let Some(path) = self.weights(file) else {
            return Err(format!(
                "its weights `{file}` are in none of the folders given; name theirs with `--models FOLDER`"
            ));
        };
        Ok(path)
    }

    /// The file of weights of this name.
    fn weights(&self, file: &str) -> Option<PathBuf> {
        let ModelFolders { cards, weights } = &self.sources.folders;
        let mut paths = weights.iter().chain(cards).map(|folder| folder.join(file));
        paths.find(|path| path.is_file())
    }
}

impl<C: NetConfig> Entry<C> {
    /// The precisions that the card speaks of, `f32` first.
    fn offers(&self) -> Vec<PrecisionOffer> {
        offers(&self.card.precisions)
    }

    /// How many weights the net has.
    fn parameters(&self) -> u64 {
        let tensors = self.card.model.net.tensors();
        tensors.iter().map(|tensor| tensor.count() as u64).sum()
    }

    /// The name of the weights in a precision: nodes of one key share a copy.
    fn key(&self, precision: Precision) -> String {
        format!("{} {precision}", self.name)
    }
}

/// What a firing takes on the GPU, where `cost` is what it takes on the CPU: that is kept for the day on which the GPU is
/// lost. Burn keeps every value between two steps, so all of them count.
fn on_gpu(cost: Cost, name: &str, parameters: u64) -> Cost {
    let read: u64 = cost.inside.iter().map(|step| step.bytes).sum();
    let packed = cost.weights.as_ref().map_or(0, |weights| weights.bytes);
    let values = read.saturating_sub(packed);
    let weights = Weights {
        key: format!("{name} gpu"),
        bytes: 4 * parameters,
    };
    Cost {
        workspace_bytes: cost.workspace_bytes + values,
        fallback: cost.weights,
        weights: Some(weights),
        inside: Vec::new(),
        ..cost
    }
}

/// The fault of weights that are not those of their card.
fn unlike(reason: String) -> KindFault {
    KindFault {
        code: Some(Code("MT0416")),
        ..KindFault::new(FaultPlace::Param(MODEL.to_owned(), None), reason)
    }
}

/// The precisions that a card speaks of, `f32` first.
pub(super) fn offers(figures: &[PrecisionFigure]) -> Vec<PrecisionOffer> {
    let mut offers = vec![PrecisionOffer::f32()];
    for precision in [Precision::Bf16, Precision::Int8] {
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
