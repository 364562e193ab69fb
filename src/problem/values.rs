//! The values of a network's parameters and buffers on the host: read from a file, or drawn from a seed.

use super::ProblemError;
use crate::weights::{self, Wanted};
use hesse_core::error::GraphError;
use hesse_core::graph::Graph;
use hesse_core::operator::Weights;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::Path;

/// One list for each parameter and each buffer, in state-dict order.
#[derive(Debug, Clone, PartialEq)]
pub struct Values {
    /// Of the parameters.
    pub parameters: Vec<Vec<f64>>,
    /// Of the buffers.
    pub buffers: Vec<Vec<f64>>,
}

impl Values {
    /// The initial values that a seed gives.
    pub fn initial(graph: &Graph, seed: u64) -> Self {
        let (parameters, buffers) = Weights::initial(graph, seed);
        Values { parameters, buffers }
    }

    /// The values that a model brings, and the initial ones of a seed where it brings none; and whether every parameter is
    /// brought.
    ///
    /// # Errors
    /// Where a value has another length than the graph's, or is not finite.
    pub fn brought(graph: &Graph, seed: u64, brought: Vec<(String, Vec<f64>)>) -> Result<(Self, bool), GraphError> {
        let mut values = Values::initial(graph, seed);
        let mut brought: HashMap<String, Vec<f64>> = brought.into_iter().collect();
        let mut all = true;
        let names = graph.parameters().iter().map(|p| (&p.name, true));
        let names = names.chain(graph.buffers().iter().map(|b| (&b.name, false)));
        for ((name, is_parameter), to) in names.zip(values.parameters.iter_mut().chain(&mut values.buffers)) {
            match brought.remove(name) {
                Some(from) if from.len() == to.len() => *to = from,
                Some(from) => return Err(GraphError::mismatch(name, format!("{} entries", to.len()), from.len())),
                None => all &= !is_parameter,
            }
        }
        match values.first_not_finite(graph) {
            None => Ok((values, all)),
            Some((name, entry, value)) => {
                Err(GraphError::mismatch(name, "finite numbers", format!("{value} in entry {entry}")))
            }
        }
    }

    /// The values in a file, matched to the graph by name. Values that are not finite are refused.
    ///
    /// # Errors
    /// Where the file cannot be read, does not fit, or holds NaN or infinity.
    pub fn read(graph: &Graph, file: &Path) -> Result<Self, ProblemError> {
        let dict = weights::read(file)?;
        let names = graph.parameters().iter().map(|p| (&p.name, &p.shape));
        let names = names.chain(graph.buffers().iter().map(|b| (&b.name, &b.shape)));
        let wanted: Vec<Wanted<'_>> = names.map(|(name, shape)| Wanted { name, shape, required: true }).collect();
        let mut all: Vec<Vec<f64>> =
            weights::assign(&dict, &wanted)?.into_iter().flatten().map(|tensor| tensor.values.to_f64()).collect();
        let buffers = all.split_off(graph.parameters().len().min(all.len()));
        let values = Values { parameters: all, buffers };
        match values.first_not_finite(graph) {
            None => Ok(values),
            Some((tensor, entry, value)) => {
                Err(ProblemError::NotFinite { file: file.to_owned(), tensor: tensor.to_string(), entry, value })
            }
        }
    }

    /// The first entry that is NaN or infinite: its tensor's name, its position and its value.
    pub fn first_not_finite<'a>(&self, graph: &'a Graph) -> Option<(&'a str, usize, f64)> {
        let names = graph.parameters().iter().map(|p| p.name.as_str());
        let names = names.chain(graph.buffers().iter().map(|b| b.name.as_str()));
        names.zip(self.parameters.iter().chain(&self.buffers)).find_map(|(name, values)| {
            values.iter().enumerate().find(|(_, v)| !v.is_finite()).map(|(entry, v)| (name, entry, *v))
        })
    }

    /// SHA-256 of all values as little-endian f64, parameters then buffers, in hexadecimal.
    pub fn hash(&self) -> String {
        let mut hasher = Sha256::new();
        for values in self.parameters.iter().chain(&self.buffers) {
            let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
            hasher.update(bytes);
        }
        hasher.finalize().iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}"); // writing to a String cannot fail
            text
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hesse_core::graph::{GraphBuilder, Mode};

    fn graph() -> Graph {
        let mut g = GraphBuilder::new(Mode::Eval);
        let x = g.samples(&[2]).unwrap();
        let y = g.linear("fc", x, 3).unwrap();
        g.finish(y).unwrap()
    }

    #[test]
    fn a_value_that_is_not_finite_is_found_with_its_tensor() {
        let graph = graph();
        let mut values = Values::initial(&graph, 1);
        assert_eq!(values.first_not_finite(&graph), None);
        values.parameters[1][2] = f64::INFINITY;
        assert_eq!(values.first_not_finite(&graph), Some(("fc.bias", 2, f64::INFINITY)));
    }

    #[test]
    fn what_a_model_brings_replaces_initial_values_and_must_fit() {
        let graph = graph();
        let (values, all) = Values::brought(&graph, 1, vec![("fc.bias".into(), vec![1.0, 2.0, 3.0])]).unwrap();
        assert_eq!((&values.parameters[1][..], all), (&[1.0, 2.0, 3.0][..], false));
        assert_eq!(values.parameters[0], Values::initial(&graph, 1).parameters[0]);
        let error = |v: Vec<f64>| Values::brought(&graph, 1, vec![("fc.bias".into(), v)]).unwrap_err().to_string();
        assert!(error(vec![0.0; 2]).contains("fc.bias: expected 3 entries, found 2"));
        assert!(error(vec![0.0, f64::NAN, 0.0]).contains("NaN in entry 1"));
    }

    #[test]
    fn the_hash_follows_the_values_alone() {
        let graph = graph();
        assert_eq!(Values::initial(&graph, 1).hash(), Values::initial(&graph, 1).hash());
        assert_ne!(Values::initial(&graph, 1).hash(), Values::initial(&graph, 2).hash());
    }
}
