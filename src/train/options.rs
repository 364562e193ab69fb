//! What a training run may be told, with defaults that train any network here on any data here.
//!
//! Everything that changes the numbers is in [`TrainOptions`] or [`TrainSpec`](super::TrainSpec) and goes into the
//! run's identity; what only says when to stop does not, so a finished run can be continued with more epochs.

use super::{Augmentation, Optimizer, Robust, Schedule, TrainError, Validation};

/// What batch norm does in a batch that is cut into micro-batches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MicroBatchNorm {
    /// Each micro-batch is normalised by its own statistics ("ghost" batch norm), and the running ones follow each.
    #[default]
    Ghost,
    /// The running statistics normalise and stay as they are, so that the gradient is that of the whole batch exactly.
    Frozen,
}

impl std::fmt::Display for MicroBatchNorm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            MicroBatchNorm::Ghost => "ghost",
            MicroBatchNorm::Frozen => "frozen",
        })
    }
}

impl std::str::FromStr for MicroBatchNorm {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "ghost" => Ok(MicroBatchNorm::Ghost),
            "frozen" => Ok(MicroBatchNorm::Frozen),
            other => Err(format!("expected ghost or frozen, found `{}`", other.escape_debug())),
        }
    }
}

/// How to train, and when to stop.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainOptions {
    /// The most passes over the training samples.
    pub epochs: usize,
    /// Stop once the mean loss over the training samples is at most this: first as seen while training in an epoch,
    /// then confirmed on the whole training set in eval mode.
    pub target_loss: Option<f64>,
    /// Judge that target after every epoch on the clean samples in eval mode alone, whatever is minimised. Robust training
    /// minimises another loss, and would have to bring that down first.
    pub target_on_clean: bool,
    /// Samples of one step. The last batch of an epoch may be smaller and is used.
    pub batch: usize,
    /// Samples computed at once, where a batch is larger than memory; none for whole batches.
    pub micro_batch: Option<usize>,
    /// What batch norm does with micro-batches.
    pub batch_norm: MicroBatchNorm,
    /// The learning rate, per step on the mean loss of the batch.
    pub rate: f64,
    /// How the rate falls.
    pub schedule: Schedule,
    /// Epochs over which the rate rises linearly to its value at first; may be a fraction.
    pub warmup: f64,
    /// The rule of a step.
    pub optimizer: Optimizer,
    /// Share of the last step that is taken again, in [0, 1); of stochastic gradient descent alone.
    pub momentum: f64,
    /// Nesterov's form of momentum.
    pub nesterov: bool,
    /// Added to the gradient as this multiple of every parameter.
    pub weight_decay: f64,
    /// Random changes of the pictures.
    pub augmentation: Augmentation,
    /// How training defends against perturbed inputs; none for not at all.
    pub robust: Option<Robust>,
    /// Radius ρ of sharpness-aware minimisation, in the Euclidean norm of all parameters; none for without.
    pub sharpness: Option<f64>,
    /// Samples held back from training, and which epoch's weights are kept; none for no samples and the last.
    pub validation: Option<Validation>,
}

impl Default for TrainOptions {
    fn default() -> Self {
        TrainOptions {
            epochs: 10,
            target_loss: None,
            target_on_clean: false,
            batch: 64,
            micro_batch: None,
            batch_norm: MicroBatchNorm::Ghost,
            rate: 0.02,
            schedule: Schedule::Constant,
            warmup: 0.0,
            optimizer: Optimizer::Sgd,
            momentum: 0.9,
            nesterov: false,
            weight_decay: 0.0,
            augmentation: Augmentation::default(),
            robust: None,
            sharpness: None,
            validation: None,
        }
    }
}

impl TrainOptions {
    /// Samples computed at once: the micro-batch, or the batch where that is smaller.
    pub fn at_once(&self) -> usize {
        self.micro_batch.unwrap_or(self.batch).min(self.batch)
    }

