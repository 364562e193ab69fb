//! Mixed second derivatives: how the gradient with respect to one thing moves with another.
//!
//! ∂²L/∂x∂θ says how a sample's input gradient moves with the weights (and, transposed, how the weights' gradient moves
//! with a sample): influence of samples, robustness along training. It is the same forward-over-reverse program as H·v,
//! only with the direction on other leaves.

use super::problem::Roles;
use super::{Problem, Product, Wrt};
use crate::autodiff::forward;
use crate::error::GraphError;
use crate::graph::ValueId;

impl Problem {
    /// (∂²L / ∂of ∂along)·v for a direction v of `along`, of the sum-reduced loss: the change of the gradient with
    /// respect to `of`. With the two exchanged it is the transposed product. Cost with the primal part kept: 6 F.
    ///
    /// # Errors
    /// As [`Self::gradient`].
    pub fn mixed(&self, of: &Wrt, along: &Wrt) -> Result<Product, GraphError> {
        let mut g = self.graph.clone();
        let gradient = self.gradient_values(&mut g, of)?;
        let (seeds, segments) = self.seeds(&mut g, along)?;
        let values: Vec<ValueId> = gradient.iter().map(|o| o.0).collect();
        let tangents = forward(&mut g, &seeds, &values)?;
        let outputs: Roles =
            tangents.into_iter().zip(gradient).filter_map(|(t, (_, role))| t.map(|t| (t, role))).collect();
        let parts = (outputs, self.scalars());
        self.split_product("mixed product", &g, parts, segments, self.dimension(along), self.dimension(of))
    }
}
