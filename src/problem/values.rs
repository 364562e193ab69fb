//! The values of a network's parameters and buffers on the host: read from a file, or drawn from a seed.

use super::ProblemError;
use crate::weights::{self, Wanted};
use hesse_core::graph::Graph;
use hesse_core::operator::Weights;
use sha2::{Digest, Sha256};
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
    fn the_hash_follows_the_values_alone() {
        let graph = graph();
        assert_eq!(Values::initial(&graph, 1).hash(), Values::initial(&graph, 1).hash());
        assert_ne!(Values::initial(&graph, 1).hash(), Values::initial(&graph, 2).hash());
    }
}
