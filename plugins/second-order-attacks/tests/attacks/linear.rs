//! A linear classifier, where the smallest perturbation is known.

use crate::host::Linear;
use crate::{Samples, drive, propose};
use hesse_core::attack::{Driver, Goal, InputOracle, Norm, losses};
use hesse_core::eigen::Control;
use hesse_core::random::{Purpose, Stream};

const D: usize = 16;
const C: usize = 4;

/// A classifier and points well inside the box, labelled by it.
fn problem() -> (Linear, Samples) {
    let mut s = Stream::new(4, Purpose::Data, 0);
    let w: Vec<Vec<f64>> = (0..C).map(|_| (0..D).map(|_| s.normal()).collect()).collect();
    let b = w.iter().map(|w| -0.5 * w.iter().sum::<f64>()).collect();
    let linear = Linear::new(w, b);
    let x: Vec<f64> = (0..32 * D).map(|_| 0.45 + 0.1 * s.uniform()).collect();
    let labels = linear.logits(&x).unwrap().chunks(C).map(|z| losses::prediction(z).unwrap()).collect();
    (linear, Samples::new(x, labels))
}

/// Distances (z_y − z_k) / ‖w_k − w_y‖_q to all boundaries.
fn distances(linear: &Linear, x: &[f64], y: usize, norm: Norm) -> Vec<f64> {
    let z = linear.logits(x).unwrap();
    let distance = |k: usize| {
        let w: Vec<f64> = linear.w[k].iter().zip(&linear.w[y]).map(|(a, b)| a - b).collect();
        (z[y] - z[k]) / norm.dual().of(&w)
    };
    (0..z.len()).filter(|k| *k != y).map(distance).collect()
}

#[test]
fn the_linear_trust_region_wastes_no_more_than_the_overshoot_of_its_last_step() {
    let (linear, samples) = problem();
    for (norm, longest) in [(Norm::L2, 0.05), (Norm::Linf, 0.01)] {
        for radius in ["0.0005", "0.05"] {
            let name = format!("linear-trust-region:radius={radius},steps=2000");
            let outcome = drive(&linear, &samples, &name, norm, &[10.0]);
            for (s, x) in outcome.epsilons[0].samples.iter().zip(samples.x.chunks(D)) {
                let best = distances(&linear, x, s.label as usize, norm).into_iter().fold(f64::INFINITY, f64::min);
                let waste = s.score.norm - best;
                // 2 % of the last step, which is no longer than a radius; and what it takes to cross.
                let allowed = 0.02 * best.min(longest) + 5e-6;
                assert!(s.score.success && (0.0..=allowed).contains(&waste), "{norm} {radius}: {waste} of {best}");
            }
        }
    }
}

#[test]
fn the_worst_rival_is_farther_than_the_best_and_a_target_is_reached() {
    let (linear, samples) = problem();
    let norm = |rival: &str| {
        let name = format!("linear-trust-region:rival={rival},steps=1000");
        let outcome = drive(&linear, &samples, &name, Norm::L2, &[10.0]);
        assert!(outcome.epsilons[0].samples.iter().all(|s| s.score.success));
        outcome.epsilons[0].samples.iter().map(|s| s.score.norm).sum::<f64>()
    };
    assert!(norm("worst") > norm("best"), "{} and {}", norm("worst"), norm("best"));
    let targets: Vec<u32> = samples.labels.iter().map(|l| (l + 1) % C as u32).collect();
    let samples = Samples { labels: targets, ..samples };
    for (name, norm) in [
        ("linear-trust-region:steps=1000", Norm::L2),
        ("trust-region", Norm::L2),
        ("trust-region", Norm::Linf),
        ("saddle-free", Norm::L2),
        ("l2hess", Norm::L2),
    ] {
        let driver = Driver::new(crate::threat(norm), Goal::Targeted, &[1.5], 0).unwrap();
        let attack = crate::attack(name);
        let outcome = driver.run(&linear, &samples.batch(), attack.as_ref(), &mut |_| Control::Continue).unwrap();
        let reached = outcome.epsilons[0].samples.iter().filter(|s| s.score.success).count();
        assert!(reached >= 24, "{name} {norm}: {reached} of 32");
    }
}

#[test]
fn two_classes_leave_one_direction_to_every_attack() {
    // H and g are multiples of one vector, so every second-order step is the gradient's.
    let mut s = Stream::new(6, Purpose::Data, 0);
    let w: Vec<Vec<f64>> = (0..2).map(|_| (0..D).map(|_| s.normal()).collect()).collect();
    let linear = Linear::new(w, vec![0.0; 2]);
    let x: Vec<f64> = (0..8 * D).map(|_| 0.45 + 0.1 * s.uniform()).collect();
    let labels = linear.logits(&x).unwrap().chunks(2).map(|z| losses::prediction(z).unwrap()).collect();
    let samples = Samples::new(x, labels);
    for (names, norm) in [
        (&["l2hess", "l2hess:solver=cg", "saddle-free", "trust-region", "top-eigenvector"][..], Norm::L2),
        (&["fhsm", "fhsm:solver=cg", "saddle-free", "trust-region", "top-eigenvector"][..], Norm::Linf),
    ] {
        let expected = propose(&linear, &samples, "fgsm", norm, 0.2);
        for name in names {
            let found = propose(&linear, &samples, name, norm, 0.2);
            let worst = found.iter().zip(&expected).fold(0.0, |m: f64, (a, b)| m.max((a - b).abs()));
            assert!(worst < 1e-12, "{name} {norm}: {worst}");
        }
    }
}
