//! How a run ends: the exit codes, and errors as one line.

use crate::data::DataError;
use crate::problem::ProblemError;
use crate::report::ReportError;
use crate::spectrum::SpectrumError;
use hesse_core::eigen::SolverError;
use std::io;
use thiserror::Error;

/// A run that did what it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Everything is done.
    Done,
    /// Done, but something did not converge and `--strict` was given.
    Unconverged,
    /// Stopped on request, with what there was.
    Interrupted,
}

impl Ending {
    /// The exit code.
    pub fn code(self) -> u8 {
        match self {
            Ending::Done => 0,
            Ending::Unconverged => 3,
            Ending::Interrupted => 130,
        }
    }
}

/// A command line that cannot be carried out as it stands.
#[derive(Debug, Error)]
#[error("{0}")]
pub(super) struct Usage(pub String);

/// A run that was stopped before there was anything to show.
#[derive(Debug, Error)]
#[error("interrupted{0}")]
pub(super) struct Stopped(pub String);

/// The exit code of an error: 2 where other flags would help, 130 for an interruption, else 1.
pub fn code_of(error: &anyhow::Error) -> u8 {
    let interrupted = error.is::<Stopped>() || matches!(error.downcast_ref(), Some(SpectrumError::Interrupted));
    match () {
        () if interrupted => 130,
        () if is_usage(error) => 2,
        () => 1,
    }
}

fn is_usage(error: &anyhow::Error) -> bool {
    let problem = |e: &ProblemError| {
        matches!(
            e,
            ProblemError::Unknown { .. }
                | ProblemError::Option(_)
                | ProblemError::Selection(_)
                | ProblemError::Normalization { .. }
                | ProblemError::Data(DataError::OutOfRange { .. } | DataError::Option { .. })
        )
    };
    let spectrum = |e: &SpectrumError| match e {
        SpectrumError::Problem(e) => problem(e),
        SpectrumError::Solver(SolverError::Request { .. }) => true,
        _ => false,
    };
    error.is::<Usage>()
        || error.downcast_ref().is_some_and(problem)
        || error.downcast_ref().is_some_and(spectrum)
        || matches!(error.downcast_ref(), Some(DataError::OutOfRange { .. } | DataError::Option { .. }))
        || matches!(error.downcast_ref(), Some(ReportError::Destination { .. }))
}

/// Whether standard output was closed by its reader.
pub fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let broken = |e: &io::Error| e.kind() == io::ErrorKind::BrokenPipe;
    error.downcast_ref().is_some_and(broken)
        || matches!(error.downcast_ref(), Some(ReportError::Output(e)) if broken(e))
}

/// The error with its causes, on one line.
pub fn one_line(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain() {
        let cause = cause.to_string();
        // Many errors already quote what caused them.
        if !text.contains(&cause) {
            if !text.is_empty() {
                text.push_str(": ");
            }
            text.push_str(&cause);
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context;

    #[test]
    fn an_error_is_one_line_and_says_nothing_twice() {
        let error = anyhow::anyhow!("no such\nfile").context("reading x: no such\nfile").context("opening");
        assert_eq!(one_line(&error), "opening: reading x: no such file");
    }

    #[test]
    fn codes_follow_the_contract() {
        let unknown = crate::problem::lookup::backend("nosuch").map(|_| ()).unwrap_err();
        assert_eq!(code_of(&unknown.into()), 2);
        assert_eq!(code_of(&SpectrumError::Interrupted.into()), 130);
        assert_eq!(code_of(&anyhow::anyhow!("anything")), 1);
        assert_eq!(code_of(&anyhow::Error::from(Usage("x".into())).context("y")), 2);
        assert_eq!([Ending::Done, Ending::Unconverged, Ending::Interrupted].map(Ending::code), [0, 3, 130]);
    }

    #[test]
    fn a_closed_pipe_is_recognised_behind_context() {
        let closed = io::Error::from(io::ErrorKind::BrokenPipe);
        assert!(is_broken_pipe(&anyhow::Error::from(ReportError::Output(closed)).context("printing")));
        assert!(!is_broken_pipe(&Err::<(), _>(io::Error::from(io::ErrorKind::NotFound)).context("x").unwrap_err()));
    }
}
