//! Cards of models, found by the names that pipelines use.
//!
//! A model `NAME@VERSION` is a card `NAME.card.yaml` in a folder of cards, or `NAME/card.yaml` as `motet train` writes it, or one
//! of those that come along; folders come first, so that whoever has a better model of that name and version may use it.

use std::borrow::Cow;
use std::io::Read;
use std::path::{Path, PathBuf};

use motet_core::catalog::{FaultPlace, KindFault};
use motet_core::diagnostic::nearest;
use motet_models::builtin::Builtin;
use motet_models::card::{CARD_BYTES_MAX, Card};
use motet_models::keyword::BUILTIN_CARD;
use motet_models::model::{ModelError, NetCard};

use super::shelf::MODEL;
use super::sources::ModelSources;

const ENDING: &str = ".card.yaml";
/// The card in the folder of a model.
const CARD: &str = "card.yaml";

/// The text of a card, and the weights where they come along.
type Text = (Cow<'static, str>, Option<&'static [u8]>);

/// Which model, and which weights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelIdentity {
    /// Its name, as on its card.
    pub name: String,
    /// Its version.
    pub version: u32,
    /// SHA-256 checksum of its weights, in hexadecimal.
    pub sha256: String,
}

/// A card that was found and read.
pub(crate) struct Found<C> {
    pub(crate) text: Cow<'static, str>,
    pub(crate) card: Card<NetCard<C>>,
    /// The weights, where they come along.
    pub(crate) along: Option<&'static [u8]>,
}

impl ModelSources {
    /// The card of the model of this name; `read` understands its text.
    pub(crate) fn card<C>(
        &self,
        name: &str,
        read: impl FnOnce(&str) -> Result<Card<NetCard<C>>, ModelError>,
    ) -> Result<Found<C>, Vec<KindFault>> {
        let Some((stem, version)) = split(name) else {
            let fault = at_model(format!("`{name}` is no name of a model"));
            return Err(vec![fault.help("write name and version, as in `kws@1`")]);
        };
        let file = format!("{stem}{ENDING}");
        let (text, along) = match self.text(stem) {
            Some(Ok(found)) => found,
            Some(Err(error)) => return Err(vec![at_model(format!("`{file}`: {error}"))]),
            None => {
                let fault = at_model(format!("there is no model `{name}`"));
                return Err(vec![self.unknown(name, fault)]);
            }
        };
        let card = read(&text).map_err(|error| vec![at_model(super::with_causes(&error))])?;
        let found = format!("{}@{}", card.name, card.version);
        if card.name != stem || card.version != version {
            let fault = at_model(format!("`{file}` is the card of `{found}`, not of `{name}`"));
            let fault = fault.help(format!("write `model: {found}`"));
            return Err(vec![KindFault {
                replacement: Some(found),
                ..fault
            }]);
        }
        Ok(Found { text, card, along })
    }

    /// The text of the card of this name, and the weights where they come along.
    fn text(&self, stem: &str) -> Option<std::io::Result<Text>> {
        let beside = |folder: &PathBuf| folder.join(format!("{stem}{ENDING}"));
        let own = |folder: &PathBuf| folder.join(stem).join(CARD);
        let folders = self.folders.cards.iter();
        let mut paths = folders.flat_map(|folder| [beside(folder), own(folder)]);
        if let Some(path) = paths.find(|path| path.is_file()) {
            return Some(read_text(&path).map(|text| (Cow::Owned(text), None)));
        }
        let Builtin { card, weights, .. } = self.builtin.iter().find(|builtin| builtin.name == stem)?;
        Some(Ok((Cow::Borrowed(*card), Some(*weights))))
    }

    /// Which model of this name there is; none where there is none, or a card that cannot be read.
    pub fn identity(&self, name: &str) -> Option<ModelIdentity> {
        let (stem, version) = split(name)?;
        let parse = |text: &str| Card::<serde_json::Value>::parse(text).ok();
        let card = match self.text(stem) {
            Some(found) => parse(&found.ok()?.0)?,
            None => parse(BUILTIN_CARD)?,
        };
        (card.name == stem && card.version == version).then_some(ModelIdentity {
            name: card.name,
            version,
            sha256: card.weights.sha256,
        })
    }

    fn unknown(&self, name: &str, fault: KindFault) -> KindFault {
        let known = self.names();
        match nearest(name, known.iter().map(String::as_str)) {
            Some(near) => KindFault {
                replacement: Some(near.to_owned()),
                ..fault.help(format!("did you mean `{near}`?"))
            },
            None if known.is_empty() => fault.help(format!(
                "put its folder, NAME/{CARD}, or its card, NAME{ENDING}, into `models/` beside the pipeline"
            )),
            None => fault.help(format!("known here: {}", known.join(", "))),
        }
    }

    /// Names of all cards, without a look inside: the version is taken to be 1.
    fn names(&self) -> Vec<String> {
        let folders = self.folders.cards.iter();
        let files = folders.filter_map(|folder| folder.read_dir().ok()).flatten();
        let names = files.filter_map(|file| {
            let file = file.ok()?;
            let name = file.file_name().into_string().ok()?;
            let stem = name.strip_suffix(ENDING);
            let own = || file.path().join(CARD).is_file().then_some(name.as_str());
            Some(format!("{}@1", stem.or_else(own)?))
        });
        let along = self.builtin.iter().map(|builtin| format!("{}@1", builtin.name));
        let mut names: Vec<String> = names.chain(along).collect();
        names.sort();
        names.dedup();
        names
    }
}

/// A fault of the parameter that names the model.
pub(crate) fn at_model(message: String) -> KindFault {
    KindFault::new(FaultPlace::Param(MODEL.to_owned(), None), message)
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
