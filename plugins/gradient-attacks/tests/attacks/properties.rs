//! What holds for every attack, whatever its method.

use crate::toy::{CLASSES, PIXELS, toy};
use crate::{attack, drive, fooled, mean_loss, medium, names, norms, propose, threat};
use hesse_core::attack::driver::Verdict;
use hesse_core::attack::{InputOracle, Norm, losses};
use hesse_core::vectors::Precision;

const ACTIVATIONS: [&str; 2] = ["relu", "tanh"];

#[test]
fn every_result_lies_in_ball_and_box() {
    for (activation, precision) in ACTIVATIONS.into_iter().zip([Precision::F64, Precision::F32]) {
        let toy = toy(activation, precision, 1.0);
        let (oracle, samples) = (toy.oracle(8), toy.samples(8));
        for name in names() {
            for norm in norms(name) {
                let outcome = drive(&oracle, &samples, name, norm, &[medium(norm), 4.0 * medium(norm)]);
                for e in &outcome.epsilons {
                    assert!(e.adversarial.iter().all(|v| (0.0..=1.0).contains(v)), "{name} {norm}");
                    let bound = if norm == Norm::Linf { e.epsilon } else { e.epsilon * (1.0 + 1e-6) };
                    for (i, (x, c)) in e.adversarial.chunks(PIXELS).zip(samples.x.chunks(PIXELS)).enumerate() {
                        let d: Vec<f64> = x.iter().zip(c).map(|(a, b)| a - b).collect();
                        assert!(norm.of(&d) <= bound, "{name} {norm}: {} of {bound}", norm.of(&d));
                        assert_eq!(norm.of(&d), e.samples[i].score.norm);
                    }
                    assert_eq!(e.replaced, 0, "{name} {norm}");
                }
            }
        }
    }
}

#[test]
fn without_budget_nothing_changes_by_a_single_bit() {
    for activation in ACTIVATIONS {
        let toy = toy(activation, Precision::F64, 1.0);
        let (oracle, mut samples) = (toy.oracle(8), toy.samples(6));
        samples.labels[2] = (samples.labels[2] + 1) % 10;
        for name in names() {
            for norm in norms(name) {
                let outcome = drive(&oracle, &samples, name, norm, &[0.0]);
                let e = &outcome.epsilons[0];
                assert!(e.adversarial.iter().zip(&samples.x).all(|(a, b)| a.to_bits() == b.to_bits()), "{name}");
                assert_eq!((e.count(Verdict::Robust), e.count(Verdict::Misclassified)), (5, 1), "{name}");
                // The attack itself, without the driver's protection, makes no NaN of it either.
                assert!(propose(&oracle, &samples, name, norm, 0.0).iter().all(|v| v.is_finite()), "{name} {norm}");
            }
        }
    }
}

#[test]
fn what_is_fooled_at_a_small_budget_is_fooled_at_a_larger_one() {
    for activation in ACTIVATIONS {
        let toy = toy(activation, Precision::F64, 1.0);
        let (oracle, samples) = (toy.oracle(12), toy.samples(12));
        for name in names() {
            for norm in norms(name) {
                let m = medium(norm);
                let epsilons = [0.0, 0.2 * m, 0.5 * m, m, 1.5 * m, 3.0 * m];
                let outcome = drive(&oracle, &samples, name, norm, &epsilons);
                for pair in outcome.epsilons.windows(2) {
                    for (a, b) in pair[0].samples.iter().zip(&pair[1].samples) {
                        assert!(!a.score.success || b.score.success, "{name} {norm} sample {}", a.index);
                    }
                }
            }
        }
    }
}

#[test]
fn success_is_what_the_network_says_of_the_returned_samples() {
    for activation in ACTIVATIONS {
        let toy = toy(activation, Precision::F32, 1.0);
        let (oracle, samples) = (toy.oracle(12), toy.samples(12));
        // Asked afresh, in batches of another size.
        let other = toy.oracle(5);
        for name in names() {
            for norm in norms(name) {
                let outcome = drive(&oracle, &samples, name, norm, &[medium(norm)]);
                let e = &outcome.epsilons[0];
                let z = other.logits(&e.adversarial).unwrap();
                for (s, z) in e.samples.iter().zip(z.chunks(CLASSES)) {
                    // A margin of rounding size may be decided either way.
                    let scale = z.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
                    if s.score.margin.abs() > 1e-5 * scale {
                        assert_eq!(losses::prediction(z), s.score.prediction, "{name} {norm} {}", s.index);
                    }
                    assert_eq!(s.score.success, s.score.prediction != Some(s.label));
                    assert_eq!(s.score.success, s.verdict == Verdict::Fooled);
                }
            }
        }
    }
}

