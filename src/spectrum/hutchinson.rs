//! Hutchinson's trace estimate: the mean of vᵀAv over random signs v, with its standard error.

use hesse_core::operator::{LinearOperator, OperatorError};
use hesse_core::random::{Purpose, Stream};

/// First probe of the estimate: the self-test has the ones before.
const FIRST: u64 = 1 << 20;

/// An estimate of a trace.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TraceEstimate {
    /// The mean.
    pub estimate: f64,
    /// Standard deviation of the probes ÷ √probes; zero where the trace is exact, NaN for a single probe.
    pub standard_error: f64,
    /// Products spent.
    pub products: usize,
}

/// Estimates the trace with so many products; where they are as many as the dimension, it is exact.
///
/// # Errors
/// Where a product fails.
pub fn hutchinson(
    operator: &dyn LinearOperator,
    probes: usize,
    seed: u64,
    observe: &mut dyn FnMut(usize),
) -> Result<TraceEstimate, OperatorError> {
    let (space, n) = (operator.space(), operator.dimension());
    let (mut x, mut y) = (space.zeros(1)?, space.zeros(1)?);
    let exact = probes >= n;
    let mut values = Vec::with_capacity(probes.min(n));
    for probe in 0..probes.min(n) {
        let mut stream = Stream::new(seed, Purpose::Probe, FIRST + probe as u64);
        let mut sign = || if stream.bits() >> 63 == 0 { 1.0 } else { -1.0 };
        let column: Vec<f64> = (0..n).map(|i| if exact { f64::from(u8::from(i == probe)) } else { sign() }).collect();
        space.write(&mut x, 0, &column)?;
        operator.apply(x.all(), y.all_mut())?;
        values.push(space.gram(x.all(), y.all())?.first().copied().unwrap_or(f64::NAN));
        observe(values.len());
    }
    let products = values.len();
    if exact {
        return Ok(TraceEstimate { estimate: values.iter().sum(), standard_error: 0.0, products });
    }
    let (mean, error) = mean_and_error(&values);
    Ok(TraceEstimate { estimate: mean, standard_error: error, products })
}

/// The mean of independent values and its standard error; NaN where there are too few.
pub fn mean_and_error(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / (n - 1.0);
    (mean, (variance / n).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use hesse_core::host::HostOperator;
    use hesse_core::vectors::Precision;

    /// diag(1..n) turned by a reflection: random signs are exact on a diagonal matrix.
    fn turned(n: usize) -> impl LinearOperator {
        let w: Vec<f64> = (0..n).map(|i| ((i * 7 % 11) as f64 + 1.0) / 8.0).collect();
        let size: f64 = w.iter().map(|w| w * w).sum();
        let reflect = move |x: &[f64]| {
            let along = 2.0 * w.iter().zip(x).map(|(w, x)| w * x).sum::<f64>() / size;
            x.iter().zip(&w).map(|(x, w)| x - along * w).collect::<Vec<f64>>()
        };
        HostOperator::new(n, Precision::F64, move |x: &[f64]| {
            let y: Vec<f64> = reflect(x).iter().enumerate().map(|(i, x)| (i + 1) as f64 * x).collect();
            reflect(&y)
        })
    }

    #[test]
    fn the_error_bar_holds_the_trace_as_often_as_it_says() {
        let (operator, trace) = (turned(30), 465.0);
        let within = (0..400).filter(|&seed| {
            let found = hutchinson(&operator, 12, seed, &mut |_| {}).unwrap();
            // 2.2: the 95 % point of Student's distribution with 11 degrees of freedom.
            (found.estimate - trace).abs() <= 2.2 * found.standard_error
        });
        let share = within.count() as f64 / 400.0;
        assert!((0.92..=0.98).contains(&share), "{share}");
    }

    #[test]
    fn as_many_probes_as_dimensions_give_the_exact_trace() {
        let found = hutchinson(&turned(9), 50, 0, &mut |_| {}).unwrap();
        assert!((found.estimate - 45.0).abs() < 1e-12);
        assert_eq!((found.standard_error, found.products), (0.0, 9));
    }
}
