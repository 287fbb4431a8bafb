//! Where models lie, and what is made of them: each is loaded once and shared by all nodes that name it, in every pipeline
//! that is given the same [`Loaded`].
//!
//! Of a card that was found by its name, the file of weights that it names lies in a folder of weights, or they come
//! along with it. The card alone settles ports and types; the weights are read when a program is first needed.
//! Invariant: a program that a node runs has been compared with its net in Burn.

use std::any::Any;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use burn::tensor::Device;
use motet_core::catalog::{BuildError, Cost, KindFault, Params, Weights};
use motet_core::diagnostic::Code;
use motet_core::machine::DeviceKind;
use motet_core::placement::{Placement, Precision, PrecisionOffer};
use motet_engine::Program;
use motet_models::card::{self, Card, PrecisionFigure};
use motet_models::lowering::LowerError;
use motet_models::model::{Model, ModelError, NetCard, read_card};
#[cfg(feature = "gpu")]
use motet_models::net::Net;
use motet_models::net::NetConfig;

use super::cards::{Found, at_model};
use super::compiled::{Compiled, cost, width_max};
use super::refused;
use super::runs::Runs;
use super::sources::ModelSources;
#[cfg(feature = "gpu")]
use crate::gpu::net::GpuNet;

/// The parameter that names the model.
pub(crate) const MODEL: &str = "model";

/// The models of one kind of net.
pub(crate) struct Shelf<C: NetConfig> {
    sources: ModelSources,
    /// What is asked of a net, for those that answer more than one question: a program for each.
    face: &'static str,
    entries: Mutex<BTreeMap<String, Arc<Entry<C>>>>,
}

/// A model with what has been made of it.
pub(crate) struct Entry<C: NetConfig> {
    /// As pipelines name it.
    pub(crate) name: String,
    pub(crate) card: Card<NetCard<C>>,
    face: &'static str,
    /// The weights, where they come along.
    along: Option<&'static [u8]>,
    made: Mutex<Made<C>>,
}

struct Made<C: NetConfig> {
    /// Kept while programs may still be made of it.
    model: Option<Model<C>>,
    /// Programs, and whether each has been compared with Burn.
    programs: BTreeMap<Precision, (Program, bool)>,
    /// Programs with random weights, where there are none of the model's own; nobody runs them.
    stand_ins: BTreeMap<Precision, Program>,
    /// What nodes need of the net beside its program.
    beside: Option<Arc<dyn Any + Send + Sync>>,
    #[cfg(feature = "gpu")]
    gpu: Option<Arc<GpuNet>>,
}

/// Where weights lie.
enum Source {
    File(PathBuf),
    Along(&'static [u8]),
}

impl<C: NetConfig> Shelf<C> {
    pub(crate) fn new(sources: ModelSources) -> Shelf<C> {
        Shelf::with_face(sources, "")
    }

    /// The same for a net that answers more than one question; `face` names the one that is asked.
    pub(super) fn with_face(sources: ModelSources, face: &'static str) -> Shelf<C> {
        Shelf {
            sources,
            face,
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
    pub(crate) fn find(&self, params: &Params) -> Result<Arc<Entry<C>>, Vec<KindFault>> {
        let name = params.text(MODEL).unwrap_or_default();
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = entries.get(name) {
            return Ok(Arc::clone(entry));
        }
        let Found { text, card, along } = self.sources.card(name, read_card::<C>)?;
        let file = match along {
            None => self.sources.weights(&card).unwrap_or_default(),
            Some(_) => PathBuf::new(),
        };
        let key = format!(
            "{} {} {} {} {}",
            card::sha256(text.as_bytes()),
            file.display(),
            self.sources.cpu,
            self.sources.gpu.id(),
            self.face
        );
        let entry = self.sources.loaded.share(key, || Entry {
            name: name.to_owned(),
            card,
            face: self.face,
            along,
            made: Mutex::new(Made {
                model: None,
                programs: BTreeMap::new(),
                stand_ins: BTreeMap::new(),
                beside: None,
                #[cfg(feature = "gpu")]
                gpu: None,
            }),
        });
        // Weights that are there must be those of the card; where they are not, the card alone settles all sizes.
        if self.has_weights(&entry) {
            self.sized(&entry, Precision::F32)
                .map_err(|reason| vec![unlike(reason)])?;
        }
        entries.insert(name.to_owned(), Arc::clone(&entry));
        Ok(entry)
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
            DeviceKind::Gpu => on_gpu(cost, &entry.asked(), entry.parameters()),
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

    /// What a node needs of the net of that model beside its program: taken from it once and shared. Asked for before
    /// [`Shelf::open`], it finds the net still there.
    pub(super) fn beside<T: Send + Sync + 'static>(
        &self,
        params: &Params,
        take: impl FnOnce(&C::Net) -> Result<T, LowerError>,
    ) -> Result<Arc<T>, BuildError> {
        let entry = self.find(params).map_err(|faults| refused(params, &faults))?;
        let failed = |reason: String| BuildError::Model {
            model: entry.name.clone(),
            reason,
        };
        let mut made = entry.made.lock().unwrap_or_else(PoisonError::into_inner);
        let known = made.beside.clone().map(Arc::downcast::<T>);
        if let Some(Ok(known)) = known {
            return Ok(known);
        }
        let model = self.model(&entry, &mut made).map_err(failed)?;
        let beside = take(model.net()).map_err(|error| failed(super::with_causes(&error)))?;
        let beside = Arc::new(beside);
        made.beside = Some(beside.clone());
        Ok(beside)
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
        let (card, source) = (entry.card.clone(), self.source(entry).map_err(failed)?);
        let make = move |device: &Device| {
            let model = source.load(card, device);
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
        if made.model.is_none() && !self.has_weights(entry) {
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
        let source = self.source(entry)?;
        let model = source.load(entry.card.clone(), &Device::flex());
        model.map_err(|error| format!("`{}`: {}", entry.card.weights.file, super::with_causes(&error)))
    }

    /// Where the weights of a model lie.
    fn source(&self, entry: &Entry<C>) -> Result<Source, String> {
        if let Some(bytes) = entry.along {
            return Ok(Source::Along(bytes));
        }
        let path = self.sources.weights_of(&entry.card)?;
        Ok(Source::File(path))
    }

    fn has_weights(&self, entry: &Entry<C>) -> bool {
        entry.along.is_some() || self.sources.weights(&entry.card).is_some()
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
        format!("{} {precision}", self.asked())
    }

    /// The model, and what is asked of it.
    fn asked(&self) -> String {
        match self.face {
            "" => self.name.clone(),
            face => format!("{} {face}", self.name),
        }
    }
}

impl Source {
    fn load<C: NetConfig>(&self, card: Card<NetCard<C>>, device: &Device) -> Result<Model<C>, ModelError> {
        match self {
            Source::File(path) => Model::load(card, path, device),
            Source::Along(bytes) => Model::from_bytes(card, bytes, device),
        }
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
pub(super) fn unlike(reason: String) -> KindFault {
    KindFault {
        code: Some(Code("MT0416")),
        ..at_model(reason)
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
