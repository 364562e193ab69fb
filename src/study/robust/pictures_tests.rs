//! Every picture of the study, from made-up numbers, is the stored one.

use super::plan::Network;
use super::{
    LinePart, LinePoint, RobustModel, RobustOptions, SpectrumCell, choose_attacks, report, robust_document,
    robust_figure,
};
use crate::plot::snapshot::compare;
use crate::study::CurvaturePart;
use crate::study::fixture::{curvature, training};

fn model(network: Network<'_>, i: usize) -> RobustModel {
    let by = i as f64;
    let spectrum = |(asked, samples): (usize, usize)| {
        let found = CurvaturePart { samples, ..curvature(32.0 / (1.0 + by) * (1.0 + samples as f64).ln(), 2) };
        SpectrumCell { asked, found }
    };
    let point = |k: i32| {
        let alpha = -0.25 + 0.125 * f64::from(k);
        LinePoint {
            alpha,
            loss: 0.125 + alpha * alpha / (1.0 + by),
            accuracy: 0.9375 - 0.03125 * alpha,
            adversarial_loss: 2.0 - alpha,
            adversarial_accuracy: (0.25 + 0.5 * alpha).clamp(0.0, 1.0),
        }
    };
    let share = |base: f64| (0..3).map(|a| base + 0.0625 * f64::from(a)).collect::<Vec<_>>();
    let (transfer, white_box) = (share(0.25 + 0.1 * by), share(0.125 + 0.1 * by));
    RobustModel {
        name: network.name(),
        title: network.title(),
        role: network.role(),
        trained_against: network.attack().map(|a| a.label.to_string()),
        epochs: 5,
        train_loss: 0.125,
        train_accuracy: 0.96875,
        train_robust_accuracy: network.attack().map(|_| 0.75),
        test_loss: 0.25,
        test_accuracy: 0.9375 - 0.015625 * by,
        transfer_mean: transfer[1],
        transfer,
        white_box_mean: white_box[1],
        white_box,
        spectra: [(1, 1), (320, 320), (0, 2000)].map(spectrum).into(),
        line: network.attack().map(|_| LinePart { distance: 1.5, points: (0..13).map(point).collect() }),
        train_seconds: 1.0,
    }
}

#[test]
fn every_picture_of_the_study_is_the_stored_one() {
    let attacks = ["fgsm", "l2grad", "pgd"].map(str::to_string).to_vec();
    let options = RobustOptions { attacks, ..RobustOptions::quick("x") };
    let (attacks, missing) = choose_attacks(&options).unwrap();
    let networks = [Network::Original, Network::Control].into_iter().chain(attacks.iter().map(Network::Against));
    let models = networks.enumerate().map(|(i, network)| model(network, i)).collect();
    let original = training(32, 8, 0.5);
    let report = report::of(&options, (&attacks, missing), models, (&original, original.test_data.clone()), 1.0);
    let document = robust_document(&report);
    assert_eq!(document.pictures().map(|p| p.name.as_str()).collect::<Vec<_>>(), ["accuracy", "spectra", "lines"]);
    for picture in document.pictures() {
        compare("src/study/snapshots", &format!("robust-{}", picture.name), &picture.figure);
    }
    compare("src/study/snapshots", "robust", &robust_figure(&report));
}
