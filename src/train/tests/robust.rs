//! Training against perturbed inputs from end to end.

use super::*;
use crate::train::{Adversary, AttackWords, Inner, Method, Optimizer, Robust};
use hesse_core::attack::Norm;
use hesse_core::graph::Mode;

fn against(attack: &str, epsilon: f64) -> Option<Robust> {
    Some(Robust::Adversarial(Adversary::new(attack, Norm::Linf, epsilon)))
}

fn method(text: &str, epsilon: Option<f64>) -> Option<Robust> {
    let words = AttackWords { epsilon, ..AttackWords::default() };
    Some(text.parse::<Method>().unwrap().with(words).unwrap())
}

/// The weights after a run.
fn trained(change: impl Fn(&mut TrainSpec)) -> (Vec<u8>, TrainReport) {
    let folder = tempfile::tempdir().unwrap();
    let mut spec = spec(folder.path());
    change(&mut spec);
    let report = finish(&spec).unwrap();
    (weights_of(folder.path()), report)
}

/// The tensors alone: the header names the run.
fn weights_of(folder: &Path) -> Vec<u8> {
    let tensors = crate::weights::read(&folder.join("model.safetensors")).unwrap();
    tensors.iter().flat_map(|(_, t)| t.values.to_f64()).flat_map(f64::to_le_bytes).collect()
}

#[test]
fn without_a_budget_adversarial_training_is_plain_training_bit_for_bit() {
    let (plain, report) = trained(|_| {});
    for attack in ["pgd:steps=3", "fgsm"] {
        let (same, robust) = trained(|spec| spec.options.robust = against(attack, 0.0));
        assert_eq!(plain, same, "{attack}");
        assert_eq!(robust.epochs[2].loss, report.epochs[2].loss);
        assert_eq!(robust.epochs[2].robust_accuracy, Some(robust.epochs[2].accuracy));
    }
    assert_eq!(report.epochs[0].robust_accuracy, None);
    let (other, _) = trained(|spec| spec.options.robust = against("fgsm", 0.1));
    assert_ne!(plain, other);
}

#[test]
fn a_budget_that_has_not_grown_yet_attacks_little_and_one_that_has_is_as_without_growth() {
    let growing = |warmup| Some(Robust::Adversarial(Adversary { warmup, ..Adversary::new("fgsm", Norm::Linf, 0.3) }));
    let (full, whole) = trained(|spec| spec.options.robust = growing(0.0));
    let (grown, report) = trained(|spec| spec.options.robust = growing(2.0));
    let (_, slow) = trained(|spec| spec.options.robust = growing(1e6));
    assert_ne!(full, grown);
    // In the first epoch a budget that grows over two is at most half of the whole one; one that hardly grows is none.
    let first = |report: &TrainReport| report.epochs[0].loss;
    assert!(first(&slow) < first(&report) && first(&report) < first(&whole));
    let (_, plain) = trained(|_| {});
    assert!((first(&slow) - first(&plain)).abs() < 1e-3 * first(&plain), "{} {}", first(&slow), first(&plain));
}

#[test]
fn the_share_of_a_batch_is_rounded_and_its_first_samples_are_attacked() {
    let adversary = |mix| Adversary { mix, ..Adversary::new("fgsm", Norm::Linf, 0.3) };
    assert_eq!([0.2, 0.5, 1.0].map(|mix| adversary(mix).attacked(7)), [1, 4, 7]);
    let attacked = |mix, micro| {
        let (weights, report) = trained(|spec| {
            spec.options.robust = Some(Robust::Adversarial(adversary(mix)));
            spec.options.micro_batch = micro;
            spec.backend.precision = hesse_core::vectors::Precision::F64;
        });
        (weights, report.epochs[2].loss, report.epochs[2].accuracy)
    };
    // A batch that is cut up attacks the same samples.
    let (whole, cut) = (attacked(0.5, None), attacked(0.5, Some(2)));
    assert!((whole.1 - cut.1).abs() < 1e-9 * whole.1 && whole.2 == cut.2, "{} and {}", whole.1, cut.1);
    // More of it is harder.
    let (little, all) = (attacked(0.2, None), attacked(1.0, None));
    assert!(little.1 < whole.1 && whole.1 < all.1, "{} {} {}", little.1, whole.1, all.1);
}

