//! Runs a compiled pipeline, one request at a time.

use std::path::PathBuf;
use std::sync::Arc;

use motet_core::catalog::Catalog;
use motet_core::clock::{Clock, Monotonic};
use motet_core::execute::{
    Durations, Executor, Parallel, Request, Response, RunError, Sequential, Simulated,
};
use motet_core::plan::Plan;
use motet_core::session::Session;
use motet_core::value::{InputError, Value};
use motet_nodes::lane::SoloThreads;

#[cfg(unix)]
use crate::auditor::{AuditError, Auditor, outcome_of, outcome_of_error};
use crate::error::Error;
use crate::feed::{FeedError, Feeding, Files};

/// Who does the work of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExecutorChoice {
    /// The caller's thread alone: the reference.
    Sequential,
    /// One thread for each worker of the plan's CPU, and one for each GPU.
    Parallel,
    /// One thread that plays many in made-up time, in an order drawn from this seed.
    Simulated(u64),
}

/// A session with its executor and its clock.
pub struct Runner {
    session: Session,
    executor: Box<dyn Executor>,
    clock: Arc<dyn Clock>,
    /// What people should know of how it came to its plan, as name of a node and remark.
    remarks: Vec<(String, String)>,
    #[cfg(unix)]
    auditor: Option<Auditor>,
}

impl Runner {
    /// Opens a session.
    pub(crate) fn open(plan: Arc<Plan>, catalog: &Catalog, choice: ExecutorChoice) -> Result<Runner, Error> {
        let worker_count = plan
            .machine
            .devices()
            .next()
            .map_or(1, |(_, cpu)| cpu.workers as usize);
        let session = Session::open(plan, catalog)?;
        let executor: Box<dyn Executor> = match choice {
            ExecutorChoice::Sequential => Box::new(Sequential),
            ExecutorChoice::Parallel => Box::new(
                Parallel::for_machine(&session.plan().machine, &SoloThreads).map_err(Error::Threads)?,
            ),
            ExecutorChoice::Simulated(seed) => Box::new(Simulated {
                seed,
                worker_count,
                durations: Durations::Random,
            }),
        };
        Ok(Runner {
            session,
            executor,
            clock: Arc::new(Monotonic::start()),
            remarks: Vec::new(),
            #[cfg(unix)]
            auditor: None,
        })
    }

    /// The same with an audit log.
    #[cfg(unix)]
    pub(crate) fn audited(mut self, auditor: Auditor) -> Runner {
        self.auditor = Some(auditor);
        self
    }

    /// The same with one more remark.
    pub(crate) fn remarking(mut self, node: String, remark: String) -> Runner {
        self.remarks.push((node, remark));
        self
    }

    /// What people should know of how its nodes were opened, as name of the node and remark: how long a GPU took to get
    /// ready, or why it was not taken.
    pub fn remarks(&self) -> Vec<(String, String)> {
        let mut remarks = self.remarks.clone();
        remarks.extend(self.session.remarks());
        remarks
    }

    /// A request from what a user would type after `--in`: the name of a recording, numbers, JSON, or text; `null` for an
    /// input that does not come, a text too.
    ///
    /// # Errors
    /// [`Error::Feed`] for a value that is none, [`Error::Run`] for an unknown input.
    pub fn request<'a, V: AsRef<str>>(
        &self,
        values: impl IntoIterator<Item = (&'a str, V)>,
    ) -> Result<Request, Error> {
        let files = Files::From(PathBuf::new());
        self.fed(values, &files, |feeding, value| {
            let value = value.as_ref();
            match value {
                "null" => Ok(None),
                value => feeding.typed(value).map(Some),
            }
        })
    }

    /// A request from values that `read` turns into what each input takes, or into nothing for an input that does not come.
    ///
    /// # Errors
    /// [`Error::Feed`], [`Error::Run`] for an unknown input.
    pub fn fed<N: AsRef<str>, V>(
        &self,
        values: impl IntoIterator<Item = (N, V)>,
        files: &Files,
        read: impl Fn(&Feeding<'_>, V) -> Result<Option<Value>, FeedError>,
    ) -> Result<Request, Error> {
        let inputs = &self.session.plan().inputs;
        let mut request = Request::new();
        for (name, value) in values {
            let name = name.as_ref();
            let Some(input) = inputs.iter().find(|input| input.name == name) else {
                let known: Vec<&str> = inputs.iter().map(|input| input.name.as_str()).collect();
                let unknown = InputError::Unknown {
                    name: name.to_owned(),
                    known: known.join(", "),
                };
                return Err(Error::Run(RunError::Input(unknown)));
            };
            let feeding = Feeding {
                input: name,
                port: &input.port,
                files,
            };
            match read(&feeding, value)? {
                Some(value) => request.set(name, value),
                None => request.set_absent(name),
            }
        }
        Ok(request)
    }

    /// Runs a request to its response. Drop the response before the next request: its values lie in the memory that
    /// the next one needs.
    ///
    /// # Errors
    /// [`Error::Run`] when the request could not begin; what goes wrong later is told by output in the response.
    pub fn run(&mut self, request: &Request) -> Result<Response, Error> {
        let mut response = Response::default();
        self.run_into(request, &mut response)?;
        Ok(response)
    }

    /// Runs a request into a response that is used again: what it held is let go of first, and nothing is allocated
    /// where no node allocates and there is no audit log.
    ///
    /// # Errors
    /// As [`Runner::run`].
    pub fn run_into(&mut self, request: &Request, response: &mut Response) -> Result<(), Error> {
        #[cfg(unix)]
        if self.auditor.is_some() || self.plan().is_audited {
            return self.run_audited(request, response);
        }
        if self.plan().is_audited {
            return Err(Error::Unaudited(self.plan().name.clone()));
        }
        Ok(self
            .executor
            .run_into(&mut self.session, request, &self.clock, response)?)
    }

    /// Notes a request, runs it, and notes its end; where either cannot be noted there is no answer.
    #[cfg(unix)]
    fn run_audited(&mut self, request: &Request, response: &mut Response) -> Result<(), Error> {
        response.clear();
        let Some(auditor) = &self.auditor else {
            return Err(Error::Unaudited(self.plan().name.clone()));
        };
        let pending = auditor.begin(request)?;
        let ran = self
            .executor
            .run_into(&mut self.session, request, &self.clock, response);
        let outcome = match &ran {
            Ok(()) => outcome_of(response),
            Err(error) => outcome_of_error(error),
        };
        if let Err(fault) = pending.end(outcome) {
            response.clear();
            return Err(AuditError::from(fault).into());
        }
        Ok(ran?)
    }

    /// The plan it runs.
    pub fn plan(&self) -> &Arc<Plan> {
        self.session.plan()
    }

    /// Makes every node forget what it learnt from earlier requests.
    pub fn reset(&mut self) {
        self.session.reset();
    }
}
