//! A function that the graph does not spell out, and its differentials of every order.
//!
//! A network that comes as a program of another system (a TorchScript file) has no primitives here; only a backend that
//! can run that program can differentiate it. One primitive stands for all that such a backend is asked: with f the
//! function, k directions t₁ … t_k and a cotangent c, either Dᵏf[t₁, …, t_k], or the gradient of ⟨c, Dᵏf[t₁, …, t_k]⟩ by
//! one operand. Both are linear in c and in every tⱼ, and derivatives are symmetric, so each of their derivatives is
//! another one of the same family: the set of primitives stays closed, and H·v, G·v, J·v and all programs made of them
//! follow from the ordinary rules, with losses, normalization and whatever else is recorded around the function.
//!
//! Decided against: a backend that implements each derivative program (loss, gradient, H·v, …) for such a file, which
//! would repeat every loss and every program of this crate inside that backend.

use super::{Kind, Node, Shape};
use crate::error::GraphError;
use serde::{Deserialize, Serialize};

/// More directions than any program here asks for (a third derivative has three).
const MOST_DIRECTIONS: usize = 8;

/// A function outside the graph, smooth enough for its backend to differentiate.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct External {
    /// The system whose program it is, such as `torchscript`: a backend knows by it whether it can run the function.
    pub system: String,
    /// Which program, in the words of that system; for a file its SHA-256, so that a graph's hash follows the contents.
    pub program: String,
    /// The number of operands.
    pub arity: usize,
    /// Sizes of the result.
    pub result: Shape,
}

/// One of the differentials of an [`External`] function. Operands: the function's own, then the cotangent where `by`
/// names an operand, then the tangents of each direction in the order given.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Differential {
    /// The function.
    pub function: External,
    /// For each direction the operands that it moves, rising.
    pub directions: Vec<Vec<usize>>,
    /// None for Dᵏf itself, of the shape of the function's result; an operand for the gradient by it of ⟨c, Dᵏf⟩.
    pub by: Option<usize>,
}

impl Differential {
    /// The function itself.
    pub fn of(function: External) -> Self {
        Differential { function, directions: Vec::new(), by: None }
    }

    /// Where among the operands the cotangent is.
    pub fn cotangent(&self) -> Option<usize> {
        self.by.map(|_| self.function.arity)
    }

    /// Where among the operands the tangents of each direction begin.
    pub fn tangents(&self) -> Vec<usize> {
        let first = self.function.arity + usize::from(self.by.is_some());
        let start = |at: &mut usize, direction: &Vec<usize>| {
            let here = *at;
            *at += direction.len();
            Some(here)
        };
        self.directions.iter().scan(first, start).collect()
    }

    /// How many operands it takes.
    pub fn operands(&self) -> usize {
        let tangents = self.directions.iter().fold(0usize, |n, d| n.saturating_add(d.len()));
        self.function.arity.saturating_add(usize::from(self.by.is_some())).saturating_add(tangents)
    }

    /// The shape of the result, or why the operands do not fit.
    pub(super) fn infer(&self, operands: &[&Node]) -> Result<Shape, GraphError> {
        let fail = |expected: String, found: String| GraphError::mismatch("differential", expected, found);
        let arity = self.function.arity;
        if operands.len() != self.operands() {
            return Err(fail(format!("{} operands", self.operands()), operands.len().to_string()));
        }
        if self.directions.len() > MOST_DIRECTIONS {
            return Err(fail(format!("at most {MOST_DIRECTIONS} directions"), self.directions.len().to_string()));
        }
        let moved = self.directions.iter().flatten().chain(&self.by);
        if let Some(i) = moved.clone().find(|i| **i >= arity || operands[**i].kind != Kind::Real) {
            return Err(fail("directions within the real operands of the function".into(), format!("operand {i}")));
        }
        if self.directions.iter().any(|d| d.is_empty() || d.windows(2).any(|w| w[0] >= w[1])) {
            return Err(fail("rising operands in each direction".into(), format!("{:?}", self.directions)));
        }
        let result = Shape::new(self.function.result.dims().to_vec())?;
        let cotangent = self.cotangent().map(|at| (at, &result));
        let tangents = self.directions.iter().flatten().zip(arity + usize::from(self.by.is_some())..);
        for (at, shape) in cotangent.into_iter().chain(tangents.map(|(i, at)| (at, &operands[*i].shape))) {
            if operands[at].shape != *shape || operands[at].kind != Kind::Real {
                return Err(fail(format!("{shape} in operand {at}"), operands[at].shape.to_string()));
            }
        }
        Ok(self.by.map_or(result, |i| operands[i].shape.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::{Graph, GraphBuilder, Init, Mode, Op, ValueId};

    fn function() -> External {
        External { system: "test".into(), program: "f".into(), arity: 2, result: Shape::batched(&[3]).unwrap() }
    }

    /// Samples, a parameter, and a value of the result's shape.
    fn values() -> (GraphBuilder, [ValueId; 3]) {
        let mut g = GraphBuilder::new(Mode::Eval);
        let x = g.samples(&[4]).unwrap();
        let w = g.parameter("w", &[5], Init::Constant(0.0)).unwrap();
        let c = g.fill(1.0, Shape::batched(&[3]).unwrap()).unwrap();
        (g, [x, w, c])
    }

    #[test]
    fn results_have_the_shape_of_the_function_or_of_the_operand() {
        let (mut g, [x, w, c]) = values();
        let value = g.push(Op::Differential(Differential::of(function())), &[x, w]).unwrap();
        assert_eq!(g.shape(value), &function().result);
        let slope = Differential { by: Some(1), ..Differential::of(function()) };
        let slope = g.push(Op::Differential(slope), &[x, w, c]).unwrap();
        assert_eq!(g.shape(slope), g.shape(w));
        let second = Differential { function: function(), directions: vec![vec![0, 1]], by: Some(0) };
        assert_eq!((second.cotangent(), second.tangents()), (Some(2), vec![3]));
        let second = g.push(Op::Differential(second), &[x, w, c, x, w]).unwrap();
        assert_eq!(g.shape(second), g.shape(x));
        let graph = g.finish(value).unwrap();
        assert_eq!(Graph::from_bytes(&graph.to_bytes().unwrap()).unwrap(), graph);
    }

    #[test]
    fn operands_that_do_not_fit_are_refused() {
        let (mut g, [x, w, c]) = values();
        let mut refused = |directions: Vec<Vec<usize>>, by, operands: &[ValueId]| {
            let op = Op::Differential(Differential { function: function(), directions, by });
            g.push(op, operands).unwrap_err().to_string()
        };
        assert!(refused(vec![], None, &[x]).contains("2 operands"));
        assert!(refused(vec![], Some(0), &[x, w, w]).contains("[B, 3] in operand 2"));
        assert!(refused(vec![vec![1]], None, &[x, w, x]).contains("[5] in operand 2"));
        assert!(refused(vec![vec![2]], None, &[x, w, c]).contains("operand 2"));
        assert!(refused(vec![vec![1, 0]], None, &[x, w, w, x]).contains("rising"));
        assert!(refused(vec![vec![]], None, &[x, w]).contains("rising"));
        assert!(refused(vec![vec![0]; 9], None, &[x, w, x, x, x, x, x, x, x, x, x]).contains("at most 8"));
    }
}
