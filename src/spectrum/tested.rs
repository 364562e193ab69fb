//! The short self-test: figures, noise floor, verdict.

use super::{SelfTestPart, SpectrumError};
use hesse_core::operator::SelfTest;
use hesse_core::vectors::Precision;

/// One figure of a self-test with its verdict.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Figure {
    pub name: &'static str,
    pub value: f64,
    pub passes: bool,
}

/// The figures that a test has. Each is judged alone by the test's own rule.
pub(super) fn figures(test: &SelfTest, precision: Precision) -> Vec<Figure> {
    let clean = SelfTest {
        symmetry: 0.0,
        linearity: 0.0,
        noise_floor: 0.0,
        finite_difference: None,
        finite_difference_order: None,
        products: 0,
    };
    let judge = |name, value, alone: SelfTest| Figure { name, value, passes: alone.passes(precision.epsilon()) };
    let mut figures = vec![
        judge("symmetry", test.symmetry, SelfTest { symmetry: test.symmetry, ..clean }),
        judge("linearity", test.linearity, SelfTest { linearity: test.linearity, ..clean }),
        judge("repeatability", test.noise_floor, SelfTest { noise_floor: test.noise_floor, ..clean }),
    ];
    if let Some(value) = test.finite_difference {
        figures.push(judge("slope", value, SelfTest { finite_difference: Some(value), ..clean }));
    }
    figures
}

/// The relative error below which no residual can be expected to fall: what two runs, or two ways of summing, differ by.
pub(super) fn noise_floor(test: &SelfTest) -> f64 {
    test.noise_floor.max(test.linearity)
}

/// The test as part of a result.
pub(super) fn part(test: &SelfTest) -> SelfTestPart {
    SelfTestPart {
        symmetry: test.symmetry,
        linearity: test.linearity,
        repeatability: test.noise_floor,
        noise_floor: noise_floor(test),
        finite_difference: test.finite_difference,
        finite_difference_order: test.finite_difference_order,
        products: test.products,
    }
}

/// Refuses an operator whose figures rounding does not explain.
pub(super) fn require(test: &SelfTest, precision: Precision) -> Result<(), SpectrumError> {
    match figures(test, precision).into_iter().find(|f| !f.passes) {
        None => Ok(()),
        Some(f) => Err(SpectrumError::SelfTest { figure: f.name, found: f.value, dtype: precision.to_string() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_figure_that_fails_is_named() {
        let mut test = SelfTest {
            symmetry: 1e-7,
            linearity: 2e-7,
            noise_floor: 0.0,
            finite_difference: Some(0.002),
            finite_difference_order: None,
            products: 4,
        };
        assert!(require(&test, Precision::F32).is_ok());
        assert_eq!(noise_floor(&test), 2e-7);
        assert!(require(&test, Precision::F64).unwrap_err().to_string().contains("symmetry is 1.0e-7"));
        test.noise_floor = f64::NAN;
        assert!(require(&test, Precision::F32).unwrap_err().to_string().contains("repeatability is NaN"));
    }
}
