//! The loop: steps, epochs, evaluations and checkpoints of one run.

use super::checkpoint::{BEST, Checkpoint, MODEL, state_dict};
use super::gradient::{BatchOutcome, BatchSums, GradientPass, Moment};
use super::identity::Identity;
use super::objective::Objective;
use super::optimizer::Stepper;
use super::prepare::Prepared;
use super::progress::{End, Progress, Sums};
use super::schedule::warmup;
use super::sharpness::Sharpness;
use super::source::ImageSource;
use super::stopping::{Decision, decide};
use super::track::{self, Measured, Tracker};
use super::validation::{Keep, Validator};
use super::{EpochRecord, Event, TrainError, TrainSpec, Watch};
use crate::data::{Dataset, Split};
use crate::spectrum::Stoppable;
use crate::weights;
use hesse_core::graph::Graph;
use hesse_core::operator::{Evaluation, Evaluator, OperatorError, Weights, batches};
use hesse_core::vectors::{Block, VectorSpace};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

/// Most samples evaluated at once, where micro-batches do not bound them.
const EVALUATED_AT_ONCE: usize = 256;

/// Values of the parameters and of the buffers.
type Values = (Vec<Vec<f64>>, Vec<Vec<f64>>);

/// A run in memory and on the device.
pub(super) struct Trainer<'a> {
    spec: &'a TrainSpec,
    prepared: &'a Prepared,
    identity: Identity,
    progress: Progress,
    space: Box<dyn VectorSpace>,
    weights: Weights,
    gradient: Block,
    stepper: Stepper,
    sharpness: Option<Sharpness>,
    pass: GradientPass<'a>,
    evaluator: Evaluator<'a>,
    tracker: Option<Tracker<'a>>,
    validator: Option<Validator<'a>>,
    saved: Instant,
    unsaved: bool,
    /// The whole training set at the present weights.
    train_evaluation: Option<Evaluation>,
}

impl<'a> Trainer<'a> {
    /// Uploads a checkpoint, or the beginning.
    pub fn new(
        spec: &'a TrainSpec,
        prepared: &'a Prepared,
        identity: Identity,
        checkpoint: Option<Box<Checkpoint>>,
    ) -> Result<Self, TrainError> {
        let backend = prepared.backend.as_ref();
        let graph = prepared.training.graph();
        let unsaved = checkpoint.is_none();
        let mut eigenvector = None;
        let (progress, parameters, buffers, state) = match checkpoint {
            Some(c) => {
                eigenvector = c.eigenvector;
                let state: Vec<Vec<f64>> = c.state.into_iter().map(|(_, values)| values.concat()).collect();
                (c.progress, c.parameters, c.buffers, Some(state))
            }
            None => {
                let initial = &prepared.initial;
                (Progress::default(), initial.parameters.clone(), initial.buffers.clone(), None)
            }
        };
        let weights = Weights::upload(backend, graph, &parameters, &buffers)?;
        let space = backend.space(graph.parameter_count(), backend.info().precision);
        let stepper = Stepper::new(backend, space.as_ref(), &spec.options, state.as_deref())?;
        let sharpness = spec.options.sharpness.map(|radius| Sharpness::new(space.as_ref(), radius)).transpose()?;
        let at_once = spec.options.at_once();
        let evaluated = spec.options.micro_batch.map_or(EVALUATED_AT_ONCE, |n| n.min(EVALUATED_AT_ONCE));
        let tracker = match (&spec.track, &prepared.tracked) {
            (Some(options), Some((tracked, _))) => Some(Tracker::new(
                backend,
                &prepared.evaluation,
                options,
                (tracked.clone(), prepared.train.clone()),
                spec.seed,
                spec.options.batch,
                evaluated,
                eigenvector.as_deref(),
            )?),
            _ => None,
        };
        Ok(Trainer {
            spec,
            prepared,
            identity,
            progress,
            weights,
            gradient: space.zeros(1)?,
            space,
            stepper,
            sharpness,
            pass: GradientPass::new(backend, Objective::new(spec, prepared, at_once)?, &buffers, at_once, spec.seed),
            evaluator: Evaluator::new(backend, &prepared.evaluation, None, evaluated)?,
            tracker,
            validator: Validator::new(spec, prepared, evaluated)?,
            saved: Instant::now(),
            unsaved,
            train_evaluation: None,
        })
    }

