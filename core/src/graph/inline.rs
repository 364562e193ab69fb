//! Recording a finished graph inside another: how an architecture that came as bytes becomes part of a network.

use super::{BufferUpdate, DropoutSite, Graph, GraphBuilder, Op, Source, ValueId};
use crate::error::GraphError;

impl GraphBuilder {
    /// Records `graph` with `x` as its samples, in the present scope; returns its output. Node for node this is what
    /// recording the same layers here would have given.
    ///
    /// # Errors
    /// Where x does not have the shape of the graph's samples, a name is taken, or the graph is not a network's (it has
    /// no output, or reads labels or directions).
    pub fn inline(&mut self, graph: &Graph, x: ValueId) -> Result<ValueId, GraphError> {
        let output = graph.output().ok_or_else(|| GraphError::mismatch("inline", "a graph with an output", "none"))?;
        let mut parameters = Vec::new();
        let mut buffers = Vec::new();
        let (first_buffer, first_mask) = (self.graph.buffers.len(), self.graph.masks.len());
        let mut map: Vec<ValueId> = Vec::with_capacity(graph.nodes().len());
        for node in graph.nodes() {
            let value = match &node.op {
                Op::Input(Source::Samples) => {
                    let (shape, kind) = (self.shape(x), self.graph.node(x).kind);
                    if *shape != node.shape || kind != node.kind {
                        return Err(GraphError::mismatch("samples", &node.shape, shape));
                    }
                    x
                }
                Op::Input(Source::Parameter(i)) => {
                    self.declare_parameters(graph, i + 1, &mut parameters)?;
                    found(&parameters, *i)?
                }
                Op::Input(Source::Buffer(i)) => {
                    self.declare_buffers(graph, i + 1, &mut buffers)?;
                    found(&buffers, *i)?
                }
                Op::Input(Source::DropoutMask(i)) => {
                    let place = first_mask + i;
                    while self.graph.masks.len() <= place {
                        let site = graph.dropout_sites().get(self.graph.masks.len() - first_mask);
                        let site: &DropoutSite = site.ok_or_else(|| undeclared(node))?;
                        self.graph.masks.push(site.clone());
                    }
                    self.graph.leaf(Source::DropoutMask(place), node.shape.clone(), node.kind)?
                }
                Op::Input(_) => return Err(undeclared(node)),
                Op::Fill(c) => self.graph.fill(c.0, node.shape.clone())?,
                op => {
                    let operands =
                        node.operands.iter().map(|o| found(&map, o.index())).collect::<Result<Vec<_>, _>>()?;
                    self.graph.push(op.clone(), &operands)?
                }
            };
            map.push(value);
        }
        self.declare_parameters(graph, graph.parameters().len(), &mut parameters)?;
        self.declare_buffers(graph, graph.buffers().len(), &mut buffers)?;
        for update in graph.buffer_updates() {
            let (buffer, value) = (first_buffer + update.buffer, found(&map, update.value.index())?);
            self.graph.updates.push(BufferUpdate { buffer, value });
        }
        found(&map, output.index())
    }

    fn declare_parameters(&mut self, from: &Graph, count: usize, to: &mut Vec<ValueId>) -> Result<(), GraphError> {
        for p in from.parameters().get(to.len()..count).unwrap_or_default() {
            to.push(self.parameter(&p.name, &p.shape, p.init)?);
        }
        Ok(())
    }

    fn declare_buffers(&mut self, from: &Graph, count: usize, to: &mut Vec<ValueId>) -> Result<(), GraphError> {
        for b in from.buffers().get(to.len()..count).unwrap_or_default() {
            to.push(self.buffer(&b.name, &b.shape, b.start)?.1);
        }
        Ok(())
    }
}

fn found(values: &[ValueId], i: usize) -> Result<ValueId, GraphError> {
    values.get(i).copied().ok_or_else(|| GraphError::mismatch("inline", format!("a value below {}", values.len()), i))
}

fn undeclared(node: &super::Node) -> GraphError {
    GraphError::mismatch("inline", "a network of samples, parameters and buffers", format!("{:?}", node.op))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::Mode;

    fn network(g: &mut GraphBuilder, x: ValueId) -> Result<ValueId, GraphError> {
        let y = g.conv2d("conv", x, 3, &crate::graph::Conv2d::kernel(3))?;
        let y = g.batch_norm("bn", y)?;
        let y = g.relu(y)?;
        let y = g.flatten(y)?;
        let y = g.dropout(y, 0.25)?;
        g.linear("fc", y, 4)
    }

    #[test]
    fn an_inlined_graph_is_the_recorded_one() {
        for mode in [Mode::Eval, Mode::Train] {
            let mut inner = GraphBuilder::new(mode);
            let x = inner.samples(&[2, 5, 5]).unwrap();
            let y = network(&mut inner, x).unwrap();
            let inner = inner.finish(y).unwrap();
            let outer = |inlined: bool| {
                let mut g = GraphBuilder::new(mode);
                let x = g.samples(&[2, 5, 5]).unwrap();
                let x = g.normalize(x, &[0.5, 0.5], &[0.2, 0.3]).unwrap();
                let y = if inlined { g.inline(&inner, x).unwrap() } else { network(&mut g, x).unwrap() };
                g.finish(y).unwrap()
            };
            assert_eq!(outer(true).content_hash(), outer(false).content_hash(), "{mode}");
            assert_eq!(outer(true), outer(false));
        }
    }

    #[test]
    fn samples_of_another_shape_are_refused() {
        let mut inner = GraphBuilder::new(Mode::Eval);
        let x = inner.samples(&[3]).unwrap();
        let inner = inner.finish(x).unwrap();
        let mut g = GraphBuilder::new(Mode::Eval);
        let x = g.samples(&[4]).unwrap();
        assert!(g.inline(&inner, x).unwrap_err().to_string().contains("samples: expected [B, 3], found [B, 4]"));
    }
}