#[test]
fn every_method_resumes_to_the_same_bits() {
    let runs: [(&str, Option<Robust>, Optimizer, Option<f64>); 6] = [
        ("pgd with adam", against("pgd:steps=2", 0.1), Optimizer::adam(), None),
        ("fast", method("fast", Some(0.1)), Optimizer::Sgd, None),
        ("trades", method("trades:steps=2", Some(0.1)), Optimizer::Sgd, None),
        ("cure", method("cure:lambda=0.5", None), Optimizer::adam(), None),
        ("sam", None, Optimizer::Sgd, Some(0.05)),
        ("sam on examples", against("fgsm", 0.1), Optimizer::adam(), Some(0.05)),
    ];
    for (name, robust, optimizer, sharpness) in runs {
        let change = |spec: &mut TrainSpec| {
            spec.options.robust = robust.clone();
            (spec.options.optimizer, spec.options.sharpness) = (optimizer, sharpness);
            spec.options.epochs = 2;
            if optimizer != Optimizer::Sgd {
                spec.options.rate = 1e-3;
            }
        };
        let whole = tempfile::tempdir().unwrap();
        let mut undisturbed = spec(whole.path());
        change(&mut undisturbed);
        let expected = finish(&undisturbed).unwrap();
        let parts = tempfile::tempdir().unwrap();
        let mut interrupted = spec(parts.path());
        change(&mut interrupted);
        let mut calls = 0;
        let report = loop {
            match run_for(&interrupted, 3) {
                Ok(report) => break report,
                Err(TrainError::Interrupted { .. }) => calls += 1,
                Err(error) => panic!("{name}: {error}"),
            }
            assert!(calls < 20, "{name}: no progress");
        };
        assert!(calls >= 4, "{name}");
        assert_eq!(timeless(&report), timeless(&expected), "{name}");
        assert_eq!(model_bytes(parts.path()), model_bytes(whole.path()), "{name}");
    }
}

#[test]
fn robust_training_resists_the_attack_that_plain_training_does_not() {
    use crate::attack::{AttackOptions, Watch as AttackWatch, evaluate};
    use crate::data::Split;
    use crate::problem::{ProblemSpec, Session};
    let accuracy = |robust: Option<Robust>| {
        let folder = tempfile::tempdir().unwrap();
        let mut spec = spec(folder.path());
        spec.model = "mlp:hidden=32".into();
        spec.data = "glyphs:train=400,test=80".parse().unwrap();
        spec.options = TrainOptions { epochs: 12, batch: 25, rate: 0.05, robust, ..TrainOptions::default() };
        finish(&spec).unwrap();
        let session = Session::open(ProblemSpec {
            model: spec.model.clone(),
            weights: Some(folder.path().join("model.safetensors")),
            data: spec.data.clone(),
            split: Split::Test,
            samples: spec.test_samples,
            perturbation: None,
            normalization: spec.normalization.clone(),
            loss: spec.loss.clone(),
            mode: Mode::Eval,
            backend: spec.backend.clone(),
            seed: 0,
            batch: 40,
            memory: 0,
        })
        .unwrap();
        let options = AttackOptions {
            attacks: vec!["pgd:steps=10".into()],
            epsilons: vec![0.03],
            norm: Norm::Linf,
            targets: None,
            indicators: false,
            keep: false,
        };
        let found = evaluate(&session, &options, &mut AttackWatch { observe: &mut |_| {}, stop: &|| false }).unwrap();
        found.attacks[0][0].count(hesse_core::attack::driver::Verdict::Robust)
    };
    let plain = accuracy(None);
    for robust in [against("pgd:steps=5,return=last", 0.03), method("trades", Some(0.03))] {
        let name = robust.as_ref().map(ToString::to_string);
        let resisting = accuracy(robust);
        assert!(resisting > plain + 8, "{name:?}: {resisting} of 80, plain {plain}");
    }
}