    /// Refuses what cannot be carried out.
    ///
    /// # Errors
    /// [`TrainError::Option`] for the first value out of its range.
    pub fn check(&self) -> Result<(), TrainError> {
        let whole = |name, n: usize| require(n >= 1, name, "a whole number of at least 1", n);
        whole("number of epochs", self.epochs)?;
        whole("batch size", self.batch)?;
        whole("micro-batch size", self.micro_batch.unwrap_or(1))?;
        let positive = |v: f64| v > 0.0 && v.is_finite();
        let not_negative = |v: f64| v >= 0.0 && v.is_finite();
        require(positive(self.rate), "learning rate", "a positive number", self.rate)?;
        require(not_negative(self.warmup), "warm-up", "a number of epochs of at least 0", self.warmup)?;
        require((0.0..1.0).contains(&self.momentum), "momentum", "a number from 0 to below 1", self.momentum)?;
        require(not_negative(self.weight_decay), "weight decay", "a number of at least 0", self.weight_decay)?;
        let nesterov = !self.nesterov || self.momentum > 0.0;
        require(nesterov, "Nesterov's momentum", "a momentum above 0", self.momentum)?;
        let plain = self.optimizer == Optimizer::Sgd || !self.nesterov;
        require(plain, "Nesterov's momentum", "the optimiser sgd", self.optimizer)?;
        self.optimizer.check()?;
        self.robust.as_ref().map_or(Ok(()), Robust::check)?;
        if let Some(radius) = self.sharpness {
            require(positive(radius), "radius of sharpness-aware minimisation", "a positive number", radius)?;
        }
        if let Some(target) = self.target_loss {
            require(positive(target), "target loss", "a positive number", target)?;
        }
        self.schedule.check()
    }
}

impl TrainOptions {
    /// The curvature above which steps of this rate are not stable on a quadratic: 2/η, with momentum 2(1+β)/η, with
    /// Nesterov's form 2(1+β)/(η(1+2β)) (Cohen et al., arXiv:2103.00065).
    pub fn edge(&self, rate: f64) -> f64 {
        let beta = self.momentum;
        let nesterov = if self.nesterov { 1.0 + 2.0 * beta } else { 1.0 };
        2.0 * (1.0 + beta) / (rate * nesterov)
    }
}

/// An error unless `holds`.
pub(super) fn require(holds: bool, what: &'static str, expected: &str, found: impl ToString) -> Result<(), TrainError> {
    if holds {
        return Ok(());
    }
    Err(TrainError::Option { what, expected: expected.to_string(), found: found.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_can_be_carried_out() {
        TrainOptions::default().check().unwrap();
    }

    #[test]
    fn what_cannot_be_carried_out_is_named_with_its_value() {
        let default = TrainOptions::default;
        for (options, said) in [
            (TrainOptions { batch: 0, ..default() }, "batch size: expected a whole number of at least 1, found 0"),
            (TrainOptions { rate: f64::NAN, ..default() }, "learning rate: expected a positive number, found NaN"),
            (TrainOptions { momentum: 1.0, ..default() }, "momentum: expected a number from 0 to below 1, found 1"),
            (TrainOptions { target_loss: Some(0.0), ..default() }, "target loss: expected a positive number, found 0"),
            (TrainOptions { micro_batch: Some(0), ..default() }, "micro-batch size: expected a whole number"),
            (TrainOptions { nesterov: true, momentum: 0.0, ..default() }, "Nesterov's momentum: expected a momentum"),
        ] {
            let error = options.check().unwrap_err().to_string();
            assert!(error.starts_with(said), "{error}");
        }
    }

    #[test]
    fn a_micro_batch_is_never_larger_than_the_batch() {
        let options = |batch, micro_batch| TrainOptions { batch, micro_batch, ..TrainOptions::default() };
        assert_eq!([options(8, None), options(8, Some(3)), options(8, Some(30))].map(|o| o.at_once()), [8, 3, 8]);
    }
}
