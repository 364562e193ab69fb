//! Spectral densities: what a quadrature per probe says of the distribution of eigenvalues, and how sure it is.
//!
//! An estimator returns the raw thing, one Gauss quadrature for each probe; everything that is drawn or printed is made
//! from it here: the cumulative distribution with its two bands ([`cumulative`]), smoothed densities on a linear and on
//! a symmetric-logarithmic axis ([`smooth`]), and the mass in an interval ([`mass`]).
//!
//! Two uncertainties stay apart. *Quadrature*: a rule of m nodes fixes the probe's distribution only up to the
//! Chebyshev–Markov–Stieltjes bounds. *Probes*: each probe's distribution differs from that of the eigenvalues.

pub mod cumulative;
pub mod mass;
pub mod smooth;

use super::{EstimateError, EstimateEvent, KnownPairs};
use crate::eigen::{Control, StopReason};
use crate::operator::LinearOperator;

/// What is wanted.
#[derive(Debug, Clone)]
pub struct DensityRequest<'a> {
    /// Lanczos steps for each probe: nodes of its quadrature.
    pub steps: usize,
    /// How many probes.
    pub probes: usize,
    /// Seed of the probes.
    pub seed: u64,
    /// Probes that are multiplied at once.
    pub block: usize,
    /// Converged eigenpairs: probes are taken orthogonal to them, and they become exact sticks. An unconverged pair
    /// would become a stick in the wrong place: leave it out.
    pub known: Option<KnownPairs<'a>>,
}

impl DensityRequest<'_> {
    /// Refuses requests that no estimator can serve.
    ///
    /// # Errors
    /// Where there are no steps or no probes.
    pub fn check(&self) -> Result<(), EstimateError> {
        if self.steps == 0 {
            return Err(EstimateError::request("steps of the density", "at least 1", 0));
        }
        if self.probes == 0 {
            return Err(EstimateError::request("probes of the density", "at least 1", 0));
        }
        Ok(())
    }
}

/// The Gauss quadrature of one probe's spectral distribution on the complement of the known pairs.
#[derive(Debug, Clone, PartialEq)]
pub struct ProbeQuadrature {
    /// Nodes, ascending.
    pub nodes: Vec<f64>,
    /// Their weights; positive, with sum one.
    pub weights: Vec<f64>,
    /// Whether the recurrence ended because its space is invariant: the nodes are then eigenvalues, and the quadrature
    /// is the distribution itself.
    pub exact: bool,
}

impl ProbeQuadrature {
    /// Σ w·θ.
    pub fn mean(&self) -> f64 {
        self.nodes.iter().zip(&self.weights).map(|(x, w)| x * w).sum()
    }
}

/// A density as its estimator found it.
#[derive(Debug, Clone, PartialEq)]
pub struct Density {
    /// n.
    pub dimension: usize,
    /// Eigenvalues that are known exactly, each of mass 1/n, ascending.
    pub sticks: Vec<f64>,
    /// One quadrature for each probe, of the distribution on the complement: mass (n − k)/n in all.
    pub probes: Vec<ProbeQuadrature>,
    /// Steps that were asked for.
    pub steps: usize,
    /// Columns multiplied.
    pub products: usize,
    /// Why it ended.
    pub reason: StopReason,
    /// What a reader should know.
    pub remarks: Vec<String>,
}

impl Density {
    /// The mass of one stick.
    pub fn stick_mass(&self) -> f64 {
        1.0 / self.dimension.max(1) as f64
    }

    /// (n − k)/n: the mass that probes share.
    pub fn free_mass(&self) -> f64 {
        (self.dimension - self.sticks.len().min(self.dimension)) as f64 * self.stick_mass()
    }

    /// The smallest and the largest node; none without nodes.
    pub fn node_range(&self) -> Option<(f64, f64)> {
        let nodes = || self.probes.iter().flat_map(|p| p.nodes.iter().copied());
        let (low, high) = (nodes().fold(f64::INFINITY, f64::min), nodes().fold(f64::NEG_INFINITY, f64::max));
        (low <= high).then_some((low, high))
    }

    /// The largest |λ| among sticks and nodes.
    pub fn scale(&self) -> f64 {
        let sticks = self.sticks.iter().map(|v| v.abs()).fold(0.0, f64::max);
        self.node_range().map_or(sticks, |(low, high)| sticks.max(low.abs()).max(high.abs()))
    }

    /// n · ∫ λ dφ with its standard error over probes: the trace, as the density sees it.
    pub fn trace(&self) -> super::statistics::Mean {
        let means: Vec<f64> = self.probes.iter().map(ProbeQuadrature::mean).collect();
        let mut mean = super::statistics::mean(&means);
        let free = self.free_mass() * self.dimension as f64;
        mean.value = self.sticks.iter().sum::<f64>() + free * mean.value;
        mean.standard_error = if free == 0.0 { 0.0 } else { mean.standard_error * free };
        mean
    }
}

/// An algorithm for spectral densities.
pub trait DensityEstimator: Send + Sync {
    /// Estimates; returns the probes that are done when the observer stops it.
    ///
    /// # Errors
    /// Where the request is senseless, the operator fails or is not finite, or it is stopped before the first probe.
    fn estimate(
        &self,
        operator: &dyn LinearOperator,
        request: &DensityRequest<'_>,
        observe: &mut dyn FnMut(EstimateEvent) -> Control,
    ) -> Result<Density, EstimateError>;
}
