//! Gradients at θ + step·v, for the finite difference that checks H·v.
//!
//! They are computed in f64 whatever the precision of the products: the gradient of a piecewise-linear network jumps
//! wherever a unit changes sides, and only f64 allows steps so short (1e-8 of ‖θ‖) that none does. A trained ResNet-20
//! has no step at all at which a difference in f32 comes closer than 40 % to H·v.

use super::SpectrumError;
use crate::problem::{Session, lookup};
use hesse_core::SecondOrderBackend;
use hesse_core::backend::BackendRequest;
use hesse_core::operator::{DataSource, Evaluator, OperatorError, Weights};
use hesse_core::program::Wrt;
use hesse_core::vectors::{Block, Precision};
use std::ops::Range;

/// The session's backend in f64, or none where the device cannot compute in it.
pub(super) fn double_precision(session: &Session) -> Option<Box<dyn SecondOrderBackend>> {
    let spec = &session.spec().backend;
    let request = BackendRequest { device: spec.device.clone(), precision: Precision::F64, threads: spec.threads };
    lookup::backend(&spec.name).ok().and_then(|entry| (entry.open)(&request).ok())
}

/// The point θ, and a second set of weights to move.
pub(super) struct ShiftedGradients<'a> {
    session: &'a Session,
    backend: &'a dyn SecondOrderBackend,
    evaluator: Evaluator<'a>,
    moved: Weights,
    point: Vec<f64>,
    rows: Vec<Range<usize>>,
    dimension: usize,
}

impl<'a> ShiftedGradients<'a> {
    /// Compiles the gradient with respect to `wrt` for `backend` and copies the session's point to it.
    pub fn new(session: &'a Session, backend: &'a dyn SecondOrderBackend, wrt: &Wrt) -> Result<Self, SpectrumError> {
        let (from, to) = (session.backend().info().precision, backend.info().precision);
        let copy = |block: &Block| -> Result<(Block, Vec<f64>), SpectrumError> {
            let values = session.backend().space(block.rows(), from).read(block, 0)?;
            let space = backend.space(block.rows(), to);
            let mut copied = space.zeros(1)?;
            space.write(&mut copied, 0, &values)?;
            Ok((copied, values))
        };
        let weights = session.weights();
        let (parameters, point) = copy(&weights.parameters)?;
        let buffers = weights.buffers.as_ref().map(copy).transpose()?.map(|(block, _)| block);
        let evaluator = Evaluator::new(backend, session.problem(), Some(wrt), session.spec().batch)?;
        let dimension = session.problem().dimension(wrt).at(0);
        let moved = Weights { parameters, buffers };
        Ok(ShiftedGradients { session, backend, evaluator, moved, point, rows: rows(session, wrt), dimension })
    }

    /// ‖θ‖ over the selected parameters.
    pub fn norm(&self) -> f64 {
        let selected = self.rows.iter().filter_map(|range| self.point.get(range.clone())).flatten();
        selected.map(|v| v * v).sum::<f64>().sqrt()
    }

    /// The mean loss's gradient at θ + step·v, v being a vector of the session's own backend.
    pub fn at(&mut self, direction: &Block, step: f64, source: &dyn DataSource) -> Result<Vec<f64>, OperatorError> {
        let own = self.session.backend();
        let v = own.space(self.dimension, own.info().precision).read(direction, 0)?;
        let mut shifted = self.point.clone();
        let selected = self.rows.iter().cloned().flatten();
        for (row, change) in selected.zip(&v) {
            if let Some(entry) = shifted.get_mut(row) {
                *entry += step * change;
            }
        }
        let precision = self.backend.info().precision;
        self.backend.space(shifted.len(), precision).write(&mut self.moved.parameters, 0, &shifted)?;
        let evaluation = self.evaluator.run(&self.moved, source, &mut |_| {})?;
        match &evaluation.gradient {
            Some(gradient) => Ok(self.backend.space(self.dimension, Precision::F64).read(gradient, 0)?),
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
