//! What is wanted of input Hessians.

use std::fmt;
use std::str::FromStr;

/// How eigenvalues are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum InputMethod {
    /// The closed form where the network is piecewise linear and no smallest eigenvalue is wanted, else Lanczos.
    #[default]
    Auto,
    /// The closed form through the Jacobian of the logits.
    Logits,
    /// Lanczos on H·v.
    Lanczos,
}

impl fmt::Display for InputMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            InputMethod::Auto => "auto",
            InputMethod::Logits => "logits",
            InputMethod::Lanczos => "lanczos",
        })
    }
}

impl FromStr for InputMethod {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(InputMethod::Auto),
            "logits" => Ok(InputMethod::Logits),
            "lanczos" => Ok(InputMethod::Lanczos),
            other => Err(format!("expected auto, logits or lanczos, found `{}`", other.escape_debug())),
        }
    }
}

/// What is wanted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct InputOptions {
    /// How many of the largest eigenvalues get a residual; the closed form lists all C − 1 in any case.
    pub largest: usize,
    /// How many of the smallest.
    pub smallest: usize,
    /// Bound on ‖Hv − λv‖ / |λ₁|, λ₁ being the sample's own eigenvalue of largest modulus.
    pub tolerance: f64,
    /// The most products for each sample.
    pub max_products: usize,
    /// How.
    pub method: InputMethod,
    /// Probes of the trace where Lanczos is used; the closed form knows it.
    pub probes: usize,
}

impl Default for InputOptions {
    fn default() -> Self {
        InputOptions {
            largest: 1,
            smallest: 0,
            tolerance: 1e-3,
            max_products: 300,
            method: InputMethod::Auto,
            probes: 8,
        }
    }
}
