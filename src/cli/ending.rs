//! How a run ends: the exit codes, and errors as one line.

use super::jobs::JobFailed;
use crate::attack::EvaluationError;
use crate::bench::BenchError;
use crate::data::DataError;
use crate::landscape::LandscapeError;
use crate::plot::PlotError;
use crate::plugin::new::NewError;
use crate::problem::ProblemError;
use crate::report::ReportError;
use crate::spectrum::SpectrumError;
use crate::study::StudyError;
use crate::train::TrainError;
use hesse_core::attack::AttackError;
use hesse_core::eigen::SolverError;
use hesse_core::estimate::EstimateError;
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

/// The exit code of an error: 2 where other flags would help, 130 for an interruption, else 1.
pub fn code_of(error: &anyhow::Error) -> u8 {
    let interrupted = matches!(error.downcast_ref(), Some(SpectrumError::Interrupted))
        || matches!(error.downcast_ref(), Some(EvaluationError::Interrupted))
        || matches!(error.downcast_ref(), Some(BenchError::Interrupted))
        || matches!(error.downcast_ref(), Some(LandscapeError::Interrupted { .. }))
        || matches!(error.downcast_ref(), Some(TrainError::Interrupted { .. }))
        || matches!(error.downcast_ref(), Some(StudyError::Interrupted { .. }));
    if let Some(failed) = error.downcast_ref::<JobFailed>() {
        return failed.code;
    }
    match () {
        () if interrupted => 130,
        () if is_usage(error) => 2,
        () => 1,
    }
}

fn is_usage(error: &anyhow::Error) -> bool {
    error.is::<Usage>()
        || error.downcast_ref().is_some_and(data)
        || error.downcast_ref().is_some_and(problem)
        || error.downcast_ref().is_some_and(spectrum)
        || error.downcast_ref().is_some_and(evaluation)
        || error.downcast_ref().is_some_and(landscape)
        || error.downcast_ref().is_some_and(train)
        || error.downcast_ref().is_some_and(bench)
        || error.downcast_ref().is_some_and(study)
        || matches!(error.downcast_ref(), Some(ReportError::Destination { .. }))
        || matches!(error.downcast_ref(), Some(PlotError::Extension { .. } | PlotError::Place { .. }))
        || matches!(error.downcast_ref(), Some(NewError::Name(_) | NewError::Core(_)))
}

fn data(error: &DataError) -> bool {
    matches!(error, DataError::OutOfRange { .. } | DataError::Option { .. })
}

fn problem(error: &ProblemError) -> bool {
    use ProblemError::{Ambiguous, Data, Normalization, Option, Selection, Unknown};
    match error {
        Unknown { .. } | Ambiguous(_) | Option(_) | Selection(_) | Normalization { .. } => true,
        Data(error) => data(error),
        _ => false,
    }
}

fn spectrum(error: &SpectrumError) -> bool {
    match error {
        SpectrumError::Problem(error) => problem(error),
        SpectrumError::Solver(SolverError::Request { .. }) => true,
        SpectrumError::Estimate(EstimateError::Request { .. }) | SpectrumError::Inputs { .. } => true,
        SpectrumError::CannotResume { .. } | SpectrumError::State { .. } => true,
        _ => false,
    }
}

fn bench(error: &BenchError) -> bool {
    match error {
        BenchError::Problem(error) => problem(error),
        BenchError::Network { .. } => true,
        _ => false,
    }
}

fn evaluation(error: &EvaluationError) -> bool {
    match error {
        EvaluationError::Problem(error) => problem(error),
        EvaluationError::Request(_) => true,
        EvaluationError::Attack { cause: AttackError::Norm { .. } | AttackError::Request { .. }, .. } => true,
        _ => false,
    }
}

fn landscape(error: &LandscapeError) -> bool {
    match error {
        LandscapeError::Option { .. } => true,
        LandscapeError::Problem(error) => problem(error),
        LandscapeError::Spectrum(error) => spectrum(error),
        _ => false,
    }
}

fn train(error: &TrainError) -> bool {
    match error {
        TrainError::Option { .. } => true,
        TrainError::Problem(error) => problem(error),
        TrainError::Data(error) => data(error),
        _ => false,
    }
}

fn study(error: &StudyError) -> bool {
    match error {
        StudyError::Option { .. } => true,
        StudyError::Problem(error) => problem(error),
        StudyError::Train { cause, .. } => train(cause),
        StudyError::Network { cause, .. } => train(cause),
        StudyError::Spectrum { cause, .. } => spectrum(cause),
        StudyError::Attack { cause, .. } => evaluation(cause),
        _ => false,
    }
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
