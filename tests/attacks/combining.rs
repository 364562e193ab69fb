//! Ensembles and the worst case over attacks.

use crate::toy::toy;
use crate::{attack, drive, drive_this, medium, names, norms};
use hesse_core::attack::driver::{Verdict, better, worst_case};
use hesse_core::attack::{Attack, Budget, Ensemble, Goal, Norm};
use hesse_core::vectors::Precision;

#[test]
fn an_ensemble_is_as_strong_as_its_strongest_member_on_every_sample() {
    let toy = toy("relu", Precision::F64, 1.0);
    let (oracle, samples) = (toy.oracle(16), toy.samples(16));
    let epsilon = [0.02];
    let named: Vec<String> = names().into_iter().filter(|n| norms(n).contains(&Norm::Linf)).collect();
    let members = || named.iter().map(|n| attack(n)).collect::<Vec<_>>();
    let ensemble = drive_this(&oracle, &samples, &Ensemble::new(members()), Norm::Linf, &epsilon);
    for (name, member) in named.iter().zip(members()) {
        let alone = drive_this(&oracle, &samples, member.as_ref(), Norm::Linf, &epsilon);
        for (a, b) in alone.epsilons[0].samples.iter().zip(&ensemble.epsilons[0].samples) {
            assert!(!better(&a.score, &b.score, Goal::Untargeted, Budget::Fixed), "{name} sample {}", a.index);
        }
    }
}

#[test]
fn an_ensemble_looks_for_the_smallest_perturbation_if_all_members_do() {
    let of = |names: &[&str]| Ensemble::new(names.iter().map(|n| attack(n)).collect()).budget();
    assert_eq!(of(&["deepfool", "deepfool:overshoot=0.1"]), Budget::Minimal);
    assert_eq!((of(&["deepfool", "fgsm"]), of(&[])), (Budget::Fixed, Budget::Fixed));
}

#[test]
fn the_worst_case_counts_a_sample_that_any_attack_fools() {
    let toy = toy("tanh", Precision::F64, 1.0);
    let (oracle, mut samples) = (toy.oracle(16), toy.samples(16));
    samples.labels[5] = (samples.labels[5] + 1) % 10;
    let epsilons = [0.5 * medium(Norm::L2), medium(Norm::L2)];
    let outcomes: Vec<_> =
        ["noise", "fgsm", "pgd"].iter().map(|name| drive(&oracle, &samples, name, Norm::L2, &epsilons)).collect();
    let worst = worst_case(&outcomes).unwrap();
    for (k, w) in worst.iter().enumerate() {
        assert_eq!(w.epsilon, epsilons[k]);
        assert_eq!(w.verdicts[5], Verdict::Misclassified);
        for i in 0..16 {
            let any = outcomes.iter().any(|o| o.epsilons[k].samples[i].verdict == Verdict::Fooled);
            assert_eq!(w.verdicts[i] == Verdict::Fooled, any, "sample {i}");
            assert_eq!(w.by[i].is_some(), any);
        }
        let fewest = outcomes.iter().map(|o| o.epsilons[k].count(Verdict::Robust)).min().unwrap();
        assert!(w.robust() <= fewest);
    }
    let other = drive(&oracle, &samples, "fgsm", Norm::L2, &[0.1]);
    assert!(worst_case(&[outcomes[0].clone(), other]).is_err());
}
