//! What an oracle has compiled, kept while the weights change: training attacks the network anew at every step, and
//! compiling the same programs again for each would cost more than the attack.

use super::{NetworkOracle, State};
use crate::backend::SecondOrderBackend;
use crate::operator::Weights;
use crate::program::Problem;
use std::sync::{Mutex, PoisonError};

/// The programs of a [`NetworkOracle`] without its weights.
pub struct CompiledOracle {
    problem: Problem,
    shape: Vec<usize>,
    dimension: usize,
    classes: usize,
    batch: usize,
    coupled: bool,
    state: State,
}

impl<'a> NetworkOracle<'a> {
    /// Lets go of the weights and keeps the programs; what is known of the last samples is forgotten with them.
    pub fn into_compiled(self) -> CompiledOracle {
        let mut state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        state.products.values_mut().for_each(|kept| kept.forget());
        let NetworkOracle { problem, shape, dimension, classes, batch, coupled, .. } = self;
        CompiledOracle { problem, shape, dimension, classes, batch, coupled, state }
    }

    /// The same network with other weights of the same graph, on the backend that compiled it.
    pub fn with_compiled(backend: &'a dyn SecondOrderBackend, weights: &'a Weights, compiled: CompiledOracle) -> Self {
        let CompiledOracle { problem, shape, dimension, classes, batch, coupled, state } = compiled;
        NetworkOracle { backend, weights, problem, shape, dimension, classes, batch, coupled, state: Mutex::new(state) }
    }
}
