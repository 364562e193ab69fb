//! What makes no sense is refused with what would.

use crate::host::Linear;
use crate::toy::toy;
use crate::{Samples, attack, threat};
use hesse_core::attack::driver::SampleBatch;
use hesse_core::attack::{AttackLoss, AttackStep, Driver, Goal, InputOracle, NetworkOracle, Norm, ThreatModel};
use hesse_core::eigen::Control;
use hesse_core::graph::{GraphBuilder, Mode};
use hesse_core::options::Options;
use hesse_core::registry::{self, AttackEntry};
use hesse_core::vectors::Precision;

fn two_classes() -> (Linear, Samples) {
    let linear = Linear::new(vec![vec![1.0, 0.0], vec![0.0, 1.0]], vec![0.0; 2]);
    (linear, Samples::new(vec![0.9, 0.1], vec![0]))
}

fn run(linear: &Linear, batch: &SampleBatch<'_>) -> String {
    let driver = Driver::new(threat(Norm::L2), Goal::Untargeted, &[0.1], 0).unwrap();
    driver.run(linear, batch, attack("fgsm").as_ref(), &mut |_| Control::Continue).unwrap_err().to_string()
}

#[test]
fn samples_outside_the_box_and_labels_that_are_no_class_are_refused() {
    let (linear, samples) = two_classes();
    let outside = run(&linear, &SampleBatch { samples: &[0.9, 1.00001], ..samples.batch() });
    assert!(outside.contains("from 0 to 1") && outside.contains("1.00001 in sample 0"), "{outside}");
    let nan = run(&linear, &SampleBatch { samples: &[0.9, f64::NAN], ..samples.batch() });
    assert!(nan.contains("NaN"), "{nan}");
    let label = run(&linear, &SampleBatch { labels: &[2], ..samples.batch() });
    assert!(label.contains("below 2") && label.contains("2 of sample 0"), "{label}");
    assert!(run(&linear, &SampleBatch { samples: &[0.9], ..samples.batch() }).contains("1 × 2"));
    assert!(run(&linear, &SampleBatch { indices: &[], ..samples.batch() }).contains("indices"));
}

#[test]
fn budgets_and_boxes_that_mean_nothing_are_refused() {
    for epsilons in [&[][..], &[-0.1], &[f64::NAN], &[f64::INFINITY]] {
        assert!(Driver::new(threat(Norm::L2), Goal::Untargeted, epsilons, 0).is_err(), "{epsilons:?}");
    }
    for (lower, upper) in [(1.0, 0.0), (0.0, 0.0), (f64::NAN, 1.0)] {
        let threat = ThreatModel { norm: Norm::L2, lower, upper };
        assert!(Driver::new(threat, Goal::Untargeted, &[0.1], 0).is_err());
    }
    let driver = Driver::new(threat(Norm::L2), Goal::Untargeted, &[0.3, 0.1, 0.3], 0).unwrap();
    assert_eq!(driver.epsilons(), [0.1, 0.3]);
}

#[test]
fn the_ratio_needs_three_classes_and_deepfool_has_no_form_for_l1() {
    let toy = toy("relu", Precision::F64, 1.0);
    let mut g = GraphBuilder::new(Mode::Eval);
    let x = g.samples(&[2]).unwrap();
    let z = g.linear("fc", x, 2).unwrap();
    let graph = g.finish(z).unwrap();
    let (p, b) = hesse_core::operator::Weights::initial(&graph, 0);
    let weights = hesse_core::operator::Weights::upload(&toy.backend, &graph, &p, &b).unwrap();
    let oracle = NetworkOracle::new(&toy.backend, graph, &weights, 4).unwrap();
    let error = oracle.loss_gradient(&[0.1, 0.2], &[0], AttackLoss::DifferenceOfLogitsRatio).unwrap_err().to_string();
    assert!(error.contains("at least 3 classes, found 2"), "{error}");
    assert!(oracle.loss_gradient(&[0.1, 0.2], &[2], AttackLoss::Margin).unwrap_err().to_string().contains("below 2"));
    assert!(oracle.logits(&[0.1, 0.2, 0.3]).is_err() && oracle.jacobian_product(&[0.1, 0.2], &[1.0]).is_err());

    let (linear, samples) = two_classes();
    let mut observe = |_: AttackStep<'_>| Control::Continue;
    let error = attack("deepfool").run(&linear, &samples.request(Norm::L1, 0.1), &mut observe).unwrap_err().to_string();
    assert!(error.contains("l1") && error.contains("l2, linf"), "{error}");
    for name in ["l2grad", "cw"] {
        let asked = attack(name).run(&linear, &samples.request(Norm::Linf, 0.1), &mut observe);
        let error = asked.unwrap_err().to_string();
        assert!(error.contains(name) && error.contains("it has l2"), "{error}");
    }
    let asked = attack("apgd-t").run(&linear, &samples.request(Norm::Linf, 0.1), &mut observe);
    assert!(asked.unwrap_err().to_string().contains("at least 4, found 2"));
}

#[test]
fn options_that_cannot_be_are_refused() {
    let cases = [
        ("pgd:steps=0", "at least 1"),
        ("pgd:step=-1", "at least 0"),
        ("pgd:step=nan", "2/255"),
        ("pgd:loss=mse", "ce, margin, dlr, kl"),
        ("pgd:loss=kl,random_start=false", "zero at the clean sample"),
        ("fgsm:loss=kl", "ce, margin, dlr"),
        ("apgd-t:targets=0", "at least 1"),
        ("cw:rate=-1", "at least 0"),
        ("fab:steps=0", "at least 1"),
        ("square:share=1.5", "from 0 to 1"),
        ("autoattack:eps=1", "no option 'eps'"),
        ("pgd:restarts=2,random_start=false", "all runs would be the same"),
        ("apgd:restarts=2,random_start=false", "all runs would be the same"),
        ("pgd:nosuch=1", "no option 'nosuch'"),
        ("fgsm:steps=3", "no option 'steps'"),
        ("ifgsm:rule=half", "split, full"),
        ("deepfool:overshoot=x", "2/255"),
        ("noise:draws=0", "at least 1"),
    ];
    for (text, word) in cases {
        let (name, options) = Options::split(text).unwrap();
        let error = (registry::find::<AttackEntry>(&name).unwrap().make)(&options).err().map(|e| e.to_string());
        assert!(error.as_ref().is_some_and(|e| e.contains(word)), "{text}: {error:?}");
    }
}

#[test]
fn a_network_in_train_mode_is_refused() {
    let toy = toy("relu", Precision::F64, 1.0);
    let mut g = GraphBuilder::new(Mode::Train);
    let x = g.samples(&[2, 4, 4]).unwrap();
    let y = g.batch_norm("bn", x).unwrap();
    let y = g.flatten(y).unwrap();
    let z = g.linear("fc", y, 3).unwrap();
    let graph = g.finish(z).unwrap();
    let error = NetworkOracle::new(&toy.backend, graph, &toy.weights, 4).err().unwrap().to_string();
    assert!(error.contains("eval mode"), "{error}");
}
