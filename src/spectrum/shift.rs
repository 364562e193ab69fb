//! Gradients at θ + step·v, for the finite difference that checks H·v.

use super::SpectrumError;
use crate::problem::Session;
use hesse_core::operator::{DataSource, Evaluator, OperatorError, Weights};
use hesse_core::program::Wrt;
use hesse_core::vectors::{Block, Precision};
use std::ops::Range;

/// The point θ, and a second set of weights to move.
pub(super) struct ShiftedGradients<'a> {
    session: &'a Session,
    evaluator: Evaluator<'a>,
    moved: Weights,
    point: Vec<f64>,
    rows: Vec<Range<usize>>,
    dimension: usize,
}

impl<'a> ShiftedGradients<'a> {
    /// Compiles the gradient with respect to `wrt` and copies the point.
    pub fn new(session: &'a Session, wrt: &Wrt) -> Result<Self, SpectrumError> {
        let (backend, precision) = (session.backend(), session.backend().info().precision);
        let copy = |block: &Block| -> Result<Block, SpectrumError> {
            let space = backend.space(block.rows(), precision);
            let mut copied = space.zeros(1)?;
            space.copy(block.all(), copied.all_mut())?;
            Ok(copied)
        };
        let weights = session.weights();
        let moved = Weights {
            parameters: copy(&weights.parameters)?,
            buffers: weights.buffers.as_ref().map(copy).transpose()?,
        };
        let point = backend.space(moved.parameters.rows(), precision).read(&moved.parameters, 0)?;
        let evaluator = Evaluator::new(backend, session.problem(), Some(wrt), session.spec().batch)?;
        let dimension = session.problem().dimension(wrt).at(0);
        Ok(ShiftedGradients { session, evaluator, moved, point, rows: rows(session, wrt), dimension })
    }

    /// ‖θ‖ over the selected parameters.
    pub fn norm(&self) -> f64 {
        let selected = self.rows.iter().filter_map(|range| self.point.get(range.clone())).flatten();
        selected.map(|v| v * v).sum::<f64>().sqrt()
    }

    /// The mean loss's gradient at θ + step·v.
    pub fn at(&mut self, direction: &Block, step: f64, source: &dyn DataSource) -> Result<Vec<f64>, OperatorError> {
        let backend = self.session.backend();
        let precision = backend.info().precision;
        let v = backend.space(self.dimension, precision).read(direction, 0)?;
        let mut shifted = self.point.clone();
        let selected = self.rows.iter().cloned().flatten();
        for (row, change) in selected.zip(&v) {
            if let Some(entry) = shifted.get_mut(row) {
                *entry += step * change;
            }
        }
        backend.space(shifted.len(), precision).write(&mut self.moved.parameters, 0, &shifted)?;
        let evaluation = self.evaluator.run(&self.moved, source, &mut |_| {})?;
        match &evaluation.gradient {
            Some(gradient) => Ok(backend.space(self.dimension, Precision::F64).read(gradient, 0)?),
            None => Ok(vec![0.0; self.dimension]),
        }
    }
}

/// Where the selected parameters lie in the concatenation of all.
fn rows(session: &Session, wrt: &Wrt) -> Vec<Range<usize>> {
    let mut ends = Vec::new();
    let mut end = 0;
    for parameter in session.graph().parameters() {
        ends.push(end..end + parameter.elements());
        end += parameter.elements();
    }
    match wrt {
        Wrt::Parameters(which) => which.iter().filter_map(|&i| ends.get(i).cloned()).collect(),
        Wrt::Samples => Vec::new(),
    }
}
