//! More steps and more restarts never hurt.

use crate::toy::{PIXELS, toy};
use crate::{attack, drive, drive_this, fooled, mean_loss, medium, propose};
use hesse_core::attack::driver::{Candidates, better};
use hesse_core::attack::{AttackLoss, Budget, Goal, InputOracle, Norm};
use hesse_core::vectors::Precision;

#[test]
fn the_best_iterate_never_gets_worse_with_further_steps() {
    let toy = toy("relu", Precision::F64, 1.0);
    let (oracle, samples) = (toy.oracle(10), toy.samples(10));
    for norm in [Norm::Linf, Norm::L2, Norm::L1] {
        let epsilon = medium(norm);
        let run = |steps: usize| {
            // Equal steps from an equal start: a shorter run is the beginning of a longer one.
            let name = format!("pgd:steps={steps},step={},random_start=false", epsilon / 4.0);
            drive(&oracle, &samples, &name, norm, &[epsilon])
        };
        let mut last = run(1);
        for steps in 2..9 {
            let next = run(steps);
            for (a, b) in last.epsilons[0].samples.iter().zip(&next.epsilons[0].samples) {
                assert!(!better(&a.score, &b.score, Goal::Untargeted, Budget::Fixed), "{norm} {steps}");
            }
            last = next;
        }
    }
}

#[test]
fn twice_the_steps_fool_no_fewer() {
    for activation in ["relu", "tanh"] {
        let toy = toy(activation, Precision::F64, 1.0);
        let (oracle, samples) = (toy.oracle(32), toy.samples(32));
        for name in ["pgd", "apgd"] {
            let run = |steps: usize| {
                let name = format!("{name}:steps={steps}");
                drive(&oracle, &samples, &name, Norm::Linf, &[0.03])
            };
            let (few, many) = (run(15), run(30));
            assert!(fooled(&many, 0) >= fooled(&few, 0), "{activation} {name}");
            // Schedules are relative to the number of steps, so this holds on average, not for each sample.
            assert!(mean_loss(&many, 0) > 0.99 * mean_loss(&few, 0), "{activation} {name}");
        }
    }
}

#[test]
fn a_further_restart_never_makes_any_sample_worse() {
    let toy = toy("relu", Precision::F64, 1.0);
    let (oracle, samples) = (toy.oracle(16), toy.samples(16));
    for name in ["pgd:steps=3", "apgd:steps=5"] {
        let run = |restarts: usize| {
            let name = format!("{name},restarts={restarts}");
            drive(&oracle, &samples, &name, Norm::Linf, &[0.03])
        };
        let mut last = run(1);
        for restarts in 2..5 {
            let next = run(restarts);
            for (a, b) in last.epsilons[0].samples.iter().zip(&next.epsilons[0].samples) {
                assert!(!better(&a.score, &b.score, Goal::Untargeted, Budget::Fixed), "{name} {restarts}");
            }
            last = next;
        }
        assert!(mean_loss(&last, 0) > mean_loss(&run(1), 0), "{name}: restarts have seeds of their own");
    }
}

#[test]
fn momentum_and_losses_change_the_path_but_not_the_rules() {
    let toy = toy("tanh", Precision::F64, 1.0);
    let (oracle, samples) = (toy.oracle(16), toy.samples(16));
    let plain = propose(&oracle, &samples, "pgd:steps=5", Norm::L2, 0.3);
    for other in ["momentum=1", "loss=margin", "loss=dlr", "rel_step=0.1"] {
        let name = format!("pgd:steps=5,{other}");
        let found = propose(&oracle, &samples, &name, Norm::L2, 0.3);
        assert!(found != plain, "{name}");
        let outcome = drive_this(&oracle, &samples, attack(&name).as_ref(), Norm::L2, &[0.3]);
        assert!(mean_loss(&outcome, 0) > mean_loss(&drive(&oracle, &samples, &name, Norm::L2, &[0.0]), 0), "{name}");
    }
}

