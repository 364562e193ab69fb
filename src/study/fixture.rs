//! A training and a Hessian with made-up numbers, for tests of what is made of them.

use super::{CurvaturePart, Eigenvalue};
use crate::report::{BackendPart, DataPart, ModelPart};
use crate::spectrum::inputs::Distribution;
use crate::train::{Ending, EpochRecord, OptionsPart, TrackPart, TrackRecord, TrainManifest, TrainReport};

/// A training whose loss falls by this factor an epoch.
pub(super) fn training(batch: usize, epochs: usize, factor: f64) -> TrainReport {
    let part = |split: &str, samples| DataPart {
        name: "made-up".to_string(),
        split: split.to_string(),
        samples,
        range: [0, samples],
        available: samples,
    };
    let record = |epoch: usize| {
        let left = factor.powi(epoch as i32);
        EpochRecord {
            epoch,
            loss: 2.0 * left,
            accuracy: 1.0 - 0.9 * left,
            robust_accuracy: None,
            confirmed_loss: None,
            test_loss: 2.0 * left + 0.125,
            test_accuracy: 0.9375 - 0.8 * left,
            validation_accuracy: None,
            rate: 0.02,
            steps: 4,
            samples_per_second: 1000.0,
            seconds: 1.0,
        }
    };
    let track = |i: usize| TrackRecord {
        step: 4 * i,
        epoch: i as f64,
        rate: 0.02,
        edge: 190.0,
        loss: Some(2.0 * factor.powi(i as i32)),
        accuracy: None,
        gradient_norm: Some(3.0 * factor.powi(i as i32)),
        lambda1: Some(2.0 + batch as f64 * (1.0 - factor.powi(i as i32))),
        lambda1_residual: Some(1e-3),
        trace: None,
        trace_error: None,
        batch_sharpness: None,
        batch_sharpness_error: None,
        products: 10,
    };
    TrainReport {
        schema: "hesse.train/1",
        model: ModelPart { name: "net".to_string(), options: String::new(), parameters: 1234 },
        data: part("train", 400),
        test_data: part("test", 100),
        backend: BackendPart {
            name: "made-up".to_string(),
            device: "cpu".to_string(),
            dtype: "f32".to_string(),
            accelerator: None,
        },
        options: OptionsPart {
            epochs,
            target_loss: Some(0.125),
            batch_size: batch,
            micro_batch_size: batch,
            batch_norm: "ghost".to_string(),
            rate: 0.02,
            schedule: "constant".to_string(),
            warmup: 0.0,
            optimizer: "sgd".to_string(),
            momentum: 0.9,
            nesterov: false,
            weight_decay: 0.0,
            crop: 0,
            flip: false,
            robust: None,
            sharpness: None,
            validation: None,
            keep: "last".to_string(),
        },
        ended_by: Ending::TargetLoss,
        target_reached: Some(true),
        kept_epoch: epochs,
        steps: 4 * epochs,
        train_loss: 0.125,
        train_accuracy: 0.96875,
        test_loss: 0.25,
        test_accuracy: 0.9375,
        seconds: 1.0,
        samples_per_second: 1000.0,
        track: Some(TrackPart {
            quantities: vec!["lambda1".to_string()],
            every: "1epochs".to_string(),
            samples: [0, 100],
            records: (0..=epochs).step_by(2).map(track).collect(),
        }),
        epochs: (1..=epochs).map(record).collect(),
        manifest: TrainManifest {
            version: "0".to_string(),
            command: vec!["hesse".to_string()],
            seed: 0,
            threads: 1,
            device_details: "made-up".to_string(),
            data: "made-up".to_string(),
            data_sha256: String::new(),
            test_data_sha256: String::new(),
            initial_weights: "seed 0".to_string(),
            initial_weights_sha256: String::new(),
            graph_sha256: String::new(),
            run_sha256: String::new(),
            loss: "cross-entropy".to_string(),
            normalize: None,
            notices: Vec::new(),
        },
    }
}

/// A Hessian whose eigenvalues halve one after the other.
pub(super) fn curvature(lambda: f64, top: usize) -> CurvaturePart {
    let pair = |value| Eigenvalue { value, residual: 1e-3, converged: true };
    CurvaturePart {
        key: String::new(),
        samples: 100,
        loss: 0.125,
        accuracy: 0.96875,
        gradient_norm: 0.5 * lambda.sqrt(),
        largest: (0..top).map(|i| pair(lambda * 0.5f64.powi(i as i32))).collect(),
        smallest: vec![pair(-0.0625 * lambda)],
        converged: true,
        products: 40,
        seconds: 1.0,
        notices: Vec::new(),
    }
}

/// Some values around this one.
pub(super) fn distribution(around: f64) -> Distribution {
    Distribution::of([0.25, 0.5, 1.0, 1.5, 1.75].map(|v| v * around)).unwrap()
}
