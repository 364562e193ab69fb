//! Attacks that look for the smallest perturbation, against the closed form of a linear classifier.

use crate::closed_forms::{D, distance, optimum, problem};
use crate::toy::toy;
use crate::{Samples, attack, drive, drive_this, threat};
use hesse_core::attack::driver::Verdict;
use hesse_core::attack::{Driver, Goal, Norm};
use hesse_core::eigen::Control;
use hesse_core::vectors::Precision;

#[test]
fn fab_goes_beyond_the_optimum_by_less_than_its_overshoot() {
    let (linear, samples) = problem();
    for norm in [Norm::L2, Norm::Linf, Norm::L1] {
        for name in ["fab:steps=60", "fab:steps=60,targets=3"] {
            let outcome = drive(&linear, &samples, name, norm, &[50.0]);
            for (s, x) in outcome.epsilons[0].samples.iter().zip(samples.x.chunks(D)) {
                let ratio = s.score.norm / optimum(&linear, x, s.label as usize, norm);
                assert!(s.score.success && (1.0..1.03).contains(&ratio), "{name} {norm}: {ratio}");
            }
        }
    }
}

#[test]
fn carlini_and_wagner_find_the_optimum() {
    let (linear, samples) = problem();
    let samples = samples.pick(&(0..8).collect::<Vec<_>>());
    let ratios = |name: &str| {
        let outcome = drive(&linear, &samples, name, Norm::L2, &[50.0]);
        let samples = outcome.epsilons[0].samples.iter().zip(samples.x.chunks(D));
        let mut ratios: Vec<f64> = samples
            .map(|(s, x)| {
                assert!(s.score.success);
                s.score.norm / optimum(&linear, x, s.label as usize, Norm::L2)
            })
            .collect();
        ratios.sort_by(f64::total_cmp);
        (ratios[4], ratios[7])
    };
    // Adam turns about the boundary in steps of about its rate, so the nearest iterate is as near as the rate is small.
    let published = "cw:abort_early=false,decay=false,refine=0";
    let (plain, fine) = (ratios(published), ratios("cw:abort_early=false,rate=0.001,steps=3000,decay=false,refine=0"));
    // The attack climbs towards the class that is strongest where it stands, which need not be the nearest one: so each
    // result is held against the boundary of the class it reached.
    let outcome = drive(&linear, &samples, "cw", Norm::L2, &[50.0]);
    for (s, x) in outcome.epsilons[0].samples.iter().zip(samples.x.chunks(D)) {
        let reached = s.score.prediction.expect("a prediction") as usize;
        let ratio = s.score.norm / distance(&linear, x, (s.label as usize, reached), Norm::L2);
        assert!((1.0..1.25).contains(&ratio), "{ratio}");
    }
    let refined = ratios("cw");
    assert!(refined.0 < plain.0 && refined.1 < plain.1, "{refined:?} where {plain:?} is published");
    assert!(fine.0 >= 1.0 && fine.0 < 1.01 && fine.0 < plain.0 && fine.1 < plain.1, "{plain:?} {fine:?}");
    let outcome = drive(&linear, &samples, "cw:steps=300", Norm::L2, &[50.0]);
    // What is asked for beyond the boundary is found there.
    let sure = drive(&linear, &samples, "cw:confidence=0.5,steps=300", Norm::L2, &[50.0]);
    for (s, plain) in sure.epsilons[0].samples.iter().zip(&outcome.epsilons[0].samples) {
        assert!(s.score.margin >= 0.5 && s.score.norm > plain.score.norm, "{:?}", s.score);
    }
}

#[test]
fn one_run_serves_every_budget() {
    let toy = toy("tanh", Precision::F64, 1.0);
    let (oracle, samples) = (toy.oracle(12), toy.samples(12));
    for (name, norm) in [("fab:steps=15", Norm::Linf), ("cw:steps=40,searches=4,rate=0.05", Norm::L2)] {
        let budgets = [0.01, 0.05, 0.2, 2.0];
        let outcome = drive(&oracle, &samples, name, norm, &budgets);
        let last = &outcome.epsilons[3];
        for e in &outcome.epsilons[..3] {
            for (s, l) in e.samples.iter().zip(&last.samples) {
                // Fooled at a small budget means fooled by no more than it, and at every larger one.
                assert!(s.verdict != Verdict::Fooled || s.score.norm <= e.epsilon * (1.0 + 1e-9));
                assert!(s.verdict != Verdict::Fooled || l.verdict == Verdict::Fooled, "{name}");
            }
        }
        assert!(outcome.epsilons[0].trace.0.len() > 10 && last.trace.0.is_empty());
    }
}

#[test]
fn further_restarts_of_fab_find_nothing_farther() {
    let toy = toy("relu", Precision::F64, 1.0);
    let (oracle, samples) = (toy.oracle(10), toy.samples(10));
    for norm in [Norm::Linf, Norm::L2, Norm::L1] {
        let run =
            |restarts: usize| drive(&oracle, &samples, &format!("fab:steps=10,restarts={restarts}"), norm, &[5.0]);
        let (one, three) = (run(1), run(3));
        for (a, b) in one.epsilons[0].samples.iter().zip(&three.epsilons[0].samples) {
            assert!(!a.score.success || b.score.norm <= a.score.norm, "{norm}");
        }
    }
}

#[test]
fn minimal_attacks_reach_the_class_they_are_told() {
    let (linear, samples) = problem();
    let targets: Vec<u32> = samples.labels.iter().map(|l| (l + 1) % 4).collect();
    let samples = Samples { labels: targets, ..samples };
    for (name, norm) in [
        ("fab:steps=40", Norm::Linf),
        ("fab:steps=40,targets=3", Norm::L1),
        ("cw:steps=200,searches=5,rate=0.05", Norm::L2),
        ("apgd-t:steps=30", Norm::L2),
        ("square:queries=300", Norm::Linf),
    ] {
        let driver = Driver::new(threat(norm), Goal::Targeted, &[8.0], 0).unwrap();
        let outcome = driver.run(&linear, &samples.batch(), attack(name).as_ref(), &mut |_| Control::Continue).unwrap();
        let reached = outcome.epsilons[0].samples.iter().filter(|s| s.score.prediction == Some(s.label)).count();
        assert!(reached >= 28, "{name} {norm}: {reached} of 32");
    }
}

#[test]
fn an_attack_that_returns_something_else_than_its_success_is_found_out() {
    use crate::host::Forgetful;
    let (linear, samples) = problem();
    let outcome = drive_this(&linear, &samples, &Forgetful, Norm::Linf, &[0.5]);
    assert!(outcome.epsilons[0].silent > 20, "{}", outcome.epsilons[0].silent);
    let honest = drive(&linear, &samples, "pgd:steps=5", Norm::Linf, &[0.5]);
    assert_eq!(honest.epsilons[0].silent, 0);
}
