//! Rules of a function outside the graph: each derivative of a differential is a differential.
//!
//! Write Φ_k(a; c, t₁ … t_k) = ⟨c, Dᵏf(a)[t₁ … t_k]⟩. It is linear in c and in every t, and symmetric in the t.

use crate::error::GraphError;
use crate::graph::{Differential, Graph, Node, Op, ValueId};

/// The operands of a differential, told apart.
struct Parts<'a> {
    of: &'a Differential,
    own: &'a [ValueId],
    cotangent: Option<ValueId>,
    /// For each direction the operands it moves, and by what.
    directions: Vec<Vec<(usize, ValueId)>>,
}

impl<'a> Parts<'a> {
    fn new(of: &'a Differential, operands: &'a [ValueId]) -> Self {
        let directions = of.directions.iter().zip(of.tangents());
        Parts {
            of,
            own: &operands[..of.function.arity],
            cotangent: of.cotangent().map(|at| operands[at]),
            directions: directions
                .map(|(moved, at)| moved.iter().copied().zip(operands[at..].iter().copied()).collect())
                .collect(),
        }
    }

    /// All directions but one.
    fn without(&self, j: usize) -> Vec<Vec<(usize, ValueId)>> {
        let others = self.directions.iter().enumerate().filter(|(i, _)| *i != j);
        others.map(|(_, d)| d.clone()).collect()
    }

    fn push(
        &self,
        g: &mut Graph,
        by: Option<usize>,
        cotangent: Option<ValueId>,
        directions: &[Vec<(usize, ValueId)>],
    ) -> Result<ValueId, GraphError> {
        let moved = directions.iter().map(|d| d.iter().map(|(i, _)| *i).collect()).collect();
        let op = Differential { function: self.of.function.clone(), directions: moved, by };
        let tangents = directions.iter().flatten().map(|(_, t)| *t);
        let operands: Vec<ValueId> = self.own.iter().copied().chain(cotangent).chain(tangents).collect();
        g.push(Op::Differential(op), &operands)
    }
}

/// The tangent: a further direction for the operands that move, and the same form for each linear argument that does.
pub(super) fn jvp(
    g: &mut Graph,
    node: &Node,
    of: &Differential,
    tangents: &[Option<ValueId>],
) -> Result<Option<ValueId>, GraphError> {
    let parts = Parts::new(of, &node.operands);
    let moving = |from: usize, which: &mut dyn Iterator<Item = usize>| -> Vec<(usize, ValueId)> {
        which.zip(from..).filter_map(|(i, at)| tangents.get(at).copied().flatten().map(|t| (i, t))).collect()
    };
    let mut sum = None;
    let own = moving(0, &mut (0..of.function.arity));
    if !own.is_empty() {
        let directions = [&parts.directions[..], &[own]].concat();
        let term = parts.push(g, of.by, parts.cotangent, &directions)?;
        sum = super::sum(g, sum, Some(term))?;
    }
    if let Some(moved) = of.cotangent().and_then(|at| tangents.get(at).copied().flatten()) {
        let term = parts.push(g, of.by, Some(moved), &parts.directions)?;
        sum = super::sum(g, sum, Some(term))?;
    }
    for (j, at) in of.tangents().into_iter().enumerate() {
        let direction = moving(at, &mut of.directions[j].iter().copied());
        if !direction.is_empty() {
            let mut directions = parts.directions.clone();
            directions[j] = direction;
            let term = parts.push(g, of.by, parts.cotangent, &directions)?;
            sum = super::sum(g, sum, Some(term))?;
        }
    }
    Ok(sum)
}

/// The cotangents of the operands. With d that of Dᵏf it is the cotangent c of Φ_k; with d that of a gradient by operand i
/// it is one more direction, since ⟨d, ∇ᵢΦ_k⟩ = Φ_{k+1} along d.
pub(super) fn vjp(
    g: &mut Graph,
    node: &Node,
    of: &Differential,
    d: ValueId,
    needed: &[bool],
) -> Result<Vec<Option<ValueId>>, GraphError> {
    let parts = Parts::new(of, &node.operands);
    let more: Vec<Vec<(usize, ValueId)>> = of.by.map(|i| vec![(i, d)]).into_iter().collect();
    let cotangent = parts.cotangent.or(Some(d));
    let mut out = vec![None; node.operands.len()];
    let wants = |at: usize| needed.get(at).copied().unwrap_or(false);
    let all = [&parts.directions[..], &more].concat();
    for i in (0..of.function.arity).filter(|i| wants(*i)) {
        out[i] = Some(parts.push(g, Some(i), cotangent, &all)?);
    }
    if let Some(at) = of.cotangent().filter(|at| wants(*at)) {
        out[at] = Some(parts.push(g, None, None, &all)?);
    }
    for (j, first) in of.tangents().into_iter().enumerate() {
        let others = [parts.without(j), more.clone()].concat();
        for (offset, &i) in of.directions[j].iter().enumerate().filter(|(offset, _)| wants(first + offset)) {
            out[first + offset] = Some(parts.push(g, Some(i), cotangent, &others)?);
        }
    }
    Ok(out)
}
