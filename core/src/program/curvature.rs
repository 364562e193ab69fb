//! Products with curvature matrices, whole or block-diagonal.
//!
//! Four matrices of one shape: a tangent goes forward to some value of the graph, is multiplied there by a small matrix,
//! and comes back as a cotangent.
//!
//! | matrix | in between |
//! |---|---|
//! | Hessian | the gradient itself moves |
//! | Gauss–Newton | the loss's Hessian in the network's output |
//! | empirical Fisher | one number for each sample: ⟨g_i, v⟩, so that Σ g_i ⟨g_i, v⟩ comes back without any g_i ever being formed |
//! | Monte-Carlo Fisher | random square roots of the loss's Hessian, see [`Loss::draw_roots`](crate::loss::Loss::draw_roots) |
//!
//! A block-diagonal product is one program in which every block has a tangent of its own: the primal part, and what is
//! kept of it, is shared by all blocks, and no vector is cut or copied. Decided against: masking the direction (one
//! whole product for each block) and an operator for each block (the kept values once for each).

use super::problem::Roles;
use super::{Problem, Product, Role, Segment, Wrt};
use crate::autodiff::{extract, forward, reverse};
use crate::error::GraphError;
use crate::graph::{Dim, Graph, Kind, Op, Scalar, Shape, Source, Unary, ValueId};

/// Which matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Curvature {
    /// The exact second derivative.
    Hessian,
    /// Jᵀ H_L J.
    GaussNewton,
    /// Σ_i w_i g_i g_iᵀ / Σ w_i with g_i the gradient of one sample's unweighted loss: a weight counts as so many equal
    /// samples, as it does in the loss.
    EmpiricalFisher,
    /// The Gauss–Newton matrix with labels (or targets) drawn from the network's own distribution in place of an
    /// expectation over it.
    MonteCarloFisher {
        /// Draws for each sample; memory grows with their number, arithmetic hardly.
        draws: usize,
        /// Seed of the draws; each sample has its own stream.
        seed: u64,
    },
}

/// A differentiated leaf: its value, its row in the vectors, its tangent.
type Leaf = (ValueId, usize, ValueId);

impl Problem {
    /// M·v of the sum-reduced loss for one of the curvature matrices. Costs with the primal part kept: Hessian 6 F, the
    /// others 4 F.
    ///
    /// A [`Curvature::MonteCarloFisher`] reads its random square roots as targets `[B, draws, …]`; the primal part
    /// returns the network's output, from which they are drawn.
    ///
    /// # Errors
    /// As [`Self::gradient`].
    pub fn curvature(&self, matrix: Curvature, wrt: &Wrt) -> Result<Product, GraphError> {
        match matrix {
            Curvature::Hessian => self.hessian(wrt),
            Curvature::GaussNewton => self.gauss_newton(wrt),
            Curvature::EmpiricalFisher | Curvature::MonteCarloFisher { .. } => self.blocks(matrix, wrt, None),
        }
    }

    /// The product with the block-diagonal part, each block being some of the selected parameters: rows and columns of
    /// different blocks do not meet. The vectors are those of [`curvature`](Self::curvature). Costs as much as one product for
    /// each block (less where a block is near the output).
    ///
    /// # Errors
    /// As [`Self::gradient`], and where a selected parameter is not in exactly one block.
    pub fn block_diagonal(&self, matrix: Curvature, wrt: &Wrt, blocks: &[Vec<usize>]) -> Result<Product, GraphError> {
        self.blocks(matrix, wrt, Some(blocks))
    }

    fn blocks(&self, matrix: Curvature, wrt: &Wrt, blocks: Option<&[Vec<usize>]>) -> Result<Product, GraphError> {
        let mut g = self.graph.clone();
        let (mut output, mut returned) = (self.output, self.scalars());
        let mut roots = None;
        if let Curvature::MonteCarloFisher { draws, .. } = matrix {
            // The loss of the true targets is left behind, because the roots come in their place.
            let (fresh, kept) = extract(&g, &[self.output, self.loss.weight])?;
            g = fresh;
            output = kept[0];
            returned = vec![(output, Role::Output), (kept[1], Role::Weight)];
            roots = Some(root_leaf(&mut g, output, draws)?);
        }

        // The leaves with their tangents, block by block.
        let mut segments = Vec::new();
        let mut parts: Vec<Vec<Leaf>> = vec![Vec::new(); blocks.map_or(1, <[_]>::len)];
        for (value, offset, source) in self.leaves(&g, wrt)? {
            let part = block_of(source, blocks)?;
            // A parameter that the network does not use has no leaf; its rows of every product stay zero.
            let Some(value) = value else { continue };
            let shape = g.shape(value).clone();
            let tangent = g.leaf(source, shape, Kind::Real)?;
            segments.push(Segment { source, offset });
            parts[part].push((value, offset, tangent));
        }

        let mut outputs = Roles::new();
        for part in parts.iter().filter(|part| !part.is_empty()) {
            let found = match (matrix, roots) {
                (Curvature::Hessian, _) => self.hessian_block(&mut g, part)?,
                (Curvature::GaussNewton, _) => self.gauss_newton_block(&mut g, part)?,
                (Curvature::EmpiricalFisher, _) => self.fisher_block(&mut g, part)?,
                (Curvature::MonteCarloFisher { .. }, Some(roots)) => sampled_block(&mut g, part, output, roots)?,
                (Curvature::MonteCarloFisher { .. }, None) => Roles::new(),
            };
            outputs.extend(found);
        }
        let name = match matrix {
            Curvature::Hessian => "Hessian product by blocks",
            Curvature::GaussNewton => "Gauss-Newton product by blocks",
            Curvature::EmpiricalFisher => "empirical Fisher product",
            Curvature::MonteCarloFisher { .. } => "Monte-Carlo Fisher product",
        };
        let length = self.dimension(wrt);
        self.split_product(name, &g, (outputs, returned), segments, length, length)
    }

