//! A program as versioned bytes: how it reaches a backend in another library.
//!
//! `HESSEPRG`, version (u16), payload length (u64), both little-endian, then name, graph bytes, outputs and direction in
//! postcard's format. Reading trusts nothing, as with graphs.

use super::{Output, Program, Role, Segment};
use crate::error::GraphError;
use crate::frame::{Frame, mismatch as bytes};
use crate::graph::{Dim, Graph};
use serde::{Deserialize, Serialize};

const FRAME: Frame = Frame { magic: *b"HESSEPRG", version: 1, what: "program" };

#[derive(Serialize, Deserialize)]
struct Stored {
    name: String,
    graph: Vec<u8>,
    outputs: Vec<Output>,
    direction: Vec<Segment>,
    direction_len: Dim,
    result_len: Dim,
}

impl Program {
    /// The stored form.
    ///
    /// # Errors
    /// As [`Graph::to_bytes`].
    pub fn to_bytes(&self) -> Result<Vec<u8>, GraphError> {
        let stored = Stored {
            name: self.name.clone(),
            graph: self.graph.to_bytes()?,
            outputs: self.outputs.clone(),
            direction: self.direction.clone(),
            direction_len: self.direction_len,
            result_len: self.result_len,
        };
        FRAME.write(&stored)
    }

    /// Reads the stored form, checking everything.
    ///
    /// # Errors
    /// Where the bytes are foreign, of another version, damaged, or describe no program that could be compiled.
    pub fn from_bytes(data: &[u8]) -> Result<Program, GraphError> {
        let Stored { name, graph, outputs, direction, direction_len, result_len } = FRAME.read(data)?;
        let program =
            Program { name, graph: Graph::from_bytes(&graph)?, outputs, direction, direction_len, result_len };
        program.check()?;
        Ok(program)
    }

    /// Refuses what a backend could not index.
    fn check(&self) -> Result<(), GraphError> {
        let g = &self.graph;
        let count = g.nodes().len();
        let inside = |offset: usize, size: Dim, whole: Dim| {
            // At one sample and at two, so that a batch on either side is seen.
            [1, 2].iter().all(|&b| offset.checked_add(size.at(b)).is_some_and(|end| end <= whole.at(b)))
        };
        let mut saved = Vec::new();
        for output in &self.outputs {
            if output.value.index() >= count {
                return Err(bytes(format!("outputs below {count}"), output.value.index()));
            }
            let elements = g.shape(output.value).elements();
            match output.role {
                Role::Flat { offset } if !inside(offset, elements, self.result_len) => {
                    return Err(bytes(format!("an output inside {:?} rows", self.result_len), format!("{output:?}")));
                }
                Role::Buffer(i) if i >= g.buffers().len() => {
                    return Err(bytes(format!("buffers below {}", g.buffers().len()), i));
                }
                Role::Saved(k) => saved.push(k),
                _ => {}
            }
        }
        saved.sort_unstable();
        if saved.iter().enumerate().any(|(i, &k)| i != k) {
            return Err(bytes("kept outputs numbered from 0 on", format!("{saved:?}")));
        }
        for segment in &self.direction {
            let size = g.values().map(|v| g.node(v)).find(|n| n.op == crate::graph::Op::Input(segment.source));
            let fits = size.is_none_or(|n| inside(segment.offset, n.shape.elements(), self.direction_len));
            if !fits {
                return Err(bytes(format!("a segment inside {:?} rows", self.direction_len), format!("{segment:?}")));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::{GraphBuilder, Mode};
    use crate::loss::Loss;
    use crate::program::Problem;
    use proptest::prelude::*;

    fn programs() -> Vec<Program> {
        let mut g = GraphBuilder::new(Mode::Eval);
        let x = g.samples(&[3]).unwrap();
        let h = g.linear("a", x, 4).unwrap();
        let h = g.tanh(h).unwrap();
        let y = g.linear("b", h, 2).unwrap();
        let problem = Problem::new(g.finish(y).unwrap(), &Loss::default()).unwrap();
        let product = problem.hessian(&problem.all_parameters()).unwrap();
        vec![problem.loss().unwrap(), product.primal, product.tangent]
    }

    #[test]
    fn a_program_comes_back_as_it_was() {
        for program in programs() {
            let back = Program::from_bytes(&program.to_bytes().unwrap()).unwrap();
            assert_eq!(back.graph, program.graph);
            assert_eq!((back.name, back.outputs, back.direction), (program.name, program.outputs, program.direction));
            assert_eq!((back.direction_len, back.result_len), (program.direction_len, program.result_len));
        }
    }

    proptest! {
        #[test]
        fn damaged_programs_are_answered(which in 0..3usize, at in any::<prop::sample::Index>(), value: u8, cut: bool) {
            let mut bytes = programs()[which].to_bytes().unwrap();
            let i = at.index(bytes.len());
            if cut { bytes.truncate(i); } else { bytes[i] = value; }
            // Either an error or a program that is well formed; never a panic.
            if let Ok(program) = Program::from_bytes(&bytes) {
                prop_assert!(program.check().is_ok());
            }
        }
    }
}
