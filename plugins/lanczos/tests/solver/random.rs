//! Random spectra, random requests.

use crate::planted::{PLAIN, PROBING, Planted, request, verified};
use hesse_core::vectors::Precision;
use hesse_lanczos::Lanczos;
use proptest::prelude::*;

proptest! {
    #[test]
    fn any_spectrum_is_found(
        values in prop::collection::vec(-10.0f64..10.0, 2..60),
        share in 0.0f64..1.0,
        split in 0.0f64..1.0,
        single in any::<bool>(),
    ) {
        let n = values.len();
        let k = ((share * n as f64) as usize).clamp(1, n);
        let largest = (split * k as f64) as usize;
        let (precision, tolerance) = if single { (Precision::F32, 1e-4) } else { (Precision::F64, 1e-9) };
        // Values may be close by chance, so probe: a set within the tolerance is then the set.
        verified(PROBING, &Planted::new(&values).precision(precision), &request(largest, k - largest, tolerance));
    }

    #[test]
    fn repeated_values_are_counted_after_a_breakdown(
        few in prop::collection::vec(-10i32..10, 1..6),
        n in 2usize..60,
        k in 1usize..6,
    ) {
        let values: Vec<f64> = (0..n).map(|i| f64::from(few[i % few.len()])).collect();
        verified(PLAIN, &Planted::new(&values), &request(k.min(n), 0, 1e-8));
    }

    #[test]
    fn any_basis_that_is_allowed_is_enough(n in 10usize..80, k in 1usize..6, more in 2usize..8) {
        let values: Vec<f64> = (0..n).map(|i| 1.3f64.powi(i as i32 % 40)).collect();
        let solver = Lanczos { basis: Some(k + more), block: 1, probe: true, each: false };
        verified(solver, &Planted::new(&values), &request(k, 0, 1e-6));
    }
}
