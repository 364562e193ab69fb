//! The weights, and what the loss is a little way off.

use crate::problem::Session;
use crate::spectrum::SpectrumError;
use hesse_core::SecondOrderBackend;
use hesse_core::operator::{DataSource, Evaluator, OperatorError, Weights};
use hesse_core::program::Wrt;
use hesse_core::vectors::{Block, Precision};
use std::ops::Range;

/// A second set of weights that is moved about the session's own. Vectors are of the selected parameters, on the host.
pub(super) struct Point<'a> {
    backend: &'a dyn SecondOrderBackend,
    loss: Evaluator<'a>,
    gradient: Evaluator<'a>,
    moved: Weights,
    base: Vec<f64>,
    rows: Vec<Range<usize>>,
    dimension: usize,
}

impl<'a> Point<'a> {
    /// Compiles loss and gradient for batches of at most `at_once` samples.
    pub fn new(session: &'a Session, wrt: &Wrt, at_once: usize) -> Result<Self, SpectrumError> {
        let (backend, problem) = (session.backend(), session.problem());
        let precision = backend.info().precision;
        let copy = |block: &Block| -> Result<(Block, Vec<f64>), SpectrumError> {
            let space = backend.space(block.rows(), precision);
            let mut copied = space.zeros(1)?;
            space.copy(block.all(), copied.all_mut())?;
            let values = space.read(block, 0)?;
            Ok((copied, values))
        };
        let weights = session.weights();
        let (parameters, base) = copy(&weights.parameters)?;
        let buffers = weights.buffers.as_ref().map(copy).transpose()?.map(|(block, _)| block);
        let mut starts = vec![0];
        for parameter in session.graph().parameters() {
            starts.push(starts.last().copied().unwrap_or(0) + parameter.elements());
        }
        let rows = match wrt {
            Wrt::Parameters(which) => {
                which.iter().filter_map(|&i| Some(*starts.get(i)?..*starts.get(i + 1)?)).collect()
            }
            Wrt::Samples => Vec::new(),
        };
        Ok(Point {
            backend,
            loss: Evaluator::new(backend, problem, None, at_once)?,
            gradient: Evaluator::new(backend, problem, Some(wrt), at_once)?,
            moved: Weights { parameters, buffers },
            base,
            rows,
            dimension: problem.dimension(wrt).at(0),
        })
    }

    /// The selected parameters.
    pub fn weights(&self) -> Vec<f64> {
        self.rows.iter().filter_map(|range| self.base.get(range.clone())).flatten().copied().collect()
    }

    /// L(w + d), the mean over the source.
    pub fn loss(&mut self, d: &[f64], source: &dyn DataSource) -> Result<f64, OperatorError> {
        self.move_by(d)?;
        Ok(self.loss.run(&self.moved, source, &mut |_| {})?.loss)
    }

    /// L and its gradient at w + d.
    pub fn gradient(&mut self, d: &[f64], source: &dyn DataSource) -> Result<(f64, Vec<f64>), OperatorError> {
        self.move_by(d)?;
        let evaluation = self.gradient.run(&self.moved, source, &mut |_| {})?;
        let values = match &evaluation.gradient {
            Some(gradient) => self.backend.space(self.dimension, Precision::F64).read(gradient, 0)?,
            None => vec![0.0; self.dimension],
        };
        Ok((evaluation.loss, values))
    }

    fn move_by(&mut self, d: &[f64]) -> Result<(), OperatorError> {
        let mut at = self.base.clone();
        for (row, change) in self.rows.iter().cloned().flatten().zip(d) {
            if let Some(entry) = at.get_mut(row) {
                *entry += change;
            }
        }
        let space = self.backend.space(at.len(), self.backend.info().precision);
        Ok(space.write(&mut self.moved.parameters, 0, &at)?)
    }
}
