//! Every picture of the study, from made-up numbers, is the stored one.

use super::cell::CellReport;
use super::{Landscape, Point, SaddleFreeOptions, SaddleFreeReport, saddle_free_document};
use crate::plot::snapshot::compare;
use crate::study::fixture::{distribution, training};
use hesse_core::graph::Mode;

/// Points whose smallest eigenvalue is this share of the largest at most.
fn cell(options: &SaddleFreeOptions, i: usize, lowest: f64) -> CellReport {
    let spec = &options.cells[i];
    let point = |k: usize| {
        let largest = 0.5 * 1.5f64.powi(k as i32);
        let smallest = lowest * largest * (k as f64 / 8.0);
        let rank = if lowest < 0.0 { 60 } else { 9 };
        let outside = if lowest < 0.0 { 0.25 } else { 1e-9 };
        Point {
            index: k,
            loss: 0.5,
            largest,
            smallest,
            rank,
            complete: true,
            outside,
            gradient_norm: 1.0,
            products: 20,
        }
    };
    let offsets: Vec<f64> = (0..5).map(|k| f64::from(k) - 2.0).collect();
    let loss = |a: f64, b: f64| 0.125 + a * a + (if lowest < 0.0 { -0.03 } else { 0.25 }) * b * b;
    let separate = spec.mode == Mode::Eval;
    CellReport {
        schema: String::new(),
        key: String::new(),
        name: spec.name(),
        model: spec.model.clone(),
        batch_norm: spec.mode.to_string(),
        assumed: lowest >= 0.0,
        piecewise_linear: lowest >= 0.0 || !separate,
        parameters: 1234,
        epochs: 8,
        train_loss: 0.125,
        test_accuracy: 0.9375,
        samples_per_point: if separate { 1 } else { 8 },
        rank_bound: if separate { 9 } else { 72 },
        negative: if lowest < 0.0 { 8 } else { 0 },
        rank_exceeded: if lowest < 0.0 { 9 } else { 0 },
        out_of_range: if lowest < 0.0 { 9 } else { 0 },
        hold: if lowest < 0.0 { 0 } else { 9 },
        lowest_share: Some(distribution(lowest)),
        largest: Some(distribution(4.0)),
        rank: Some(distribution(9.0)),
        outside: Some(distribution(1e-9)),
        coupling: (!separate).then(|| distribution(0.25)),
        products: 180,
        seconds: 1.0,
        landscape: separate.then(|| Landscape {
            index: 7,
            label: 3,
            eigenvalues: [2.0, if lowest < 0.0 { 0.25 } else { 0.5 }],
            slopes: [0.5, 0.25],
            losses: offsets.iter().map(|a| offsets.iter().map(|b| loss(*a, *b)).collect()).collect(),
            predictions: vec![vec![3; 5]; 5],
            offsets,
        }),
        points: (0..9).map(point).collect(),
    }
}

#[test]
fn every_picture_of_the_study_is_the_stored_one() {
    let options = SaddleFreeOptions::quick("x");
    let cells = [(0, 0.0), (3, -0.25), (5, -0.5)].map(|(i, lowest)| cell(&options, i, lowest));
    let report = SaddleFreeReport::new(&options, cells.into(), &training(50, 8, 0.5), 1.0);
    let document = saddle_free_document(&report);
    assert!(document.pictures().count() >= 3);
    for picture in document.pictures() {
        compare("src/study/snapshots", &format!("saddle-free-{}", picture.name), &picture.figure);
    }
}