    /// Trains until the run ends, and leaves the model and a last checkpoint.
    pub fn run(mut self, watch: &mut Watch<'_>) -> Result<Progress, TrainError> {
        if let Progress { epoch, step, .. } = self.progress
            && !self.unsaved
        {
            (watch.observe)(Event::Resumed { epoch, step });
        }
        let ending = loop {
            match decide(&self.progress.records, &self.spec.options, self.progress.step > 0) {
                Decision::Confirm => {
                    let loss = self.evaluate(None, Split::Train, watch)?.loss;
                    if let Some(record) = self.progress.records.last_mut() {
                        record.confirmed_loss = Some(loss);
                    }
                }
                Decision::Finished(ending) => break ending,
                Decision::Continue | Decision::Past(_) => {
                    if self.unsaved {
                        // The first one, before any step, finds a folder that cannot be written.
                        self.save(watch)?;
                    }
                    self.progress.end = None;
                    self.epoch(watch)?;
                }
            }
        };
        self.track(watch)?;
        let kept = self.kept();
        let (finished, written) = (
            self.progress.end.is_some_and(|end| end.ending == ending && end.kept == kept),
            self.spec.out.join(MODEL).exists(),
        );
        if !(finished && written) {
            let other = self.other_weights(kept)?;
            if !finished {
                let evaluation = match self.train_evaluation.take().filter(|_| other.is_none()) {
                    Some(evaluation) => evaluation,
                    None => self.evaluate(other.as_ref(), Split::Train, watch)?,
                };
                let (train_loss, train_accuracy) = (evaluation.loss, evaluation.accuracy);
                self.progress.end = Some(End { ending, train_loss, train_accuracy, kept });
                self.unsaved = true;
            }
            self.write_model(MODEL, other.as_ref(), kept.unwrap_or(self.progress.records.len()))?;
        }
        if self.unsaved {
            self.save(watch)?;
        }
        Ok(self.progress)
    }

    /// One pass over the training samples, from the step where it stood.
    fn epoch(&mut self, watch: &mut Watch<'_>) -> Result<(), TrainError> {
        let options = &self.spec.options;
        let (epoch, samples) = (self.progress.epoch, self.prepared.train.len());
        let source = ImageSource::epoch(self.prepared.train.clone(), self.spec.seed, epoch, options.augmentation);
        let steps = self.steps();
        for range in batches(samples, options.batch).skip(self.progress.step) {
            if (watch.stop)() {
                return self.interrupted(watch);
            }
            self.track(watch)?;
            if self.saved.elapsed() >= self.spec.checkpoint_every {
                self.save(watch)?;
            }
            let rate = self.rate();
            self.step(&source, range, rate)?;
            let sums = &self.progress.sums;
            (watch.observe)(Event::Step {
                epoch: epoch + 1,
                epochs: options.epochs,
                step: self.progress.step,
                steps,
                loss: sums.mean_loss(),
                accuracy: sums.accuracy(),
                robust_accuracy: sums.robust_accuracy(),
                samples_per_second: sums.samples_per_second(),
                rate,
            });
        }
        let test = self.evaluate(None, Split::Test, watch)?;
        let validation_accuracy = self.validate(watch)?;
        let sums = self.progress.sums;
        if sums.weight.is_nan() || sums.weight <= 0.0 {
            return Err(OperatorError::NoWeight(sums.weight).into());
        }
        let record = EpochRecord {
            epoch: epoch + 1,
            loss: sums.mean_loss(),
            accuracy: sums.accuracy(),
            robust_accuracy: sums.robust_accuracy(),
            confirmed_loss: None,
            test_loss: test.loss,
            test_accuracy: test.accuracy,
            validation_accuracy,
            rate: sums.rate,
            steps,
            samples_per_second: sums.samples_per_second(),
            seconds: sums.seconds,
        };
        (watch.observe)(Event::Epoch(&record));
        self.progress.records.push(record);
        if self.progress.best().is_some_and(|best| best + 1 == self.progress.records.len()) {
            // Before the checkpoint that knows of it: a run killed in between does the epoch again, to the same bits.
            self.write_model(BEST, None, epoch + 1)?;
        }
        self.progress.epoch += 1;
        self.progress.step = 0;
        self.progress.sums = Sums::default();
        self.unsaved = true;
        Ok(())
    }

