//! Single precision against double, and double against identities and known values.

use super::*;

/// Every 997th number between two bounds of the same sign, both signs.
fn numbers(largest: f32) -> Vec<f32> {
    (0..largest.to_bits()).step_by(997).flat_map(|b| [f32::from_bits(b), -f32::from_bits(b)]).collect()
}

fn worst(f: fn(&mut [f32]), exact: impl Fn(f64) -> f64, largest: f32) -> f64 {
    let x = numbers(largest);
    let mut y = x.clone();
    f(&mut y);
    let mut worst = 0.0f64;
    for (&x, &y) in x.iter().zip(&y) {
        let e = exact(f64::from(x));
        if e.abs() > f64::from(f32::MAX) {
            assert_eq!(y, f32::INFINITY, "at {x}");
            continue;
        }
        let unit = f64::from(f32::EPSILON / 2.0)
            * 2f64.powi(e.abs().max(f64::from(f32::MIN_POSITIVE)).log2().floor() as i32 + 1);
        worst = worst.max((f64::from(y) - e).abs() / unit);
    }
    worst
}

fn positive_part(x: f64) -> f64 {
    x.max(0.0)
}

#[test]
fn single_precision_is_within_a_few_units_in_the_last_place() {
    let sigmoid_of = |x: f64| if x < 0.0 { x.exp() / (1.0 + x.exp()) } else { 1.0 / (1.0 + (-x).exp()) };
    for (name, found) in [
        ("exp", worst(exp::<f32>, f64::exp, 120.0)),
        ("tanh", worst(tanh::<f32>, f64::tanh, 120.0)),
        ("sigmoid", worst(sigmoid::<f32>, sigmoid_of, 120.0)),
        ("softplus", worst(softplus::<f32>, |x| positive_part(x) + (-x.abs()).exp().ln_1p(), 120.0)),
        ("normal cdf", worst(normal_cdf::<f32>, cdf, 40.0)),
    ] {
        assert!(found < 2.5, "{name}: {found} units");
    }
}

#[test]
fn not_a_number_stays_one_and_infinities_have_their_limits() {
    for f in [exp::<f32>, tanh::<f32>, sigmoid::<f32>, softplus::<f32>, normal_cdf::<f32>] {
        let mut x = [f32::NAN; 9];
        f(&mut x);
        assert!(x.iter().all(|v| v.is_nan()));
    }
    let limits = |f: fn(&mut [f32])| {
        let mut x = [f32::NEG_INFINITY, f32::INFINITY];
        f(&mut x);
        x
    };
    assert_eq!(limits(exp), [0.0, f32::INFINITY]);
    assert_eq!(limits(tanh), [-1.0, 1.0]);
    assert_eq!(limits(sigmoid), [0.0, 1.0]);
    assert_eq!(limits(softplus), [0.0, f32::INFINITY]);
    assert_eq!(limits(normal_cdf), [0.0, 1.0]);
}

#[test]
fn the_normal_distribution_has_its_known_values() {
    // Computed with 50 digits.
    for (x, exact) in [
        (0.0, 0.5),
        (1.0, 0.841_344_746_068_542_9),
        (-1.0, 0.158_655_253_931_457_05),
        (-5.0, 2.866_515_718_791_939e-7),
        (-20.0, 2.753_624_118_606_233_7e-89),
        (-37.0, 5.725_571_222_524_577e-300),
    ] {
        let mut v = [x];
        normal_cdf::<f64>(&mut v);
        assert!((v[0] / exact - 1.0).abs() < 1e-15, "at {x}: {}, expected {exact}", v[0]);
    }
}
