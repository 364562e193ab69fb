//! One product with a vector that any implementation can write down: v ∝ sin(1), sin(2), …, sin(n).

use super::SpectrumError;
use hesse_core::operator::LinearOperator;
use serde::Serialize;

/// Two numbers that two implementations can compare to many digits.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[allow(non_snake_case)] // the names of the schema
pub struct SinProbe {
    /// ⟨v, Hv⟩.
    pub vHv: f64,
    /// ‖Hv‖.
    pub norm_Hv: f64,
}

/// Multiplies the unit vector proportional to sin(1), …, sin(n), in state-dict order. Costs one product.
///
/// # Errors
/// Where the product fails.
pub fn sin_probe(operator: &dyn LinearOperator) -> Result<SinProbe, SpectrumError> {
    let space = operator.space();
    let values: Vec<f64> = (1..=operator.dimension()).map(|i| (i as f64).sin()).collect();
    let norm = values.iter().map(|v| v * v).sum::<f64>().sqrt();
    let v: Vec<f64> = values.iter().map(|v| v / norm).collect();
    let mut x = space.zeros(1)?;
    space.write(&mut x, 0, &v)?;
    let mut y = space.zeros(1)?;
    operator.apply(x.all(), y.all_mut())?;
    let product = space.read(&y, 0)?;
    Ok(SinProbe {
        vHv: v.iter().zip(&product).map(|(a, b)| a * b).sum(),
        norm_Hv: product.iter().map(|v| v * v).sum::<f64>().sqrt(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use hesse_core::host::HostOperator;
    use hesse_core::vectors::Precision;

    #[test]
    fn twice_the_identity_gives_two() {
        let double = HostOperator::new(5, Precision::F64, |x: &[f64]| x.iter().map(|v| 2.0 * v).collect());
        let probe = sin_probe(&double).unwrap();
        assert!((probe.vHv - 2.0).abs() < 1e-14 && (probe.norm_Hv - 2.0).abs() < 1e-14, "{probe:?}");
    }
}
