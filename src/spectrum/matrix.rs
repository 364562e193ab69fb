//! Which matrix is measured, as people write it.

use super::SpectrumError;
use hesse_core::operator::{CompiledProduct, Curvature};
use hesse_core::program::{Problem, Wrt};
use std::fmt;
use std::str::FromStr;

/// A curvature matrix by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MatrixName {
    /// The exact second derivative.
    #[default]
    Hessian,
    /// Jᵀ H_L J.
    GaussNewton,
    /// Outer products of the gradients of single samples.
    Fisher,
    /// The same with labels that the network draws itself.
    MonteCarloFisher {
        /// Draws for each sample.
        draws: usize,
    },
}

impl MatrixName {
    /// The matrix, with the seed of its draws where it has any.
    pub fn curvature(self, seed: u64) -> Curvature {
        match self {
            MatrixName::Hessian => Curvature::Hessian,
            MatrixName::GaussNewton => Curvature::GaussNewton,
            MatrixName::Fisher => Curvature::EmpiricalFisher,
            MatrixName::MonteCarloFisher { draws } => Curvature::MonteCarloFisher { draws, seed },
        }
    }

    /// Its product for a problem, whole or with the parts between layers left out.
    ///
    /// # Errors
    /// Where the derivative cannot be recorded.
    pub fn product(
        self,
        problem: &Problem,
        wrt: &Wrt,
        seed: u64,
        block_diagonal: bool,
    ) -> Result<CompiledProduct, SpectrumError> {
        let curvature = self.curvature(seed);
        if !block_diagonal {
            return Ok(CompiledProduct::new(problem, curvature, wrt)?);
        }
        let blocks: Vec<Vec<usize>> = problem.layers(wrt).into_iter().map(|layer| layer.parameters).collect();
        Ok(CompiledProduct::block_diagonal(problem, curvature, wrt, &blocks)?)
    }
}

impl fmt::Display for MatrixName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MatrixName::Hessian => f.write_str("hessian"),
            MatrixName::GaussNewton => f.write_str("gauss-newton"),
            MatrixName::Fisher => f.write_str("fisher"),
            MatrixName::MonteCarloFisher { draws } => write!(f, "monte-carlo-fisher:draws={draws}"),
        }
    }
}

impl FromStr for MatrixName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || {
            let names = "hessian, gauss-newton, fisher or monte-carlo-fisher[:draws=K]";
            format!("expected {names}, found `{}`", text.escape_debug())
        };
        let (name, options) = text.split_once(':').map_or((text, None), |(name, options)| (name, Some(options)));
        match (name, options) {
            ("hessian", None) => Ok(MatrixName::Hessian),
            ("gauss-newton", None) => Ok(MatrixName::GaussNewton),
            ("fisher", None) => Ok(MatrixName::Fisher),
            ("monte-carlo-fisher", None) => Ok(MatrixName::MonteCarloFisher { draws: 1 }),
            ("monte-carlo-fisher", Some(options)) => {
                let draws = options.strip_prefix("draws=").and_then(|n| n.parse().ok());
                // More draws than this are the expectation, for which there is gauss-newton.
                let draws = draws.filter(|n| (1..=100_000).contains(n)).ok_or_else(|| {
                    format!("draws: expected a whole number from 1 to 100000, found `{}`", options.escape_debug())
                })?;
                Ok(MatrixName::MonteCarloFisher { draws })
            }
            _ => Err(expected()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back_as_they_are_written_and_others_are_refused() {
        for text in ["hessian", "gauss-newton", "fisher", "monte-carlo-fisher:draws=7"] {
            assert_eq!(text.parse::<MatrixName>().unwrap().to_string(), text);
        }
        let one: MatrixName = "monte-carlo-fisher".parse().unwrap();
        assert_eq!(one, MatrixName::MonteCarloFisher { draws: 1 });
        for text in ["", "ggn", "hessian:draws=2", "monte-carlo-fisher:draws=0", "monte-carlo-fisher:k=3"] {
            assert!(text.parse::<MatrixName>().is_err(), "{text}");
        }
    }
}
