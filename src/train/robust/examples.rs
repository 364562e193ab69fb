//! Adversarial examples of training samples at the present weights.

use super::Adversary;
use crate::attack::perturb;
use crate::problem::ProblemError;
use hesse_core::SecondOrderBackend;
use hesse_core::attack::{
    Attack, AttackError, AttackRequest, CompiledOracle, Goal, InputOracle, NetworkOracle, OracleError, ThreatModel,
    losses,
};
use hesse_core::graph::{Graph, Mode};
use hesse_core::operator::Weights;
use hesse_core::random::{Purpose, Stream};

/// Labelled samples with their numbers in file order, `N × D` in pixels from 0 to 1.
#[derive(Debug, Clone, Copy)]
pub(in crate::train) struct Labelled<'s> {
    pub samples: &'s [f64],
    pub labels: &'s [u32],
    pub indices: &'s [usize],
}

/// Makes examples; keeps what it has compiled from step to step.
pub(in crate::train) struct Examples<'a> {
    backend: &'a dyn SecondOrderBackend,
    graph: Graph,
    batch: usize,
    adversary: Adversary,
    attack: Box<dyn Attack>,
    compiled: Option<CompiledOracle>,
    seed: u64,
}

impl<'a> Examples<'a> {
    /// Takes the network in the adversary's mode; at most `batch` samples are attacked at once.
    pub fn new(
        backend: &'a dyn SecondOrderBackend,
        graph: Graph,
        adversary: &Adversary,
        batch: usize,
        seed: u64,
    ) -> Result<Self, ProblemError> {
        let (attack, adversary) = (adversary.make()?, adversary.clone());
        Ok(Examples { backend, graph, batch, adversary, attack, compiled: None, seed })
    }

    /// Samples of a batch of `n` that are to be perturbed.
    pub fn attacked(&self, n: usize) -> usize {
        self.adversary.attacked(n)
    }

    /// The examples of an epoch within a budget, inside ball and box; the clean samples where that is zero. Cost: that of the
    /// attack.
    pub fn make(
        &mut self,
        weights: &Weights,
        clean: Labelled<'_>,
        epoch: usize,
        epsilon: f64,
    ) -> Result<Vec<f64>, AttackError> {
        if epsilon == 0.0 || clean.labels.is_empty() {
            return Ok(clean.samples.to_vec());
        }
        let threat = ThreatModel { norm: self.adversary.norm, lower: 0.0, upper: 1.0 };
        let oracle = self.oracle(weights)?;
        let request = AttackRequest {
            samples: clean.samples,
            labels: clean.labels,
            goal: Goal::Untargeted,
            threat,
            epsilon,
            indices: clean.indices,
            seed: Stream::new(self.seed, Purpose::AdversarialEpoch, epoch as u64).bits(),
        };
        let made = perturb(&oracle, self.attack.as_ref(), &request, &mut || true);
        self.compiled = Some(oracle.into_compiled());
        made
    }

    /// The budget at a position in epochs.
    pub fn budget(&self, position: f64) -> f64 {
        self.adversary.budget(position)
    }

    /// How many samples are classified correctly as perturbed by [`Self::make`] with all of ε. Cost: one forward pass more.
    pub fn withstood(&mut self, weights: &Weights, clean: Labelled<'_>, round: usize) -> Result<usize, AttackError> {
        let made = self.make(weights, clean, round, self.adversary.epsilon)?;
        let oracle = self.oracle(weights)?;
        let logits = oracle.logits(&made);
        self.compiled = Some(oracle.into_compiled());
        let logits = logits?;
        let classes = (logits.len() / clean.labels.len().max(1)).max(1);
        let rows = logits.chunks_exact(classes).zip(clean.labels);
        Ok(rows.filter(|(row, label)| losses::prediction(row) == Some(**label)).count())
    }

    fn oracle<'o>(&mut self, weights: &'o Weights) -> Result<NetworkOracle<'o>, OracleError>
    where
        'a: 'o,
    {
        match (self.compiled.take(), self.adversary.mode) {
            (Some(compiled), _) => Ok(NetworkOracle::with_compiled(self.backend, weights, compiled)),
            (None, Mode::Eval) => NetworkOracle::new(self.backend, self.graph.clone(), weights, self.batch),
            (None, Mode::Train) => NetworkOracle::coupled(self.backend, self.graph.clone(), weights, self.batch),
        }
    }
}