#[test]
fn curvature_regularisation_lowers_the_curvature_it_penalises() {
    let objective = |strength: &str| trained(|spec| spec.options.robust = method(strength, None)).1.epochs[2].loss;
    let plain = trained(|_| {}).1.epochs[2].loss;
    // The objective holds the penalty; with a weight of next to nothing it is the plain loss.
    assert!((objective("cure:lambda=1e-12") - plain).abs() < 1e-5 * plain);
    assert!(objective("cure:lambda=5") > plain);
}

#[test]
fn sharpness_aware_steps_are_those_of_the_definition() {
    // One step on one batch from the same start: with ρ → 0 it is the plain step, and it differs for a real radius.
    let one = |sharpness| {
        trained(|spec| {
            spec.options = TrainOptions { epochs: 1, batch: 53, sharpness, ..spec.options.clone() };
            spec.backend.precision = hesse_core::vectors::Precision::F64;
        })
        .0
    };
    let floats = |bytes: Vec<u8>| -> Vec<f64> {
        bytes.chunks_exact(8).filter_map(|c| c.try_into().ok()).map(f64::from_le_bytes).collect()
    };
    let (plain, tiny, real) = (floats(one(None)), floats(one(Some(1e-9))), floats(one(Some(0.1))));
    let distance = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
    assert!(distance(&plain, &tiny) < 1e-9, "{}", distance(&plain, &tiny));
    assert!(distance(&plain, &real) > 1e-5);
}

#[test]
fn examples_in_train_mode_need_a_network_without_dropout() {
    let coupled = Adversary { mode: Mode::Train, ..Adversary::new("fgsm", Norm::Linf, 0.1) };
    // Without batch norm both modes are one.
    let (train, _) = trained(|spec| spec.options.robust = Some(Robust::Adversarial(coupled.clone())));
    let (eval, _) = trained(|spec| spec.options.robust = against("fgsm", 0.1));
    assert_eq!(train, eval);
    let folder = tempfile::tempdir().unwrap();
    let mut spec = spec(folder.path());
    spec.model = "smallcnn:width=0.05,dropout=0.5".into();
    spec.options.robust = Some(Robust::Adversarial(coupled));
    let error = finish(&spec).unwrap_err().to_string();
    assert!(error.contains("a network without dropout"), "{error}");
}

#[test]
fn senseless_defences_are_refused_before_anything_is_written() {
    let refused = |change: &dyn Fn(&mut TrainSpec)| {
        let folder = tempfile::tempdir().unwrap();
        let mut spec = spec(&folder.path().join("run"));
        change(&mut spec);
        let error = finish(&spec).unwrap_err().to_string();
        assert!(!folder.path().join("run").exists(), "{error}");
        error
    };
    assert!(refused(&|s| s.options.robust = against("pdg", 0.1)).contains("did you mean `pgd`?"));
    assert!(refused(&|s| s.options.robust = against("pgd:stepz=3", 0.1)).contains("stepz"));
    assert!(refused(&|s| s.options.robust = against("fgsm", -0.1)).starts_with("ε of training"));
    assert!(refused(&|s| s.options.sharpness = Some(0.0)).starts_with("radius of sharpness-aware"));
    let weighted = refused(&|s| {
        s.options.robust = method("trades", Some(0.1));
        s.loss = hesse_core::loss::Loss::SquaredErrorOneHot;
    });
    assert!(weighted.starts_with("loss: expected cross-entropy without"), "{weighted}");
    let none = Adversary { inner: Inner::Divergence { steps: 0, share: 1.0 }, ..Adversary::new("", Norm::Linf, 0.1) };
    let trades = Robust::Trades { beta: 1.0, adversary: none };
    assert!(refused(&|s| s.options.robust = Some(trades.clone())).starts_with("steps of TRADES"));
}
