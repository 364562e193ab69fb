//! What is wanted of a sharpness measurement.

use crate::problem::{Session, lookup};
use crate::spectrum::SpectrumError;
use hesse_core::eigen::{EigenRequest, SolverError};

/// Radii, counts and tolerances.
#[derive(Debug, Clone, PartialEq)]
pub struct SharpnessOptions {
    /// Which parameters, as a glob; none for all.
    pub params: Option<String>,
    /// Radius of the ball of weights.
    pub radius: f64,
    /// Radius of the ball in coordinates scaled by |w|.
    pub adaptive_radius: f64,
    /// Random directions of the average.
    pub directions: usize,
    /// Gradients that projected ascent may spend.
    pub steps: usize,
    /// Samples of a mini-batch.
    pub mini_batch: usize,
    /// Mini-batches.
    pub mini_batches: usize,
    /// Products for the trace.
    pub trace_probes: usize,
    /// The learning rate η of the training, for the line 2/η.
    pub rate: Option<f64>,
    /// Bound on the residuals of the eigenvalues.
    pub tolerance: f64,
    /// The most products for the eigenvalues.
    pub max_products: usize,
    /// `name:key=value,…`.
    pub solver: String,
}

impl Default for SharpnessOptions {
    fn default() -> Self {
        SharpnessOptions {
            params: None,
            radius: 0.05,
            adaptive_radius: 0.5,
            directions: 20,
            steps: 20,
            mini_batch: 32,
            mini_batches: 20,
            trace_probes: 30,
            rate: None,
            tolerance: 1e-3,
            max_products: 1000,
            solver: "lanczos".to_string(),
        }
    }
}

/// Eigenvalues wanted where the dimension allows: λ₁ to λ₅.
const EIGENVALUES: usize = 5;

impl SharpnessOptions {
    /// Refuses what cannot be computed for this problem, before anything is.
    ///
    /// # Errors
    /// Where no parameter is selected, there is no such solver, or a mini-batch is larger than the data.
    pub fn check(&self, session: &Session) -> Result<(), SpectrumError> {
        lookup::solver(&self.solver)?;
        let wrt = session.select(self.params.as_deref())?;
        let samples = session.source().len();
        if self.mini_batch == 0 || self.mini_batch > samples {
            return Err(SpectrumError::Solver(SolverError::Request {
                what: "size of a mini-batch (--mini-batch)",
                expected: format!("from 1 to the {samples} samples"),
                found: self.mini_batch.to_string(),
            }));
        }
        let dimension = session.problem().dimension(&wrt).at(0);
        Ok(self.request(dimension, session.spec().seed).check(dimension)?)
    }

    pub(super) fn request(&self, dimension: usize, seed: u64) -> EigenRequest {
        EigenRequest {
            largest: EIGENVALUES.min(dimension),
            smallest: 0,
            tolerance: self.tolerance,
            max_products: self.max_products,
            seed,
        }
    }
}