#[test]
fn the_last_iterate_is_another_than_the_best_where_steps_are_too_long() {
    let toy = toy("tanh", Precision::F64, 1.0);
    let (oracle, samples) = (toy.oracle(16), toy.samples(16));
    let loss = |which: &str| {
        let name = format!("pgd:steps=7,rel_step=2,return={which}");
        mean_loss(&drive(&oracle, &samples, &name, Norm::Linf, &[0.2]), 0)
    };
    assert!(loss("best") > loss("last"), "{} and {}", loss("best"), loss("last"));
}

#[test]
fn a_random_start_depends_on_the_position_in_the_data_set() {
    let toy = toy("tanh", Precision::F64, 1.0);
    let oracle = toy.oracle(2);
    let mut twins = toy.samples(1).pick(&[0, 0]);
    twins.indices = vec![3, 4];
    let found = propose(&oracle, &twins, "pgd:steps=1,step=0", Norm::Linf, 0.1);
    assert_ne!(found[..PIXELS], found[PIXELS..]);
    twins.indices = vec![3, 3];
    let found = propose(&oracle, &twins, "pgd:steps=1,step=0", Norm::Linf, 0.1);
    assert_eq!(found[..PIXELS], found[PIXELS..]);
}

#[test]
fn both_published_step_rules_of_fgsm_10_are_followed() {
    let toy = toy("tanh", Precision::F64, 1.0);
    let (oracle, samples) = (toy.oracle(6), toy.samples(6));
    let epsilon = 0.05;
    for (name, step) in [("ifgsm", epsilon / 10.0), ("ifgsm:rule=full", epsilon), ("ifgsm:step=1/128", 1.0 / 128.0)] {
        let mut x = samples.x.clone();
        for _ in 0..10 {
            let g = oracle.loss_gradient(&x, &samples.labels, AttackLoss::CrossEntropy).unwrap().gradient;
            for ((x, g), c) in x.iter_mut().zip(&g).zip(&samples.x) {
                *x = (*x + step * g.signum()).clamp(c - epsilon, c + epsilon).clamp(0.0, 1.0);
            }
        }
        let found = propose(&oracle, &samples, name, Norm::Linf, epsilon);
        let worst = found.iter().zip(&x).fold(0.0, |m: f64, (a, b)| m.max((a - b).abs()));
        assert!(worst < 1e-14, "{name}: {worst}");
    }
}

#[test]
fn l2grad_is_one_step_of_length_epsilon_along_the_gradient() {
    let toy = toy("relu", Precision::F64, 1.0);
    let (oracle, samples) = (toy.oracle(6), toy.samples(6));
    let g = oracle.loss_gradient(&samples.x, &samples.labels, AttackLoss::CrossEntropy).unwrap().gradient;
    let found = propose(&oracle, &samples, "l2grad", Norm::L2, 0.4);
    for ((x, c), g) in found.chunks(PIXELS).zip(samples.x.chunks(PIXELS)).zip(g.chunks(PIXELS)) {
        let length = Norm::L2.of(g);
        for ((x, c), g) in x.iter().zip(c).zip(g) {
            assert!((x - (c + 0.4 * g / length).clamp(0.0, 1.0)).abs() < 1e-14);
        }
    }
}

#[test]
fn candidates_are_projected_and_cleaned_before_they_are_judged() {
    let toy = toy("relu", Precision::F64, 1.0);
    let (oracle, samples) = (toy.oracle(2), toy.samples(2));
    let mut proposed: Vec<f64> = samples.x.iter().map(|x| x + 10.0).collect();
    proposed[3] = f64::NAN;
    proposed[PIXELS] = f64::INFINITY;
    let clean = (&samples.x[..], &samples.labels[..]);
    let found =
        Candidates::evaluate(&oracle, &crate::threat(Norm::L2), Goal::Untargeted, 0.5, clean, proposed).unwrap();
    assert_eq!(found.replaced, 2);
    assert_eq!((found.samples[3], found.samples[PIXELS]), (samples.x[3], samples.x[PIXELS]));
    assert!(found.scores.iter().all(|s| s.norm <= 0.5 * (1.0 + 1e-6) && s.norm > 0.0));
}
