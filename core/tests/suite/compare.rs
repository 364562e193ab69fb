//! Relative differences and the collection of failures.

/// max |found − expected| / max |expected|; two all-zero vectors agree.
pub fn relative(found: &[f64], expected: &[f64]) -> f64 {
    if found.len() != expected.len() {
        return f64::INFINITY;
    }
    let largest =
        |v: &mut dyn Iterator<Item = f64>| v.fold(0.0, |m: f64, x| if x.is_nan() { x } else { m.max(x.abs()) });
    let difference = largest(&mut found.iter().zip(expected).map(|(f, e)| f - e));
    if difference == 0.0 { 0.0 } else { difference / largest(&mut expected.iter().copied()) }
}

/// What went wrong at one point, over all cases.
#[derive(Debug, Default)]
pub struct Verdict {
    checks: usize,
    worst: f64,
    failures: Vec<String>,
}

impl Verdict {
    /// Notes a relative difference that must not exceed `tolerance` (NaN exceeds every tolerance).
    pub fn close(&mut self, what: impl FnOnce() -> String, found: &[f64], expected: &[f64], tolerance: f64) {
        let error = relative(found, expected);
        self.checks += 1;
        self.worst = self.worst.max(error);
        if error.is_nan() || error > tolerance {
            self.failures.push(format!("{}: {error:.2e} above {tolerance:.0e}", what()));
        }
    }

    /// Notes something that must hold.
    pub fn holds(&mut self, what: impl FnOnce() -> String, fact: bool) {
        self.checks += 1;
        if !fact {
            self.failures.push(what());
        }
    }

    /// Prints one line and, where something failed, panics with the whole list.
    ///
    /// # Panics
    /// As said, and where nothing was checked at all.
    pub fn pronounce(self, point: &str, backend: &str) {
        assert!(self.checks > 0, "{point} ({backend}): nothing was checked");
        println!(
            "{point} ({backend}): {} checks, worst {:.1e}, {} failed",
            self.checks,
            self.worst,
            self.failures.len()
        );
        assert!(self.failures.is_empty(), "{point} ({backend}):\n  {}", self.failures.join("\n  "));
    }
}
