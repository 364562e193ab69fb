//! Networks without a usable gradient: nothing turns into NaN, and the report says so.

use crate::host::Linear;
use crate::toy::toy;
use crate::{Samples, drive, fooled, medium, names, norms, propose};
use hesse_core::attack::driver::Verdict;
use hesse_core::attack::{InputOracle, Norm, losses};
use hesse_core::vectors::Precision;

fn linear(gradient_scale: f64, weight: f64) -> (Linear, Samples) {
    let w = (0..4).map(|k| (0..5).map(|i| weight * ((k * 5 + i) as f64).sin()).collect()).collect();
    let linear = Linear { gradient_scale, ..Linear::new(w, vec![0.3, 0.2, 0.1, 0.0]) };
    let x: Vec<f64> = (0..20).map(|i| f64::from(i) / 20.0).collect();
    let labels = linear.logits(&x).unwrap().chunks(4).map(|z| losses::prediction(z).unwrap()).collect();
    (linear, Samples::new(x, labels))
}

#[test]
fn gradients_that_are_zero_or_nan_and_constant_networks_give_no_nan_and_are_reported() {
    for (what, (oracle, samples)) in
        [("zero", linear(0.0, 1.0)), ("NaN", linear(f64::NAN, 1.0)), ("constant", linear(1.0, 0.0))]
    {
        for name in &names() {
            for norm in norms(name) {
                for epsilon in [0.0, 0.3] {
                    let raw = propose(&oracle, &samples, name, norm, epsilon);
                    assert!(raw.iter().all(|v| v.is_finite()), "{what} {name} {norm} {epsilon}");
                }
                let outcome = drive(&oracle, &samples, name, norm, &[0.3]);
                let e = &outcome.epsilons[0];
                assert_eq!((outcome.zero_gradients, e.replaced), (4, 0), "{what} {name} {norm}");
                assert!(e.samples.iter().all(|s| s.score.loss.is_finite()), "{what} {name} {norm}");
                if what == "constant" {
                    assert_eq!(e.count(Verdict::Robust), 4, "{name} {norm}");
                }
            }
        }
    }
}

#[test]
fn scaled_logits_hide_cross_entropy_gradients_but_not_the_ratio() {
    let (plain, hot) = (toy("relu", Precision::F32, 1.0), toy("relu", Precision::F32, 30_000.0));
    let (a, b) = (plain.oracle(32), hot.oracle(32));
    let samples = plain.samples(32);
    let run = |oracle: &dyn InputOracle, name: &str| drive(oracle, &samples, name, Norm::Linf, &[medium(Norm::Linf)]);
    let (sane, masked) = (run(&a, "apgd:steps=20"), run(&b, "apgd:steps=20"));
    assert_eq!(sane.zero_gradients, 0);
    assert!(masked.zero_gradients > 16, "{} of 32 flagged", masked.zero_gradients);
    assert!(fooled(&masked, 0) < fooled(&sane, 0), "{} and {}", fooled(&masked, 0), fooled(&sane, 0));
    for loss in ["dlr", "margin"] {
        let name = format!("apgd:steps=20,loss={loss}");
        let (x, y) = (fooled(&run(&a, &name), 0), fooled(&run(&b, &name), 0));
        assert!(x.abs_diff(y) <= 1, "{loss}: {x} and {y}");
    }
}

#[test]
fn a_softmax_that_saturates_in_single_precision_keeps_its_gradient() {
    // Differences of logits of some hundreds: exp of them vanishes in f32, not in f64.
    let (plain, hot) = (toy("relu", Precision::F32, 1.0), toy("relu", Precision::F32, 200.0));
    let samples = plain.samples(16);
    let outcome = drive(&hot.oracle(16), &samples, "fgsm", Norm::Linf, &[0.01]);
    assert_eq!(outcome.zero_gradients, 0);
}
