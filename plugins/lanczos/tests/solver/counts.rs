//! How many products the spectra of numerics.md §3.1 cost, n = 50 000 as there.

use crate::planted::{PLAIN, Planted, pm, request, sep, tight, verified};
use hesse_lanczos::Lanczos;

/// The products of the sweep (without the k of acceptance) and in all.
fn products(solver: Lanczos, name: &str, planted: &Planted, ends: (usize, usize), tolerance: f64) -> usize {
    let s = verified(solver, planted, &request(ends.0, ends.1, tolerance)).statistics;
    let k = ends.0 + ends.1;
    println!(
        "{name} {ends:?} {tolerance:e}: {} + {k} products, {} restarts, {:.2} s of which products {:.2} s",
        s.products - k,
        s.restarts,
        s.seconds,
        s.product_seconds
    );
    s.products
}

#[test]
fn outliers_cost_what_the_unrestarted_recurrence_costs_and_one_acceptance() {
    let n = 50_000;
    let (sep, tight, pm) = (sep(n), tight(n), pm(n));
    // Ends, and the most sweep products at 1e-3 and 1e-6: the table's, and one or two more for another sample.
    let cases = [
        ("sep", &sep, (1, 0), (9, 13)),
        ("sep", &sep, (5, 0), (16, 18)),
        ("sep", &sep, (10, 0), (19, 22)),
        ("tight", &tight, (1, 0), (10, 15)),
        ("tight", &tight, (5, 0), (16, 19)),
        ("tight", &tight, (10, 0), (20, 23)),
        ("pm", &pm, (1, 0), (13, 16)),
        ("pm", &pm, (3, 2), (17, 20)),
        ("pm", &pm, (7, 3), (22, 25)),
    ];
    for (name, planted, ends, (coarse, fine)) in cases {
        let k = ends.0 + ends.1;
        assert!(products(PLAIN, name, planted, ends, 1e-3) <= coarse + k);
        assert!(products(PLAIN, name, planted, ends, 1e-6) <= fine + k);
    }
}
