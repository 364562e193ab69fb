//! Readers of single values: what clap shows where a value is wrong.

use hesse_core::graph::Mode;
use hesse_core::vectors::Precision;

/// A whole number of at least one.
pub fn at_least_one(text: &str) -> Result<usize, String> {
    match text.trim().parse::<usize>() {
        Ok(n) if n > 0 => Ok(n),
        _ => Err("expected a whole number of at least 1".to_string()),
    }
}

/// A whole number of at least two: so many it takes for a standard error.
pub fn at_least_two(text: &str) -> Result<usize, String> {
    match text.trim().parse::<usize>() {
        Ok(n) if n > 1 => Ok(n),
        _ => Err("expected a whole number of at least 2".to_string()),
    }
}

/// A whole number, zero included.
pub fn whole(text: &str) -> Result<usize, String> {
    text.trim().parse().map_err(|_| "expected a whole number of at least 0".to_string())
}

/// How many were asked for beside a preset, where 0 asks for all; none is all.
pub fn zero_for_all(given: Option<usize>, preset: Option<usize>) -> Option<usize> {
    given.map_or(preset, |n| Some(n).filter(|n| *n > 0))
}

/// A number of threads; more than this no machine has, and starting them would take its memory.
pub fn threads(text: &str) -> Result<usize, String> {
    match text.trim().parse::<usize>() {
        Ok(n) if (1..=4096).contains(&n) => Ok(n),
        _ => Err("expected a whole number from 1 to 4096".to_string()),
    }
}

/// A finite number above zero.
pub fn positive(text: &str) -> Result<f64, String> {
    match text.trim().parse::<f64>() {
        Ok(v) if v > 0.0 && v.is_finite() => Ok(v),
        _ => Err("expected a number above 0, such as 0.1 or 1e-3".to_string()),
    }
}

/// A finite number, zero or above.
pub fn not_negative(text: &str) -> Result<f64, String> {
    match text.trim().parse::<f64>() {
        Ok(v) if v >= 0.0 && v.is_finite() => Ok(v),
        _ => Err("expected a number of at least 0".to_string()),
    }
}

/// A share in [0, 1).
pub fn share(text: &str) -> Result<f64, String> {
    match text.trim().parse::<f64>() {
        Ok(v) if (0.0..1.0).contains(&v) => Ok(v),
        _ => Err("expected a number from 0 up to, but not including, 1".to_string()),
    }
}

/// `f32` or `f64`.
pub fn precision(text: &str) -> Result<Precision, String> {
    match text {
        "f32" => Ok(Precision::F32),
        "f64" => Ok(Precision::F64),
        _ => Err("expected f32 or f64".to_string()),
    }
}

/// `eval` or `train`.
pub fn mode(text: &str) -> Result<Mode, String> {
    match text {
        "eval" => Ok(Mode::Eval),
        "train" => Ok(Mode::Train),
        _ => Err("expected eval (running statistics) or train (statistics of each batch)".to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_out_of_range_are_refused() {
        assert!(threads("0").is_err() && threads("4097").is_err() && threads("2") == Ok(2));
        assert!(at_least_one("0").is_err() && at_least_one("-3").is_err() && at_least_one("7") == Ok(7));
        assert!(positive("0").is_err() && positive("inf").is_err() && positive("nan").is_err());
        assert!(share("1").is_err() && share("0") == Ok(0.0) && not_negative("-0.1").is_err());
    }
}