    fn hessian_block(&self, g: &mut Graph, part: &[Leaf]) -> Result<Roles, GraphError> {
        let seed = g.fill(1.0, g.shape(self.loss.total).clone())?;
        let gradient = back(g, self.loss.total, seed, part)?;
        let values: Vec<ValueId> = gradient.iter().map(|o| o.0).collect();
        let tangents = forward(g, &seeds(part), &values)?;
        Ok(tangents.into_iter().zip(gradient).filter_map(|(t, (_, role))| t.map(|t| (t, role))).collect())
    }

    fn gauss_newton_block(&self, g: &mut Graph, part: &[Leaf]) -> Result<Roles, GraphError> {
        let seed = g.fill(1.0, g.shape(self.loss.total).clone())?;
        let slope = reverse(g, self.loss.total, seed, &[self.output])?;
        let moved = forward(g, &seeds(part), &[self.output])?;
        let (Some(Some(slope)), Some(Some(moved))) = (slope.first(), moved.first()) else { return Ok(Roles::new()) };
        let curved = forward(g, &[(self.output, *moved)], &[*slope])?;
        match curved.first() {
            Some(Some(curved)) => back(g, self.output, *curved, part),
            _ => Ok(Roles::new()),
        }
    }

    fn fisher_block(&self, g: &mut Graph, part: &[Leaf]) -> Result<Roles, GraphError> {
        let moved = forward(g, &seeds(part), &[self.loss.per_sample])?;
        let Some(Some(moved)) = moved.first() else { return Ok(Roles::new()) };
        // The loss of a sample is w ℓ, so w ∇ℓ ∇ℓᵀ is 1/w times the outer product of its gradient.
        let inverse = match g.node(self.loss.weights).op {
            Op::Fill(Scalar(w)) if w != 0.0 => {
                let shape = g.shape(*moved).clone();
                g.fill(1.0 / w, shape)?
            }
            _ => inverse_or_zero(g, self.loss.weights)?,
        };
        let scaled = g.mul(*moved, inverse)?;
        back(g, self.loss.per_sample, scaled, part)
    }
}

/// 1/w where w > 0, else 1: what it multiplies is zero there.
fn inverse_or_zero(g: &mut Graph, w: ValueId) -> Result<ValueId, GraphError> {
    let positive = g.push(Op::Unary(Unary::Step), &[w])?;
    let negative = g.scale(positive, -1.0)?;
    let lift = g.push(Op::Shift(Scalar(1.0)), &[negative])?;
    let safe = g.add(w, lift)?;
    g.push(Op::Unary(Unary::Reciprocal), &[safe])
}

/// The leaf of the random square roots: the output's shape with the draws after the batch.
fn root_leaf(g: &mut Graph, output: ValueId, draws: usize) -> Result<ValueId, GraphError> {
    if draws == 0 {
        return Err(GraphError::mismatch("Monte-Carlo Fisher", "at least one draw", draws));
    }
    let mut dims = g.shape(output).dims().to_vec();
    dims.insert(1, Dim::Fixed(draws));
    g.leaf(Source::Targets, Shape::new(dims)?, Kind::Real)
}

/// Jᵀ R Rᵀ J v for the roots R of each sample (and token).
fn sampled_block(g: &mut Graph, part: &[Leaf], output: ValueId, roots: ValueId) -> Result<Roles, GraphError> {
    let moved = forward(g, &seeds(part), &[output])?;
    let Some(Some(moved)) = moved.first() else { return Ok(Roles::new()) };
    let shape = g.shape(roots).clone();
    let rank = shape.rank();
    let without_draws: Vec<usize> = (0..rank).filter(|axis| *axis != 1).collect();
    let without_classes: Vec<usize> = (0..rank - 1).collect();
    let spread = g.broadcast(*moved, shape.clone(), &without_draws)?;
    let products = g.mul(roots, spread)?;
    let inner = g.sum(products, &[rank - 1])?;
    let inner = g.broadcast(inner, shape, &without_classes)?;
    let weighted = g.mul(roots, inner)?;
    let cotangent = g.sum(weighted, &[1])?;
    back(g, output, cotangent, part)
}

fn seeds(part: &[Leaf]) -> Vec<(ValueId, ValueId)> {
    part.iter().map(|&(value, _, tangent)| (value, tangent)).collect()
}

/// (∂value/∂part)ᵀ·cotangent.
fn back(g: &mut Graph, value: ValueId, cotangent: ValueId, part: &[Leaf]) -> Result<Roles, GraphError> {
    let which: Vec<ValueId> = part.iter().map(|leaf| leaf.0).collect();
    let found = reverse(g, value, cotangent, &which)?;
    Ok(found.iter().zip(part).filter_map(|(c, leaf)| c.map(|c| (c, Role::Flat { offset: leaf.1 }))).collect())
}

/// Which block a leaf belongs to.
fn block_of(tangent: Source, blocks: Option<&[Vec<usize>]>) -> Result<usize, GraphError> {
    let Some(blocks) = blocks else { return Ok(0) };
    let Source::ParameterTangent(parameter) = tangent else {
        return Err(GraphError::mismatch("block-diagonal product", "parameters", "samples"));
    };
    let holding: Vec<usize> = (0..blocks.len()).filter(|&b| blocks[b].contains(&parameter)).collect();
    match holding[..] {
        [block] => Ok(block),
        _ => Err(GraphError::mismatch(
            "block-diagonal product",
            format!("parameter {parameter} in one block"),
            format!("in {}", holding.len()),
        )),
    }
}
