//! A pipeline that is open, with its request.

use std::error::Error;

use motet::{Pipeline, Request, Response, Runner};

/// A pipeline that is open, with its request and the response to it.
pub struct Open {
    pub runner: Runner,
    request: Request,
    pub response: Response,
}

impl Open {
    pub fn new(pipeline: &Pipeline, request: Request) -> Result<Open, Box<dyn Error>> {
        Ok(Open {
            runner: pipeline.runner()?,
            request,
            response: Response::default(),
        })
    }

    /// Answers the request once more.
    pub fn run(&mut self) -> Result<(), Box<dyn Error>> {
        self.runner.run_into(&self.request, &mut self.response)?;
        match self.response.failure() {
            None => Ok(()),
            Some((output, failure)) => Err(format!("output `{output}`: {failure}").into()),
        }
    }
}
