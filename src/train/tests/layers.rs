//! Batch norm and dropout in training, on a network that no plugin has.

use super::super::checkpoint::Checkpoint;
use super::super::folder;
use super::super::identity::Identity;
use super::super::prepare::Prepared;
use super::super::progress::Progress;
use super::super::trainer::Trainer;
use super::*;
use crate::problem::Values;
use crate::train::MicroBatchNorm;
use hesse_core::graph::{GraphBuilder, Mode};
use hesse_core::loss::Loss;
use hesse_core::program::Problem;

fn problem(mode: Mode, dropout: bool) -> Problem {
    let mut g = GraphBuilder::new(mode);
    let x = g.samples(&[1, 28, 28]).unwrap();
    let y = g.average_pool(x, 4, 4, 0, true).unwrap();
    let y = g.batch_norm("bn", y).unwrap();
    let mut y = g.flatten(y).unwrap();
    if dropout {
        y = g.dropout(y, 0.3).unwrap();
    }
    let y = g.linear("fc1", y, 8).unwrap();
    let mut y = g.tanh(y).unwrap();
    if dropout {
        y = g.dropout(y, 0.2).unwrap();
    }
    let z = g.linear("fc2", y, 10).unwrap();
    Problem::new(g.finish(z).unwrap(), &Loss::default()).unwrap()
}

/// A dropout layer before a linear one, and nothing else.
fn only_dropout(mode: Mode) -> Problem {
    let mut g = GraphBuilder::new(mode);
    let x = g.samples(&[1, 28, 28]).unwrap();
    let y = g.flatten(x).unwrap();
    let y = g.dropout(y, 0.5).unwrap();
    let z = g.linear("fc", y, 10).unwrap();
    Problem::new(g.finish(z).unwrap(), &Loss::default()).unwrap()
}

fn prepared(spec: &TrainSpec, problem: impl Fn(Mode) -> Problem) -> Prepared {
    let mut prepared = Prepared::new(spec).unwrap();
    let mode = if spec.options.batch_norm == MicroBatchNorm::Frozen { Mode::Eval } else { Mode::Train };
    prepared.training = problem(mode);
    prepared.evaluation = problem(Mode::Eval);
    prepared.initial = Values::initial(prepared.evaluation.graph(), spec.seed);
    prepared
}

/// Runs until so many steps are done; none for an interruption.
fn progress(spec: &TrainSpec, prepared: &Prepared, steps: usize) -> Option<Progress> {
    let identity = Identity::of(spec, prepared, &prepared.backend.info());
    let (checkpoint, _) = folder::open(spec, prepared.training.graph(), &identity).unwrap();
    let trainer = Trainer::new(spec, prepared, identity, checkpoint).unwrap();
    let (done, stop) = (Cell::new(0), AtomicBool::new(false));
    let mut observe = |event: Event<'_>| {
        if matches!(event, Event::Step { .. }) {
            done.set(done.get() + 1);
            stop.store(done.get() >= steps, Ordering::Relaxed);
        }
    };
    match trainer.run(&mut Watch { observe: &mut observe, stop: &|| stop.load(Ordering::Relaxed) }) {
        Ok(progress) => Some(progress),
        Err(TrainError::Interrupted { .. }) => None,
        Err(error) => panic!("{error}"),
    }
}

/// Parameters and buffers at the end.
fn ended(spec: &TrainSpec, prepared: &Prepared) -> Checkpoint {
    let identity = Identity::of(spec, prepared, &prepared.backend.info());
    progress(spec, prepared, usize::MAX).unwrap();
    *folder::open(spec, prepared.training.graph(), &identity).unwrap().0.unwrap()
}

#[test]
fn dropout_and_batch_norm_resume_to_the_same_bits() {
    let (whole, parts) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let undisturbed = spec(whole.path());
    let interrupted = spec(parts.path());
    let prepared = prepared(&undisturbed, |mode| problem(mode, true));
    let expected = ended(&undisturbed, &prepared);
    let mut calls = 0;
    while progress(&interrupted, &prepared, 5).is_none() {
        calls += 1;
        assert!(calls < 10);
    }
    assert!(calls >= 4);
    assert_eq!(model_bytes(whole.path()), model_bytes(parts.path()));
    assert!(expected.buffers[1].iter().all(|&v| v != 1.0), "running variances have moved");
}

#[test]
fn masks_do_not_depend_on_micro_batches() {
    let folder = tempfile::tempdir().unwrap();
    let losses = [7, 3].map(|micro| {
        let mut spec = spec(&folder.path().join(micro.to_string()));
        spec.options.micro_batch = Some(micro);
        progress(&spec, &prepared(&spec, only_dropout), usize::MAX).unwrap().records[2].loss
    });
    assert!((losses[0] - losses[1]).abs() < 1e-5 * losses[0], "{losses:?}");
}

#[test]
fn ghost_statistics_are_of_the_micro_batch_and_frozen_ones_stay() {
    let folder = tempfile::tempdir().unwrap();
    let run = |name: &str, micro, batch_norm| {
        let mut spec = spec(&folder.path().join(name));
        spec.options = TrainOptions { epochs: 1, batch: 24, micro_batch: micro, batch_norm, ..spec.options };
        let prepared = prepared(&spec, |mode| problem(mode, false));
        ended(&spec, &prepared)
    };
    let whole = run("whole", None, MicroBatchNorm::Ghost);
    let ghost = run("ghost", Some(8), MicroBatchNorm::Ghost);
    let frozen = run("frozen", Some(8), MicroBatchNorm::Frozen);
    let frozen_whole = run("frozen whole", None, MicroBatchNorm::Frozen);
    assert_ne!(whole.buffers, ghost.buffers);
    assert_eq!(frozen.buffers, [vec![0.0], vec![1.0]]);
    assert_ne!(whole.parameters, ghost.parameters);
    let pairs = frozen.parameters.iter().flatten().zip(frozen_whole.parameters.iter().flatten());
    assert!(pairs.clone().all(|(a, b)| (a - b).abs() < 1e-6), "micro-batches give the gradient of the batch");
}
