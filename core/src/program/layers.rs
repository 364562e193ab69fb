//! Layers: parameters that share everything of their names but the last part.
//!
//! The name of a parameter is `layer1.0.conv1.weight`; weight and bias of a layer share the part before the last dot.
//! A parameter without a dot is a layer of its own.

use super::{Problem, Wrt};

/// Parameters of one layer, by position in the state dict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    /// What their names share.
    pub name: String,
    /// Positions, rising.
    pub parameters: Vec<usize>,
}

impl Problem {
    /// The layers of the selected parameters, in the order of their first parameter; none for samples.
    pub fn layers(&self, wrt: &Wrt) -> Vec<Layer> {
        let Wrt::Parameters(which) = wrt else { return Vec::new() };
        let mut layers: Vec<Layer> = Vec::new();
        for (i, parameter) in which.iter().filter_map(|&i| Some((i, self.graph().parameters().get(i)?))) {
            let name = parameter.name.rsplit_once('.').map_or(parameter.name.as_str(), |(layer, _)| layer);
            match layers.iter_mut().find(|layer| layer.name == name) {
                Some(layer) => layer.parameters.push(i),
                None => layers.push(Layer { name: name.to_string(), parameters: vec![i] }),
            }
        }
        layers
    }
}