#[test]
fn neither_batch_size_nor_order_changes_a_result() {
    for activation in ACTIVATIONS {
        let toy = toy(activation, Precision::F64, 1.0);
        let samples = toy.samples(9);
        let order = [4, 8, 0, 6, 2, 7, 1, 3, 5];
        let shuffled = samples.pick(&order);
        let (whole, parts) = (toy.oracle(9), toy.oracle(4));
        for name in names() {
            for norm in norms(name) {
                let epsilons = [medium(norm)];
                let a = drive(&whole, &samples, name, norm, &epsilons);
                let b = drive(&parts, &shuffled, name, norm, &epsilons);
                let (a, b) = (&a.epsilons[0], &b.epsilons[0]);
                for (to, &from) in order.iter().enumerate() {
                    let (x, y) = (&a.adversarial[to_row(from)], &b.adversarial[to_row(to)]);
                    let worst = x.iter().zip(y).fold(0.0, |m: f64, (a, b)| m.max((a - b).abs()));
                    assert!(worst <= 1e-9, "{activation} {name} {norm} sample {from}: {worst}");
                    assert_eq!(a.samples[from].verdict, b.samples[to].verdict, "{name} {norm}");
                }
            }
        }
    }
}

fn to_row(i: usize) -> std::ops::Range<usize> {
    i * PIXELS..(i + 1) * PIXELS
}

#[test]
fn an_attack_leaves_the_weights_alone() {
    let toy = toy("tanh", Precision::F64, 1.0);
    let n = toy.weights.parameters.rows();
    let read = || {
        use hesse_core::SecondOrderBackend;
        toy.backend.space(n, Precision::F64).read(&toy.weights.parameters, 0).unwrap()
    };
    let before = read();
    let (oracle, samples) = (toy.oracle(4), toy.samples(4));
    for name in names() {
        let norm = norms(name)[0];
        drive(&oracle, &samples, name, norm, &[medium(norm)]);
    }
    assert_eq!(before, read());
}

#[test]
fn the_same_seed_gives_the_same_bits_and_every_step_is_traced() {
    let toy = toy("relu", Precision::F64, 1.0);
    let (oracle, samples) = (toy.oracle(6), toy.samples(6));
    for name in names() {
        let norm = norms(name)[0];
        let a = drive(&oracle, &samples, name, norm, &[medium(norm)]);
        let b = drive(&oracle, &samples, name, norm, &[medium(norm)]);
        assert_eq!(a, b, "{name}");
        let trace = &a.epsilons[0].trace.0;
        assert!(!trace.is_empty() && trace.iter().all(|t| t.mean_loss.is_finite()), "{name}: {trace:?}");
        assert!(trace.iter().enumerate().all(|(i, t)| t.step == i + 1), "{name}: {trace:?}");
        assert!(a.queries.forward >= 12, "{name}: {:?}", a.queries);
    }
}

#[test]
fn an_attack_stops_when_it_is_asked_to() {
    use hesse_core::attack::{AttackError, Driver, Goal};
    use hesse_core::eigen::Control;
    let toy = toy("relu", Precision::F64, 1.0);
    let (oracle, samples) = (toy.oracle(6), toy.samples(6));
    for name in names() {
        let driver = Driver::new(threat(norms(name)[0]), Goal::Untargeted, &[0.1], 0).unwrap();
        let mut seen = 0;
        let result = driver.run(&oracle, &samples.batch(), attack(name).as_ref(), &mut |_| {
            seen += 1;
            if seen > 1 { Control::Stop } else { Control::Continue }
        });
        assert!(matches!(result, Err(AttackError::Interrupted)) && seen == 2, "{name}: {seen}");
    }
}

#[test]
fn noise_is_weaker_than_one_step_and_one_step_than_many() {
    for activation in ACTIVATIONS {
        let toy = toy(activation, Precision::F64, 1.0);
        let (oracle, samples) = (toy.oracle(32), toy.samples(32));
        for norm in [Norm::Linf, Norm::L2, Norm::L1] {
            let at = |name: &str| {
                let outcome = drive(&oracle, &samples, name, norm, &[medium(norm)]);
                (mean_loss(&outcome, 0), fooled(&outcome, 0))
            };
            let (noise, fgsm, pgd, apgd) = (at("noise"), at("fgsm"), at("pgd:steps=20"), at("apgd:steps=20"));
            let said = format!("{activation} {norm}: {noise:?} {fgsm:?} {pgd:?} {apgd:?}");
            assert!(noise.0 < fgsm.0 && fgsm.0 <= pgd.0 && fgsm.0 <= apgd.0, "{said}");
            // A higher loss nearly always fools no fewer, but it is not what fooling means.
            assert!(noise.1 < fgsm.1 && fgsm.1 <= pgd.1 + 1 && fgsm.1 <= apgd.1 + 1, "{said}");
        }
    }
}

#[test]
fn the_whole_range_leaves_no_more_than_chance() {
    for activation in ACTIVATIONS {
        let toy = toy(activation, Precision::F64, 1.0);
        let (oracle, samples) = (toy.oracle(20), toy.samples(20));
        for name in ["ifgsm:rule=full", "pgd", "apgd", "deepfool"] {
            let outcome = drive(&oracle, &samples, name, Norm::Linf, &[1.0]);
            let robust = outcome.epsilons[0].count(Verdict::Robust);
            assert!(robust <= 20 / CLASSES, "{activation} {name}: {robust} of 20 stand");
        }
    }
}