    fn step(&mut self, source: &ImageSource, range: Range<usize>, rate: f64) -> Result<(), TrainError> {
        let start = Instant::now();
        let step = (self.progress.epoch * self.steps() + self.progress.step) as u64;
        let moment = Moment { epoch: self.progress.epoch, step, position: self.position(), again: false };
        let batch = self.batch_gradient(source, range.clone(), moment, rate)?;
        // Without any weight there is no mean to descend on, and nothing to do.
        if batch.weight > 0.0 {
            self.sharpened(source, range, moment, rate)?;
            let (space, parameters) = (self.space.as_ref(), &mut self.weights.parameters);
            self.stepper.step(space, parameters, &mut self.gradient, batch.weight, (rate, step + 1))?;
        }
        self.train_evaluation = None;
        self.progress.step += 1;
        let sums = &mut self.progress.sums;
        sums.loss += batch.loss;
        sums.weight += batch.weight;
        sums.correct += batch.correct;
        sums.samples += batch.samples;
        sums.robust_correct += batch.robust_correct;
        sums.attacked += batch.attacked;
        sums.rate = rate;
        sums.seconds += start.elapsed().as_secs_f64();
        Ok(())
    }

    /// Measures curvature where it is time and has not been done.
    fn track(&mut self, watch: &mut Watch<'_>) -> Result<(), TrainError> {
        let steps = self.steps();
        let step = self.progress.epoch * steps + self.progress.step;
        let due = |every: usize| step.is_multiple_of(every) && self.progress.track.last().is_none_or(|r| r.step < step);
        if !self.spec.track.as_ref().is_some_and(|track| due(track.every.steps(steps))) {
            return Ok(());
        }
        let rate = self.rate();
        let at = Measured { step, epoch: step as f64 / steps as f64, rate, edge: self.spec.options.edge(rate) };
        let Some(tracker) = &mut self.tracker else { return Ok(()) };
        (watch.observe)(Event::Tracking);
        match tracker.measure(&self.weights, at, watch.stop) {
            Ok(record) => {
                (watch.observe)(Event::Tracked(&record));
                self.progress.track.push(record);
                self.unsaved = true;
                Ok(())
            }
            Err(_) if (watch.stop)() => self.interrupted(watch),
            Err(OperatorError::NotFinite { place, .. }) => Err(self.diverged(place, rate)),
            Err(error) => Err(error.into()),
        }
    }

    /// The gradient at the present weights.
    fn batch_gradient(
        &mut self,
        source: &ImageSource,
        range: Range<usize>,
        moment: Moment,
        rate: f64,
    ) -> Result<BatchSums, TrainError> {
        let space = self.space.as_ref();
        match self.pass.run(source, range, moment, &mut self.weights, space, &mut self.gradient)? {
            BatchOutcome::Done(batch) => Ok(batch),
            BatchOutcome::NotFinite(place) => Err(self.diverged(place, rate)),
        }
    }

    /// Replaces the gradient by that at the top of a climb, where that was asked for.
    fn sharpened(
        &mut self,
        source: &ImageSource,
        range: Range<usize>,
        moment: Moment,
        rate: f64,
    ) -> Result<(), TrainError> {
        let Some(mut sharpness) = self.sharpness.take() else { return Ok(()) };
        let climbed = sharpness.climb(self.space.as_ref(), &mut self.weights.parameters, &self.gradient)?;
        if climbed {
            self.batch_gradient(source, range, Moment { again: true, ..moment }, rate)?;
            sharpness.return_to(self.space.as_ref(), &mut self.weights.parameters)?;
        }
        self.sharpness = Some(sharpness);
        Ok(())
    }

