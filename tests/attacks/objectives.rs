//! Objectives over a network: gradients against finite differences, signs towards a target, and what KL climbs.

use crate::toy::{CLASSES, PIXELS, toy};
use crate::{drive, medium, propose};
use hesse_core::attack::objective::{divergence, ranked_rivals};
use hesse_core::attack::{Aim, AttackLoss, AttackRequest, Goal, InputOracle, Norm, Objective, losses};
use hesse_core::random::{Purpose, Stream};
use hesse_core::vectors::Precision;

#[test]
fn the_gradient_of_every_objective_is_its_slope() {
    for activation in ["relu", "tanh"] {
        let toy = toy(activation, Precision::F64, 1.0);
        let (oracle, samples) = (toy.oracle(4), toy.samples(4));
        let mut s = Stream::new(3, Purpose::Probe, 0);
        let v: Vec<f64> = samples.x.iter().map(|_| s.normal()).collect();
        let x: Vec<f64> = samples.x.iter().map(|x| x + 0.01 * s.normal()).collect();
        for goal in [Goal::Untargeted, Goal::Targeted] {
            let labels: Vec<u32> = samples.labels.iter().map(|y| (y + 3) % CLASSES as u32).collect();
            let targets: Vec<u32> = labels.iter().map(|y| (y + 2) % CLASSES as u32).collect();
            let request = AttackRequest { goal, labels: &labels, ..samples.request(Norm::L2, 1.0) };
            let loss = |loss: AttackLoss| Aim::new(&oracle, &request, loss.into()).unwrap();
            let mut aims = vec![
                ("ce", loss(AttackLoss::CrossEntropy)),
                ("dlr", loss(AttackLoss::DifferenceOfLogitsRatio)),
                ("targeted dlr", Aim::towards(&oracle, &request, targets).unwrap()),
            ];
            if goal == Goal::Untargeted {
                aims.push(("kl", Aim::new(&oracle, &request, Objective::Divergence).unwrap()));
            } else {
                assert!(Aim::new(&oracle, &request, Objective::Divergence).is_err());
            }
            for (name, aim) in &aims {
                let at = |h: f64| aim.uphill(&x.iter().zip(&v).map(|(x, v)| x + h * v).collect::<Vec<_>>()).unwrap();
                let (here, up, down) = (at(0.0), at(1e-6), at(-1e-6));
                for i in 0..4 {
                    let row = i * PIXELS..(i + 1) * PIXELS;
                    let exact: f64 = here.gradient[row.clone()].iter().zip(&v[row]).map(|(g, v)| g * v).sum();
                    let slope = (up.losses[i] - down.losses[i]) / 2e-6;
                    let scale = exact.abs().max(1e-3 * here.losses[i].abs()).max(1e-6);
                    assert!((slope - exact).abs() < 2e-5 * scale, "{activation} {goal:?} {name} {i}: {slope} {exact}");
                    // Success and value agree with the logits.
                    let (reached, value) = aim.standing(&x).unwrap()[i];
                    let z = oracle.logits(&x).unwrap();
                    assert_eq!(reached, goal.reached(&z[i * CLASSES..(i + 1) * CLASSES], labels[i]));
                    assert!((value - here.losses[i]).abs() < 1e-12 * value.abs().max(1.0), "{name}");
                }
            }
        }
    }
}

#[test]
fn rivals_are_ranked_by_logit_and_leave_the_label_out() {
    let toy = toy("relu", Precision::F64, 1.0);
    let (oracle, samples) = (toy.oracle(4), toy.samples(4));
    let z = oracle.logits(&samples.x).unwrap();
    for ((ranks, z), y) in ranked_rivals(&oracle, &samples.request(Norm::L2, 1.0))
        .unwrap()
        .iter()
        .zip(z.chunks(CLASSES))
        .zip(&samples.labels)
    {
        assert_eq!(ranks.len(), CLASSES - 1);
        assert!(!ranks.contains(y));
        assert_eq!(losses::rival(z, *y), Some(ranks[0]));
        assert!(ranks.windows(2).all(|w| z[w[0] as usize] >= z[w[1] as usize]));
    }
}

#[test]
fn kl_moves_predictions_away_from_the_clean_ones() {
    for activation in ["relu", "tanh"] {
        let toy = toy(activation, Precision::F64, 1.0);
        let (oracle, samples) = (toy.oracle(16), toy.samples(16));
        for norm in [Norm::Linf, Norm::L2] {
            let clean = oracle.logits(&samples.x).unwrap();
            let moved = |name: &str| {
                let outcome = drive(&oracle, &samples, name, norm, &[medium(norm)]);
                let z = oracle.logits(&outcome.epsilons[0].adversarial).unwrap();
                clean.chunks(CLASSES).zip(z.chunks(CLASSES)).map(|(p, q)| divergence(p, q)).sum::<f64>()
            };
            assert!(moved("pgd:steps=20,loss=kl") > 2.0 * moved("noise"), "{activation} {norm}");
        }
        let x = propose(&oracle, &samples, "pgd:steps=5,loss=kl", Norm::Linf, 0.05);
        assert_ne!(x, propose(&oracle, &samples, "pgd:steps=5", Norm::Linf, 0.05));
    }
}
