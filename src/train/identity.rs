//! What makes a run this run: everything that its numbers depend on, by name.
//!
//! Two runs with equal identities take the same steps, so a checkpoint of one continues the other. Texts and not hashes
//! alone, because a refusal has to say what differs. What only says when to stop is left out.

use super::{Optimizer, TrainSpec, prepare::Prepared};
use crate::problem::{describe_loss, describe_normalization};
use hesse_core::backend::BackendInfo;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Named values as texts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Identity(BTreeMap<String, String>);

impl Identity {
    /// The identity of a prepared run.
    pub fn of(spec: &TrainSpec, prepared: &Prepared, info: &BackendInfo) -> Self {
        let options = &spec.options;
        let augmentation = &options.augmentation;
        // One device of a kind computes what another does; cuda:0 and cuda:1 are one kind.
        let kind = info.device.split(':').next().unwrap_or_default();
        let mut values = BTreeMap::new();
        let mut add = |name: &str, value: String| values.insert(name.to_string(), value);
        add("model", prepared.model.clone());
        add("network", prepared.graph_hash.clone());
        add("initial weights", prepared.initial_hash.clone());
        add("training data", prepared.train.hash());
        add("test data", prepared.test.hash());
        add("normalization", describe_normalization(&spec.normalization).unwrap_or_else(|| "none".to_string()));
        add("loss", describe_loss(&spec.loss));
        add("seed", spec.seed.to_string());
        add("batch size", options.batch.to_string());
        add("micro-batch size", options.at_once().to_string());
        add("batch norm", options.batch_norm.to_string());
        add("learning rate", options.rate.to_string());
        add("schedule", options.schedule.to_string());
        if options.schedule.depends_on_the_end() {
            add("epochs", options.epochs.to_string());
        }
        add("warm-up", options.warmup.to_string());
        add("momentum", options.momentum.to_string());
        add("Nesterov", options.nesterov.to_string());
        add("weight decay", options.weight_decay.to_string());
        add("crop", augmentation.crop.to_string());
        add("flip", augmentation.flip.to_string());
        if let Some(track) = &spec.track {
            add("tracked", track.describe());
        }
        // What was not there in earlier versions is named only where it is used, so that their runs can be continued.
        if options.optimizer != Optimizer::Sgd {
            add("optimizer", options.optimizer.to_string());
        }
        if let Some(robust) = &options.robust {
            add("defence", robust.to_string());
        }
        if let Some(radius) = options.sharpness {
            add("sharpness radius", radius.to_string());
        }
        if let (Some(validation), Some(data)) = (&options.validation, &prepared.validation) {
            add("held-back samples", format!("{validation}, {}", data.hash()));
        }
        add("backend", format!("{} {kind} {}", info.name, info.precision));
        Identity(values)
    }

    /// What differs, for people: at most three values, then a count.
    pub fn difference(&self, other: &Identity) -> String {
        let none = String::new();
        let names: std::collections::BTreeSet<&String> = self.0.keys().chain(other.0.keys()).collect();
        let differing: Vec<String> = names
            .into_iter()
            .map(|name| (name, self.0.get(name).unwrap_or(&none), other.0.get(name).unwrap_or(&none)))
            .filter(|(_, here, there)| here != there)
            .map(|(name, here, there)| format!("{name} {} there, {} here", short(there), short(here)))
            .collect();
        let more = differing.len().saturating_sub(3);
        let mut text = differing.iter().take(3).cloned().collect::<Vec<_>>().join("; ");
        if more > 0 {
            let _ = write!(text, "; and {more} more"); // writing to a String cannot fail
        }
        text
    }

    /// SHA-256 over all names and values, in hexadecimal.
    pub fn hash(&self) -> String {
        let mut hasher = Sha256::new();
        for (name, value) in &self.0 {
            hasher.update(format!("{name}\0{value}\0"));
        }
        hasher.finalize().iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}

/// Hashes are cut to what tells them apart.
fn short(value: &str) -> String {
    match value.len() {
        0 => "none".to_string(),
        64 => value.chars().take(12).collect(),
        _ => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(pairs: &[(&str, &str)]) -> Identity {
        Identity(pairs.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect())
    }

    #[test]
    fn a_difference_names_the_value_on_both_sides() {
        let here = identity(&[("batch size", "64"), ("learning rate", "0.02"), ("epochs", "5")]);
        let there = identity(&[("batch size", "64"), ("learning rate", "0.1")]);
        assert_eq!(here.difference(&there), "epochs none there, 5 here; learning rate 0.1 there, 0.02 here");
        assert_ne!(here.hash(), there.hash());
        assert_eq!(here.difference(&here), "");
    }

    #[test]
    fn many_differences_are_counted_after_the_third() {
        let here = identity(&[("a", "1"), ("b", "1"), ("c", "1"), ("d", "1"), ("e", "1")]);
        assert!(here.difference(&identity(&[])).ends_with("c none there, 1 here; and 2 more"));
    }
}
