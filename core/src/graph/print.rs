//! A listing of a graph, one node a line, for people.

use super::{Graph, Kind, Op, Source};
use std::fmt;

impl fmt::Display for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, node) in self.nodes.iter().enumerate() {
            write!(f, "%{i} = {}", node.op.name())?;
            let operands: Vec<String> = node.operands.iter().map(|v| format!("%{}", v.0)).collect();
            match &node.op {
                Op::Input(Source::Parameter(p)) if *p < self.parameters.len() => {
                    write!(f, " {}", self.parameters[*p].name)?;
                }
                Op::Input(Source::Buffer(b)) if *b < self.buffers.len() => write!(f, " {}", self.buffers[*b].name)?,
                Op::Input(source) => write!(f, " {source:?}")?,
                Op::Fill(c) => write!(f, " {}", c.0)?,
                Op::Table(t) => write!(f, " of {} constants", t.len())?,
                Op::Unary(_) | Op::Binary(_) | Op::Softmax => write!(f, "({})", operands.join(", "))?,
                other => write!(f, "({}) {other:?}", operands.join(", "))?,
            }
            let kind = if node.kind == Kind::Index { " index" } else { "" };
            let mark = if self.output.is_some_and(|o| o.index() == i) { "   <- output" } else { "" };
            writeln!(f, " : {}{kind}{mark}", node.shape)?;
        }
        Ok(())
    }
}
