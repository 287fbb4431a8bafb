//! Files beside a pipeline that nodes name: grammars and worlds. Each is read once for all nodes of a kind.

use std::collections::BTreeMap;
use std::path::{Component, Path};
use std::sync::{Arc, Mutex, PoisonError};

use motet_core::catalog::{FaultPlace, KindFault, Params};
use motet_core::diagnostic::{Diagnostic, Diagnostics, Severity, Source};
use motet_core::limits::SPEC_BYTES_MAX;

use crate::model::ModelSources;

/// The files of one kind of nodes.
pub(crate) struct Files<T> {
    sources: ModelSources,
    /// The parameter that names a file, which is also what people call it.
    param: &'static str,
    read: Mutex<BTreeMap<String, Arc<T>>>,
}

impl<T> Files<T> {
    /// Files beside the pipelines of these sources.
    pub(crate) fn new(sources: ModelSources, param: &'static str) -> Files<T> {
        Files {
            sources,
            param,
            read: Mutex::default(),
        }
    }

    /// The file that the parameters name, as `read` reads it.
    pub(crate) fn get(
        &self,
        params: &Params,
        read: impl FnOnce(&Arc<Source>) -> Result<T, Diagnostics>,
    ) -> Result<Arc<T>, Vec<KindFault>> {
        let (name, what) = (params.text(self.param).unwrap_or_default(), self.param);
        let mut known = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = known.get(name) {
            return Ok(Arc::clone(found));
        }
        let folder = self.sources.folders.files.as_deref().unwrap_or(Path::new(""));
        let path = folder.join(name);
        let text = within(folder, name)
            .and_then(|()| read_text(&path))
            .map_err(|reason| {
                let fault = self.fault(format!("the {what} `{name}` cannot be read: {reason}"));
                vec![fault.help(format!(
                    "name a file beside the pipeline, as in `{what}: {what}.yaml`"
                ))]
            })?;
        let source = Source::new(path.display().to_string(), text);
        let found = Arc::new(read(&source).map_err(|faults| self.within(name, &faults))?);
        known.insert(name.to_owned(), Arc::clone(&found));
        Ok(found)
    }

    /// A fault at the parameter that names the file.
    pub(crate) fn fault(&self, message: String) -> KindFault {
        KindFault::new(FaultPlace::Param(self.param.to_owned(), None), message)
    }

    /// Faults in a file as those of the node that names it.
    fn within(&self, name: &str, faults: &Diagnostics) -> Vec<KindFault> {
        let errors = faults.iter().filter(|fault| fault.severity == Severity::Error);
        let fault = |fault: &Diagnostic| KindFault {
            code: Some(fault.code),
            help: fault.help.clone(),
            elsewhere: fault
                .labels
                .first()
                .map(|label| (label.span.clone(), "here".to_owned())),
            ..self.fault(format!("in the {} `{name}`: {}", self.param, fault.message))
        };
        errors.map(fault).collect()
    }
}

/// Refuses a name that leads out of the folder, by itself or over a link.
fn within(folder: &Path, name: &str) -> Result<(), String> {
    let outside = || "it leads out of the folder of the pipeline".to_owned();
    let is_plain = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
    if name.is_empty() || !Path::new(name).components().all(is_plain) {
        return Err(outside());
    }
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    let real = |path: &Path| std::fs::canonicalize(path).map_err(|error| error.to_string());
    match real(&folder.join(name))?.starts_with(real(folder)?) {
        true => Ok(()),
        false => Err(outside()),
    }
}

fn read_text(path: &Path) -> Result<String, String> {
    let length = std::fs::metadata(path).map_err(|error| error.to_string())?.len();
    if length > SPEC_BYTES_MAX as u64 {
        return Err(format!("it is longer than {SPEC_BYTES_MAX} bytes"));
    }
    std::fs::read_to_string(path).map_err(|error| error.to_string())
}
