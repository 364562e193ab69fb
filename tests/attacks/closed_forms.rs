//! A linear classifier, where the best perturbation is known.

use crate::host::Linear;
use crate::{Samples, drive, propose, threat};
use hesse_core::attack::{Driver, Goal, InputOracle, Norm, losses};
use hesse_core::eigen::Control;
use hesse_core::random::{Purpose, Stream};

pub(crate) const D: usize = 16;
const C: usize = 4;

/// A classifier and points well inside the box, labelled by it.
pub(crate) fn problem() -> (Linear, Samples) {
    let mut s = Stream::new(4, Purpose::Data, 0);
    let w: Vec<Vec<f64>> = (0..C).map(|_| (0..D).map(|_| s.normal()).collect()).collect();
    let b = w.iter().map(|w| -0.5 * w.iter().sum::<f64>()).collect();
    let linear = Linear::new(w, b);
    let x: Vec<f64> = (0..32 * D).map(|_| 0.45 + 0.1 * s.uniform()).collect();
    let labels = linear.logits(&x).unwrap().chunks(C).map(|z| losses::prediction(z).unwrap()).collect();
    (linear, Samples::new(x, labels))
}

/// (z_y − z_k) / ‖w_k − w_y‖_q: how far it is from class y to the boundary with class k.
pub(crate) fn distance(linear: &Linear, x: &[f64], (y, k): (usize, usize), norm: Norm) -> f64 {
    let z = linear.logits(x).unwrap();
    let w: Vec<f64> = linear.w[k].iter().zip(&linear.w[y]).map(|(a, b)| a - b).collect();
    (z[y] - z[k]) / norm.dual().of(&w)
}

/// The distance to the nearest class.
pub(crate) fn optimum(linear: &Linear, x: &[f64], y: usize, norm: Norm) -> f64 {
    (0..linear.w.len()).filter(|k| *k != y).map(|k| distance(linear, x, (y, k), norm)).fold(f64::INFINITY, f64::min)
}

#[test]
fn fgsm_is_the_clipped_sign_step() {
    let (linear, samples) = problem();
    let mut outside = samples.clone();
    outside.x.iter_mut().step_by(3).for_each(|x| *x = 0.98);
    for samples in [samples, outside] {
        let request = samples.request(Norm::Linf, 0.1);
        let g =
            linear.loss_gradient(&samples.x, &samples.labels, hesse_core::attack::AttackLoss::CrossEntropy).unwrap();
        let found = propose(&linear, &samples, "fgsm", Norm::Linf, request.epsilon);
        for ((x, c), g) in found.iter().zip(&samples.x).zip(&g.gradient) {
            let expected = (c + 0.1 * g.signum()).clamp(0.0, 1.0);
            assert!((x - expected).abs() <= f64::EPSILON, "{x} and {expected}");
        }
    }
}

#[test]
fn deepfool_goes_beyond_the_optimum_by_its_overshoot() {
    let (linear, samples) = problem();
    for norm in [Norm::L2, Norm::Linf] {
        for overshoot in [0.02, 0.3] {
            let name = format!("deepfool:overshoot={overshoot}");
            let outcome = drive(&linear, &samples, &name, norm, &[10.0]);
            for (s, x) in outcome.epsilons[0].samples.iter().zip(samples.x.chunks(D)) {
                let ratio = s.score.norm / optimum(&linear, x, s.label as usize, norm);
                assert!(s.score.success && (ratio - 1.0 - overshoot).abs() < 1e-3, "{norm}: {ratio}");
            }
        }
    }
}

/// Two classes: the gradient of the margin is constant.
fn two_classes() -> (Linear, Samples) {
    let mut s = Stream::new(6, Purpose::Data, 0);
    let w: Vec<Vec<f64>> = (0..2).map(|_| (0..D).map(|_| s.normal()).collect()).collect();
    // The boundary goes through the middle of the box, near all samples, so that no step to it is clipped.
    let b = w.iter().map(|w| -0.5 * w.iter().sum::<f64>()).collect();
    let linear = Linear::new(w, b);
    let x: Vec<f64> = (0..8 * D).map(|_| 0.45 + 0.1 * s.uniform()).collect();
    let labels = linear.logits(&x).unwrap().chunks(2).map(|z| losses::prediction(z).unwrap()).collect();
    (linear, Samples::new(x, labels))
}

#[test]
fn iterated_attacks_reach_the_corner_that_one_step_reaches() {
    let (linear, samples) = two_classes();
    let corner = propose(&linear, &samples, "fgsm:loss=margin", Norm::Linf, 0.5);
    for name in ["ifgsm:loss=margin", "pgd:loss=margin,return=last", "apgd:loss=margin"] {
        let found = propose(&linear, &samples, name, Norm::Linf, 0.5);
        let worst = found.iter().zip(&corner).fold(0.0, |m: f64, (a, b)| m.max((a - b).abs()));
        assert!(worst < 1e-12, "{name}: {worst}");
    }
}

#[test]
fn the_boundary_between_success_and_failure_is_the_optimum() {
    let (linear, samples) = two_classes();
    for norm in [Norm::L2, Norm::Linf] {
        for (i, x) in samples.x.chunks(D).enumerate() {
            let one = samples.pick(&[i]);
            let best = optimum(&linear, x, one.labels[0] as usize, norm);
            for name in ["fgsm", "ifgsm:loss=margin", "pgd:loss=margin", "apgd:loss=margin"] {
                let outcome = drive(&linear, &one, name, norm, &[0.98 * best, 1.02 * best]);
                let success: Vec<bool> = outcome.epsilons.iter().map(|e| e.samples[0].score.success).collect();
                assert_eq!(success, [false, true], "{name} {norm} sample {i}");
            }
        }
    }
}

#[test]
fn a_targeted_attack_reaches_the_class_it_is_told() {
    let (linear, samples) = problem();
    let targets: Vec<u32> = samples.labels.iter().map(|l| (l + 1) % C as u32).collect();
    let samples = Samples { labels: targets, ..samples };
    for (name, norm) in [("pgd", Norm::Linf), ("apgd:loss=dlr", Norm::L2), ("deepfool", Norm::L2), ("fgsm", Norm::L1)] {
        let driver = Driver::new(threat(norm), Goal::Targeted, &[8.0], 0).unwrap();
        let outcome =
            driver.run(&linear, &samples.batch(), crate::attack(name).as_ref(), &mut |_| Control::Continue).unwrap();
        let reached = outcome.epsilons[0].samples.iter().filter(|s| s.score.prediction == Some(s.label)).count();
        assert!(reached >= 28, "{name} {norm}: {reached} of 32");
        for s in &outcome.epsilons[0].samples {
            assert_eq!(s.score.success, s.score.prediction == Some(s.label), "{name}");
        }
    }
}
