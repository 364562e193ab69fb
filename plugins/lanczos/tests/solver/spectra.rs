//! Spectra that are known to trip eigensolvers.

use crate::planted::{PLAIN, PROBING, Planted, pm, request, sep, tight, verified};
use hesse_core::eigen::EigenSolver;
use hesse_core::vectors::Precision;
use hesse_lanczos::Lanczos;

const BOTH: [Precision; 2] = [Precision::F32, Precision::F64];

/// A tolerance that the precision can reach with ease.
fn fine(precision: Precision) -> f64 {
    match precision {
        Precision::F32 => 1e-5,
        Precision::F64 => 1e-10,
    }
}

#[test]
fn outliers_are_found_in_either_precision() {
    for precision in BOTH {
        for planted in [sep(800), tight(800), pm(800)] {
            let planted = planted.precision(precision);
            verified(PLAIN, &planted, &request(10, 0, fine(precision)));
            verified(PLAIN, &planted, &request(1, 0, fine(precision)));
        }
    }
}

#[test]
fn both_ends_are_found_at_once() {
    for precision in BOTH {
        verified(PLAIN, &pm(800).precision(precision), &request(7, 3, fine(precision)));
        verified(PLAIN, &pm(800).precision(precision), &request(0, 3, fine(precision)));
    }
}

#[test]
fn a_triple_eigenvalue_is_found_three_times_when_probing() {
    let mut values: Vec<f64> = (0..300).map(|i| f64::from(i) / 300.0).collect();
    values[..5].copy_from_slice(&[10.0, 10.0, 10.0, 5.0, 4.0]);
    for precision in BOTH {
        let planted = Planted::new(&values).precision(precision);
        let s = verified(PROBING, &planted, &request(5, 0, fine(precision))).statistics;
        println!("multiplicity three, {precision}: {} products", s.products);
        let s = verified(PROBING, &planted, &request(5, 0, 1e-3)).statistics;
        println!("multiplicity three, {precision}, 1e-3: {} products", s.products);
    }
}

#[test]
fn a_triple_within_seven_in_a_hundred_thousand_is_found_whole() {
    let mut values: Vec<f64> = (0..500).map(|i| f64::from(i) / 500.0).collect();
    values[..5].copy_from_slice(&[3.0, 2.99993, 2.99996, 2.0, 1.5]);
    let planted = Planted::new(&values);
    // Separated by the tolerance: the plain solver has to tell them apart.
    verified(PLAIN, &planted, &request(5, 0, 1e-8));
    // Not separated by it: only a second start can.
    let s = verified(PROBING, &planted, &request(5, 0, 1e-3)).statistics;
    println!("close triple: {} products", s.products);
}

#[test]
fn probing_finds_nothing_more_where_there_is_nothing_more() {
    for (planted, (largest, smallest)) in [(sep(5000), (10, 0)), (tight(5000), (10, 0)), (pm(5000), (7, 3))] {
        let ask = request(largest, smallest, 1e-3);
        let plain = verified(PLAIN, &planted, &ask).statistics;
        let probing = verified(PROBING, &planted, &ask).statistics;
        println!("probing costs {} after {}", probing.products - plain.products, plain.products);
        assert!(probing.products <= plain.products + 30);
    }
}

#[test]
fn a_matrix_of_rank_five_has_five_eigenvalues_and_zeros() {
    let mut values = vec![0.0; 50];
    values[..5].copy_from_slice(&[1.0, 2.0, 3.0, 4.0, 5.0]);
    for precision in BOTH {
        let planted = Planted::new(&values).precision(precision);
        for (largest, smallest) in [(3, 0), (5, 0), (10, 0), (5, 5), (30, 0)] {
            let s = verified(PLAIN, &planted, &request(largest, smallest, fine(precision))).statistics;
            println!("rank five, {precision}, {largest} and {smallest}: {} products", s.products);
            assert!(s.breakdowns > 0);
        }
    }
}

#[test]
fn the_zero_operator_has_zero_eigenvalues_and_orthonormal_vectors() {
    for precision in BOTH {
        for k in [1, 3, 6] {
            let result = verified(PLAIN, &Planted::new(&[0.0; 40]).precision(precision), &request(k, 2, 1e-6));
            assert!(result.largest.iter().all(|p| p.value == 0.0 && p.residual == 0.0));
        }
    }
}

#[test]
fn two_distinct_values_in_two_hundred_are_counted_out() {
    let values: Vec<f64> = (0..200).map(|i| if i % 2 == 0 { 1.0 } else { 2.0 }).collect();
    for precision in BOTH {
        let planted = Planted::new(&values).precision(precision);
        let s = verified(PLAIN, &planted, &request(20, 0, fine(precision))).statistics;
        println!("two values, {precision}: {} products, {} breakdowns", s.products, s.breakdowns);
        verified(PLAIN, &planted, &request(4, 7, fine(precision)));
    }
}

