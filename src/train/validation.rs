//! Held-back samples: accuracy after every epoch, clean or under an attack, and which epoch's weights are kept.
//!
//! Robust accuracy swings from epoch to epoch, and falls late in training while the training loss still goes down (Rice,
//! Wong and Kolter, *Overfitting in adversarially robust deep learning*, ICML 2020, arXiv:2002.11569); one-step training
//! may lose it all within an epoch (Wong, Rice and Kolter, ICLR 2020, §5.4). Both papers keep the weights of the epoch that
//! was best on held-back samples. The samples come out of the training samples, never out of the test split: what picks
//! the weights must not also judge them.
//!
//! The attack starts from the same random points every time, so that epochs are compared and not draws.

use super::robust::{Adversary, Examples, Labelled};
use super::source::{ImageSource, reals};
use super::{TrainError, TrainSpec, options::require, prepare::Prepared};
use crate::data::Dataset;
use hesse_core::operator::{DataSource, OperatorError, Weights, batches};
use std::fmt;
use std::sync::Arc;

/// Number of the round of random starts; no epoch of training has it.
const ROUND: usize = usize::MAX;

/// Which epoch's weights become `model.safetensors`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Keep {
    /// Those of the last epoch.
    #[default]
    Last,
    /// Those of the epoch that was best on the held-back samples; of equal ones the first.
    Best,
}

impl fmt::Display for Keep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Keep::Last => "last",
            Keep::Best => "best",
        })
    }
}

impl std::str::FromStr for Keep {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "last" => Ok(Keep::Last),
            "best" => Ok(Keep::Best),
            other => Err(format!("expected last or best, found `{}`", other.escape_debug())),
        }
    }
}

/// Samples that are held back from training.
#[derive(Debug, Clone, PartialEq)]
pub struct Validation {
    /// How many: the last ones of the training samples.
    pub samples: usize,
    /// Who attacks them after every epoch; their accuracy is clean without.
    pub adversary: Option<Adversary>,
    /// Which weights are kept.
    pub keep: Keep,
}

impl Validation {
    /// Refuses what makes no sense, for so many training samples.
    pub(super) fn check(&self, available: usize) -> Result<(), TrainError> {
        let expected = format!("a number from 1 to {}", available.saturating_sub(1));
        require((1..available).contains(&self.samples), "held-back samples", &expected, self.samples)?;
        self.adversary.as_ref().map_or(Ok(()), Adversary::check)
    }
}

impl fmt::Display for Validation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the last {} training samples", self.samples)?;
        match &self.adversary {
            Some(adversary) => write!(f, " under {adversary}"),
            None => Ok(()),
        }
    }
}

/// Looks at held-back samples with the weights of an epoch; keeps what it has compiled.
pub(super) struct Validator<'a> {
    data: Arc<Dataset>,
    attacked: Examples<'a>,
    at_once: usize,
}

impl<'a> Validator<'a> {
    /// For the held-back samples of a run, `at_once` at a time; none where nothing is held back.
    pub fn new(spec: &TrainSpec, prepared: &'a Prepared, at_once: usize) -> Result<Option<Self>, TrainError> {
        let (Some(validation), Some(data)) = (&spec.options.validation, &prepared.validation) else { return Ok(None) };
        // Without an attack the budget is zero, and the examples are the samples themselves.
        let clean = || Adversary::new("fgsm", hesse_core::attack::Norm::Linf, 0.0);
        let adversary = validation.adversary.clone().unwrap_or_else(clean);
        let graph = prepared.evaluation.graph().clone();
        let attacked = Examples::new(prepared.backend.as_ref(), graph, &adversary, at_once, spec.seed)?;
        Ok(Some(Validator { data: data.clone(), attacked, at_once }))
    }

    /// The share that is classified correctly, in eval mode; none where `stop` asked for an end. Cost: that of the attack
    /// and one forward pass.
    pub fn accuracy(
        &mut self,
        weights: &Weights,
        stop: &(dyn Fn() -> bool + Send + Sync),
        progress: &mut dyn FnMut(usize),
    ) -> Result<Option<f64>, TrainError> {
        let source = ImageSource::new(self.data.clone());
        let mut correct = 0;
        for range in batches(self.data.len(), self.at_once) {
            if stop() {
                return Ok(None);
            }
            let batch = source.batch(range.clone()).map_err(OperatorError::Data)?;
            let (samples, indices): (_, Vec<usize>) = (reals(&batch.samples), range.clone().collect());
            let labels = batch.labels.as_deref().unwrap_or_default();
            let clean = Labelled { samples: &samples, labels, indices: &indices };
            correct += self.attacked.withstood(weights, clean, ROUND).map_err(TrainError::Attack)?;
            progress(range.end);
        }
        Ok(Some(correct as f64 / self.data.len().max(1) as f64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hesse_core::attack::Norm;

    #[test]
    fn some_samples_must_be_held_back_and_some_must_be_left() {
        let validation = |samples| Validation { samples, adversary: None, keep: Keep::Best };
        assert!(validation(1).check(2).is_ok());
        for samples in [0, 2, 3] {
            let error = validation(samples).check(2).unwrap_err().to_string();
            assert_eq!(error, format!("held-back samples: expected a number from 1 to 1, found {samples}"));
        }
    }

    #[test]
    fn the_words_are_read_and_written_alike() {
        for word in ["last", "best"] {
            assert_eq!(word.parse::<Keep>().unwrap().to_string(), word);
        }
        assert!("first".parse::<Keep>().is_err());
        let adversary = Some(Adversary::new("fgsm", Norm::Linf, 0.1));
        let text = Validation { samples: 9, adversary, keep: Keep::Last }.to_string();
        assert_eq!(text, "the last 9 training samples under fgsm at linf ε 0.1 on 1 of each batch in eval mode");
    }
}