    /// Loss and accuracy in eval mode, at the present weights or at others.
    fn evaluate(
        &mut self,
        others: Option<&Weights>,
        split: Split,
        watch: &mut Watch<'_>,
    ) -> Result<Evaluation, TrainError> {
        let prepared = self.prepared;
        let data: &Arc<Dataset> = if split == Split::Train { &prepared.train } else { &prepared.test };
        let total = data.len();
        let source = ImageSource::new(data.clone());
        let source = Stoppable { source: &source, stop: watch.stop };
        let observe = &mut watch.observe;
        let weights = others.unwrap_or(&self.weights);
        let evaluation =
            self.evaluator.run(weights, &source, &mut |done| observe(Event::Evaluating { split, done, total }));
        match evaluation {
            Ok(evaluation) => {
                if split == Split::Train && others.is_none() {
                    self.train_evaluation = Some(Evaluation { gradient: None, ..evaluation });
                }
                Ok(Evaluation { gradient: None, ..evaluation })
            }
            Err(_) if (watch.stop)() => self.interrupted(watch),
            Err(OperatorError::NotFinite { place, .. }) => Err(self.diverged(place, self.progress.sums.rate)),
            Err(error) => Err(error.into()),
        }
    }

    /// Accuracy on the held-back samples, where there are any.
    fn validate(&mut self, watch: &mut Watch<'_>) -> Result<Option<f64>, TrainError> {
        let Some(mut validator) = self.validator.take() else { return Ok(None) };
        let total = self.prepared.validation.as_ref().map_or(0, |data| data.len());
        let observe = &mut watch.observe;
        let mut progress = |done| observe(Event::Evaluating { split: Split::Train, done, total });
        let accuracy = validator.accuracy(&self.weights, watch.stop, &mut progress)?;
        self.validator = Some(validator);
        match accuracy {
            Some(accuracy) => Ok(Some(accuracy)),
            None => self.interrupted(watch),
        }
    }

    /// The epoch whose weights are to be kept, counted from 1; none for the last, whichever that is.
    fn kept(&self) -> Option<usize> {
        let validation = self.spec.options.validation.as_ref();
        let best = validation.is_some_and(|v| v.keep == Keep::Best);
        self.progress.best().filter(|_| best).map(|i| i + 1)
    }

    /// The weights of this epoch; none where they are the present ones.
    fn other_weights(&self, epoch: Option<usize>) -> Result<Option<Weights>, TrainError> {
        let Some(epoch) = epoch.filter(|&epoch| epoch != self.progress.records.len()) else { return Ok(None) };
        let file = self.spec.out.join(BEST);
        let refuse = |found: String| TrainError::Checkpoint {
            file: file.clone(),
            expected: format!("the weights after epoch {epoch}"),
            found,
        };
        let metadata = weights::read_metadata(&file).map_err(|error| refuse(error.to_string()))?;
        let of = |key: &str| metadata.get(key).map_or("none", String::as_str).to_string();
        if of("epochs") != epoch.to_string() || of("run_sha256") != self.identity.hash() {
            return Err(refuse(format!("those after epoch {} of run {}", of("epochs"), of("run_sha256"))));
        }
        let values = crate::problem::Values::read(self.graph(), &file)?;
        let backend = self.prepared.backend.as_ref();
        Ok(Some(Weights::upload(backend, self.graph(), &values.parameters, &values.buffers)?))
    }

    /// The learning rate of the next step.
    fn rate(&self) -> f64 {
        let options = &self.spec.options;
        let (position, step) = (self.position(), 1.0 / self.steps() as f64);
        options.rate * options.schedule.of_step(position, step, options.epochs) * warmup(position, step, options.warmup)
    }

    /// Where the next step begins, in epochs.
    fn position(&self) -> f64 {
        self.progress.epoch as f64 + self.progress.step as f64 * (1.0 / self.steps() as f64)
    }

    /// Steps of an epoch.
    fn steps(&self) -> usize {
        self.prepared.train.len().div_ceil(self.spec.options.batch).max(1)
    }