#[test]
fn all_but_one_and_all_eigenvalues_are_found() {
    let values: Vec<f64> = (0..24).map(|i| f64::from((7 * i) % 24) - 9.0).collect();
    for precision in BOTH {
        let planted = Planted::new(&values).precision(precision);
        for (largest, smallest) in [(23, 0), (24, 0), (12, 12), (0, 23), (11, 12), (1, 23)] {
            verified(PLAIN, &planted, &request(largest, smallest, fine(precision)));
        }
    }
}

#[test]
fn tiny_spaces_are_solved() {
    for precision in BOTH {
        for value in [-3.0, 0.0, 2.0] {
            verified(PLAIN, &Planted::new(&[value]).precision(precision), &request(1, 0, 1e-6));
            verified(PLAIN, &Planted::new(&[value]).precision(precision), &request(0, 1, 1e-6));
        }
        verified(PLAIN, &Planted::new(&[1.0, -1.0]).precision(precision), &request(1, 1, 1e-6));
        verified(PLAIN, &Planted::new(&[1.0, 1.0, 1.0]).precision(precision), &request(2, 0, 1e-6));
    }
}

#[test]
fn squares_of_whole_numbers_are_found_at_both_ends() {
    // ElasticRod and MikotaPair: 1, 4, 9, …, n²; the small ones are a hundred-thousandth of the spread apart.
    let n = 100;
    let planted = Planted::new(&(1..=n).map(|i| f64::from(i * i)).collect::<Vec<_>>());
    let s = verified(PLAIN, &planted, &request(4, 4, 1e-10)).statistics;
    println!("squares, both ends: {} products, {} restarts", s.products, s.restarts);
    let s = verified(PLAIN, &planted, &request(0, 4, 1e-8)).statistics;
    println!("squares, small end: {} products, {} restarts", s.products, s.restarts);
}

#[test]
fn many_restarts_of_a_small_basis_in_f32_stay_orthogonal() {
    let n = 300;
    let planted = Planted::new(&(1..=n).map(f64::from).collect::<Vec<_>>()).precision(Precision::F32);
    let s = verified(Lanczos { basis: Some(8), block: 1, probe: false, each: false }, &planted, &request(4, 0, 1e-5))
        .statistics;
    println!(
        "small basis: {} products, {} restarts, {} orthogonalisations",
        s.products, s.restarts, s.orthogonalizations
    );
    assert!(s.restarts > 10 && s.basis_size == 8);
}

#[test]
fn a_multiple_of_the_operator_has_the_same_vectors_and_multiples_of_the_values() {
    // Powers of two change no bit, so equality can be exact; the powers of ten of numerics.md lie between.
    for precision in BOTH {
        for planted in [sep(400), pm(400)] {
            let planted = planted.precision(precision);
            let ask = request(4, 2, fine(precision));
            let one = verified(PLAIN, &planted, &ask);
            for power in [-27, 27] {
                let by = 2f64.powi(power);
                let other = verified(PLAIN, &planted.scaled(by), &ask);
                assert_eq!(one.statistics.products, other.statistics.products);
                for (a, b) in one.largest.iter().chain(&one.smallest).zip(other.largest.iter().chain(&other.smallest)) {
                    assert_eq!((a.value * by, a.residual), (b.value, b.residual));
                }
            }
            for by in [1e-8, 1e8] {
                let other = verified(PLAIN, &planted.scaled(by), &ask);
                assert!(
                    one.statistics.products.abs_diff(other.statistics.products) <= 1 + one.statistics.products / 10,
                    "{precision} {by:e} {:?} {:?}",
                    one,
                    other
                );
            }
        }
    }
}

#[test]
fn the_answer_does_not_depend_on_the_seed_and_repeats_with_it() {
    let planted = tight(1000);
    let ask = request(6, 2, 1e-9);
    let first = verified(PLAIN, &planted, &ask);
    for seed in [2, 3, 4, 5] {
        verified(PLAIN, &planted, &hesse_core::eigen::EigenRequest { seed, ..ask.clone() });
    }
    let again = verified(PLAIN, &planted, &ask);
    assert_eq!((first.largest, first.smallest), (again.largest, again.smallest));
}

#[test]
fn the_registry_makes_it_from_its_options() {
    let entry = hesse_core::registry::solvers().into_iter().find(|e| e.name == "lanczos").unwrap();
    let make = |text: &str| (entry.make)(&text.parse().unwrap());
    let solver: Box<dyn EigenSolver> = make("basis=12,probe=true").unwrap();
    let planted = sep(200);
    let result =
        solver.solve(&planted.operator(), &request(3, 0, 1e-6), &mut |_| hesse_core::eigen::Control::Continue).unwrap();
    assert!(result.largest.iter().all(|p| p.converged) && result.statistics.basis_size <= 12);
    for (text, message) in [
        ("basis=1", "option basis=1: expected a whole number of at least 2"),
        ("probe=yes", "option probe=yes: expected true or false"),
        ("size=3", "lanczos has no option 'size'; it has basis, block, probe, verify"),
    ] {
        assert_eq!(make(text).err().map(|e| e.to_string()).as_deref(), Some(message));
    }
}
