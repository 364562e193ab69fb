//! What is found at one place: a sample, or a batch whose samples are coupled.

use super::options::SaddleFreeOptions;
use hesse_core::input_hessian::{Krylov, SampleSpectrum, krylov_residuals};
use serde::{Deserialize, Serialize};

/// The Hessian at one place, against the three claims.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Position of the sample, or of the batch's first, in the split.
    pub index: usize,
    /// Cross-entropy, of a batch the sum.
    pub loss: f64,
    /// The largest eigenvalue.
    pub largest: f64,
    /// The smallest Rayleigh quotient found: no eigenvalue is smaller only if H is semi-definite.
    pub smallest: f64,
    /// Eigenvalues that are not rounding, at least.
    pub rank: usize,
    /// Whether these are all but for multiplicities.
    pub complete: bool,
    /// min ‖Hd − g‖/‖g‖ over the Krylov space of g with as many dimensions as the rank may have.
    pub outside: f64,
    /// ‖g‖₂.
    pub gradient_norm: f64,
    /// Products spent.
    pub products: usize,
}

/// Which claims hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// H is positive semi-definite.
    pub semi_definite: bool,
    /// Its rank is within the bound.
    pub low_rank: bool,
    /// g lies in its range.
    pub in_range: bool,
}

impl Claims {
    /// Whether all do.
    pub fn all(self) -> bool {
        self.semi_definite && self.low_rank && self.in_range
    }
}

impl Point {
    /// Puts a point together from Lanczos processes from a random vector and from g.
    pub(super) fn new(
        (index, loss, gradient_norm): (usize, f64, f64),
        spectrum: &SampleSpectrum,
        from_gradient: &Krylov,
        options: &SaddleFreeOptions,
    ) -> Self {
        let largest = spectrum.largest.first().map_or(f64::NAN, |p| p.value);
        Point {
            index,
            loss,
            largest,
            smallest: spectrum.smallest.first().map_or(f64::NAN, |p| p.value),
            rank: spectrum.rank_above(options.rank_threshold),
            complete: spectrum.complete,
            // No gradient at all is in every range.
            outside: if gradient_norm == 0.0 {
                0.0
            } else {
                krylov_residuals(from_gradient).last().copied().unwrap_or(f64::NAN)
            },
            gradient_norm,
            products: spectrum.products + from_gradient.len(),
        }
    }

    /// λ_min over the eigenvalue of largest modulus; zero for a zero Hessian.
    pub fn lowest_share(&self) -> f64 {
        if self.smallest == 0.0 { 0.0 } else { self.smallest / self.largest.abs().max(self.smallest.abs()) }
    }

    /// Which claims hold here, `bound` being the rank's.
    pub fn claims(&self, options: &SaddleFreeOptions, bound: usize) -> Claims {
        Claims {
            semi_definite: self.lowest_share() >= -options.semi_definite,
            low_rank: self.rank <= bound,
            in_range: self.outside <= options.range_tolerance,
        }
    }
}
