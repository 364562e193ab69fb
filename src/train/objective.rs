//! What the gradient of a batch is taken of, and which samples it reads.

use super::robust::{Examples, Robust};
use super::{TrainError, TrainSpec, prepare::Prepared};
use hesse_core::graph::Mode;
use hesse_core::program::Program;

/// How the samples of a batch reach the program.
pub(super) enum Inputs<'a> {
    /// As they are.
    Clean,
    /// The first ones replaced by examples.
    Mixed(Examples<'a>),
    /// As they are, with an example of each as its target.
    Paired(Examples<'a>),
}

/// A program with its inputs.
pub(super) struct Objective<'a> {
    pub program: Program,
    pub inputs: Inputs<'a>,
}

impl<'a> Objective<'a> {
    /// The objective of a run; examples are made with at most `at_once` samples at a time.
    pub fn new(spec: &TrainSpec, prepared: &'a Prepared, at_once: usize) -> Result<Self, TrainError> {
        let problem = &prepared.training;
        let wrt = problem.all_parameters();
        let examples = |robust: &Robust| {
            let adversary = robust.adversary().cloned();
            adversary.map(|adversary| {
                let graph = match adversary.mode {
                    Mode::Eval => prepared.evaluation.graph(),
                    Mode::Train => prepared.training.graph(),
                };
                Examples::new(prepared.backend.as_ref(), graph.clone(), &adversary, at_once, spec.seed)
            })
        };
        let robust = spec.options.robust.as_ref();
        let examples = robust.and_then(examples).transpose()?;
        Ok(match (robust, examples) {
            (Some(Robust::Trades { beta, .. }), Some(examples)) => {
                Objective { program: problem.trades(&wrt, *beta)?, inputs: Inputs::Paired(examples) }
            }
            (Some(Robust::Cure { strength }), _) => {
                Objective { program: problem.curvature_regularized(&wrt, *strength)?, inputs: Inputs::Clean }
            }
            (_, Some(examples)) => Objective { program: problem.gradient(&wrt)?, inputs: Inputs::Mixed(examples) },
            (_, None) => Objective { program: problem.gradient(&wrt)?, inputs: Inputs::Clean },
        })
    }
}