    fn graph(&self) -> &'a Graph {
        self.prepared.training.graph()
    }

    fn diverged(&self, place: String, rate: f64) -> TrainError {
        let (epoch, steps) = (self.progress.epoch + 1, self.steps());
        TrainError::Diverged { epoch, step: (self.progress.step + 1).min(steps), steps, place, rate }
    }

    /// Saves and ends.
    fn interrupted<T>(&mut self, watch: &mut Watch<'_>) -> Result<T, TrainError> {
        self.save(watch)?;
        let Progress { epoch, step, .. } = self.progress;
        let (steps, folder) = (self.steps(), self.spec.out.clone());
        Err(TrainError::Interrupted { epoch: epoch + 1, step, steps, folder })
    }

    fn save(&mut self, watch: &mut Watch<'_>) -> Result<(), TrainError> {
        let (parameters, buffers) = self.values(&self.weights)?;
        let graph = self.graph();
        let columns = self.stepper.state(self.space.as_ref())?;
        let lengths = || graph.parameters().iter().map(|p| p.elements());
        let names = Stepper::state_names(&self.spec.options).iter().copied();
        let state = names.zip(&columns).map(|(name, column)| (name, split(column, lengths()))).collect();
        let checkpoint = Checkpoint {
            identity: self.identity.clone(),
            progress: self.progress.clone(),
            parameters,
            buffers,
            state,
            eigenvector: self.tracker.as_ref().map(Tracker::eigenvector).transpose()?.flatten(),
        };
        if self.tracker.is_some() {
            track::write(&self.spec.out, &self.progress.track)?;
        }
        checkpoint.write(&self.spec.out, graph, self.space.precision())?;
        self.saved = Instant::now();
        self.unsaved = false;
        (watch.observe)(Event::Saved);
        Ok(())
    }

    /// Parameters and buffers on the host. What is not finite is not worth keeping.
    fn values(&self, weights: &Weights) -> Result<Values, TrainError> {
        let graph = self.graph();
        let column = self.space.read(&weights.parameters, 0)?;
        let parameters = split(&column, graph.parameters().iter().map(|p| p.elements()));
        let buffers = match &weights.buffers {
            None => Vec::new(),
            Some(block) => {
                let column = self.prepared.backend.space(block.rows(), self.space.precision()).read(block, 0)?;
                split(&column, graph.buffers().iter().map(|b| b.elements()))
            }
        };
        let names = graph.parameters().iter().map(|p| &p.name).chain(graph.buffers().iter().map(|b| &b.name));
        match names.zip(parameters.iter().chain(&buffers)).find(|(_, values)| values.iter().any(|v| !v.is_finite())) {
            Some((name, _)) => Err(self.diverged(format!("`{name}`"), self.progress.sums.rate)),
            None => Ok((parameters, buffers)),
        }
    }

    /// Writes the present weights or others, those after so many epochs.
    fn write_model(&self, file: &str, others: Option<&Weights>, epochs: usize) -> Result<(), TrainError> {
        let (parameters, buffers) = self.values(others.unwrap_or(&self.weights))?;
        let tensors = state_dict(self.graph(), "", &parameters, &buffers, self.space.precision());
        let normalize = crate::problem::describe_normalization(&self.spec.normalization);
        let mut metadata = BTreeMap::from([
            ("hesse".to_string(), env!("CARGO_PKG_VERSION").to_string()),
            ("model".to_string(), self.prepared.model.clone()),
            ("data".to_string(), self.prepared.train.name.clone()),
            ("epochs".to_string(), epochs.to_string()),
            ("run_sha256".to_string(), self.identity.hash()),
        ]);
        metadata.extend(normalize.map(|text| ("normalize".to_string(), text)));
        Ok(weights::write_safetensors(&self.spec.out.join(file), &tensors, &metadata)?)
    }
}

/// Cuts a column into parts of these lengths.
fn split(column: &[f64], lengths: impl Iterator<Item = usize>) -> Vec<Vec<f64>> {
    let mut rest = column;
    lengths
        .map(|length| {
            let (part, after) = rest.split_at(length.min(rest.len()));
            rest = after;
            part.to_vec()
        })
        .collect()
}
