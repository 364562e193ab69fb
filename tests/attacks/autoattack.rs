//! The composed attack, its parts, and Square.

use crate::toy::{CLASSES, PIXELS, toy};
use crate::{attack, drive, fooled, medium};
use hesse_core::attack::driver::Verdict;
use hesse_core::attack::{Cascade, Member, Norm};
use hesse_core::vectors::Precision;

#[test]
fn every_stage_attacks_what_the_ones_before_left_standing() {
    for (activation, norm) in [("relu", Norm::Linf), ("tanh", Norm::L2), ("relu", Norm::L1)] {
        let toy = toy(activation, Precision::F64, 1.0);
        let (oracle, samples) = (toy.oracle(24), toy.samples(24));
        let outcome = drive(&oracle, &samples, "autoattack:steps=10,targets=3,queries=40", norm, &[0.3 * medium(norm)]);
        let e = &outcome.epsilons[0];
        let names: Vec<&str> = e.stages.iter().map(|s| s.name).collect();
        assert_eq!(names, ["apgd-ce", "apgd-t", "fab-t", "square"][..names.len()], "{norm}");
        let mut standing = 24;
        for s in &e.stages {
            assert_eq!(s.attacked, standing, "{norm} {}", s.name);
            standing -= s.fooled;
        }
        assert_eq!(standing, e.count(Verdict::Robust), "{norm}");
        assert!(standing > 0 && standing < 24, "{norm}: the test has lost its meaning, {standing} stand");
    }
}

#[test]
fn the_composed_attack_is_no_weaker_than_its_first_part_and_cheaper_than_all() {
    let toy = toy("relu", Precision::F64, 1.0);
    let (oracle, samples) = (toy.oracle(24), toy.samples(24));
    let epsilon = [medium(Norm::Linf)];
    let all = drive(&oracle, &samples, "autoattack:steps=10,targets=3,queries=40", Norm::Linf, &epsilon);
    let parts =
        ["apgd:steps=10", "apgd-t:steps=10,targets=3"].map(|n| drive(&oracle, &samples, n, Norm::Linf, &epsilon));
    for part in &parts {
        for (a, b) in part.epsilons[0].samples.iter().zip(&all.epsilons[0].samples).filter(|_| part == &parts[0]) {
            assert!(!a.score.success || b.score.success, "sample {}", a.index);
        }
    }
    assert!(fooled(&all, 0) >= fooled(&parts[0], 0));
}

#[test]
fn a_cascade_of_nothing_returns_the_clean_samples_and_one_of_two_skips_what_fell() {
    let toy = toy("relu", Precision::F64, 1.0);
    let (oracle, samples) = (toy.oracle(12), toy.samples(12));
    let drive_cascade =
        |members: Vec<Member>| crate::drive_this(&oracle, &samples, &Cascade::new(members), Norm::Linf, &[0.05]);
    let none = drive_cascade(Vec::new());
    assert_eq!(none.epsilons[0].adversarial, samples.x);
    let member = |name: &'static str| Member { name, attack: attack(name) };
    let two = drive_cascade(vec![member("pgd"), member("pgd:steps=41")]);
    let stages = &two.epsilons[0].stages;
    assert_eq!(stages[0].attacked, 12);
    assert!(stages.len() == 1 || stages[1].attacked == 12 - stages[0].fooled);
}

#[test]
fn square_asks_for_no_gradient_and_beats_noise_of_as_many_queries() {
    for activation in ["relu", "tanh"] {
        let toy = toy(activation, Precision::F64, 1.0);
        let (oracle, samples) = (toy.oracle(24), toy.samples(24));
        for norm in [Norm::Linf, Norm::L2, Norm::L1] {
            let run = |name: &str| drive(&oracle, &samples, name, norm, &[medium(norm)]);
            let (square, noise) = (run("square:queries=150"), run("noise:draws=150"));
            assert_eq!((square.queries.gradient, square.queries.jacobian_product), (0, 0));
            assert!(
                fooled(&square, 0) >= fooled(&noise, 0),
                "{activation} {norm}: {} {}",
                fooled(&square, 0),
                fooled(&noise, 0)
            );
            // A sample that is fooled is asked about no more.
            assert!(square.queries.forward < 24 * 152, "{norm}: {}", square.queries.forward);
        }
    }
}

#[test]
fn square_moves_every_entry_it_touches_to_the_end_of_the_linf_ball() {
    let toy = toy("relu", Precision::F64, 1.0);
    let (oracle, mut samples) = (toy.oracle(4), toy.samples(4));
    samples.x.iter_mut().for_each(|x| *x = 0.25 + 0.5 * *x);
    let found = crate::propose(&oracle, &samples, "square:queries=30", Norm::Linf, 0.1);
    let at_the_end = found.iter().zip(&samples.x).filter(|(x, c)| ((*x - *c).abs() - 0.1).abs() < 1e-12).count();
    assert_eq!(at_the_end, 4 * PIXELS);
    assert_eq!(CLASSES, 10);
}

#[test]
fn two_and_three_classes_have_an_autoattack_too() {
    use crate::Samples;
    use crate::host::Linear;
    use hesse_core::attack::{InputOracle, losses};
    for classes in [2, 3] {
        let w = (0..classes).map(|k| (0..6).map(|i| ((k * 6 + i) as f64 * 1.3).sin()).collect()).collect();
        let linear = Linear::new(w, vec![0.0; classes]);
        let x: Vec<f64> = (0..48).map(|i| 0.3 + 0.4 * f64::from(i % 7) / 7.0).collect();
        let labels = linear.logits(&x).unwrap().chunks(classes).map(|z| losses::prediction(z).unwrap()).collect();
        let outcome = drive(&linear, &Samples::new(x, labels), "autoattack:steps=10,queries=20", Norm::Linf, &[0.5]);
        assert!(fooled(&outcome, 0) >= 6, "{classes} classes: {}", fooled(&outcome, 0));
    }
}
