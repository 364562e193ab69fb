//! Activation functions by name.
//!
//! Architectures take the name as an option, so the list is here once instead of once in every model crate.

use super::{GraphBuilder, ValueId};
use crate::error::GraphError;

/// The names that [`GraphBuilder::activation`] knows; the first is the usual default.
pub const ACTIVATIONS: &[&str] = &["relu", "tanh", "gelu", "silu", "softplus", "elu", "sigmoid"];

impl GraphBuilder {
    /// The activation function of this name, entry by entry; `elu` has α = 1.
    ///
    /// # Errors
    /// Where the name is not one of [`ACTIVATIONS`], or `a` is not real.
    pub fn activation(&mut self, name: &str, a: ValueId) -> Result<ValueId, GraphError> {
        match name {
            "relu" => self.relu(a),
            "tanh" => self.tanh(a),
            "gelu" => self.gelu(a),
            "silu" => self.silu(a),
            "softplus" => self.softplus(a),
            "elu" => self.elu(a, 1.0),
            "sigmoid" => self.sigmoid(a),
            _ => Err(GraphError::mismatch("activation", format!("one of {}", ACTIVATIONS.join(", ")), name)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::Mode;

    #[test]
    fn every_listed_name_is_known_and_another_is_refused_with_the_list() {
        let mut g = GraphBuilder::new(Mode::Eval);
        let x = g.samples(&[3]).unwrap();
        for name in ACTIVATIONS {
            let y = g.activation(name, x).unwrap();
            assert_eq!(g.shape(y), g.shape(x), "{name}");
        }
        let error = g.activation("rule", x).unwrap_err().to_string();
        assert_eq!(error, "activation: expected one of relu, tanh, gelu, silu, softplus, elu, sigmoid, found rule");
    }
}
