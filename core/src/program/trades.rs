//! Training that trades accuracy against robustness: TRADES.
//!
//! One program reads the clean samples x as samples and the perturbed ones x' as targets (they are what the network's
//! answer to x is compared with), records the network twice over the same parameters, and adds β·KL(f(x) ‖ f(x')) to the
//! loss at x. Gradients flow through both, as in the authors' code. A leaf of its own for x' was decided against: every
//! backend and every stored program would have to know it.
//!
//! Source: Zhang, Yu, Jiao, Xing, El Ghaoui and Jordan, *Theoretically Principled Trade-off between Robustness and
//! Accuracy*, ICML 2019 (1901.08573), Algorithm 1.

use super::{Problem, Program, Role, Wrt};
use crate::autodiff::reachable;
use crate::error::GraphError;
use crate::graph::{BufferUpdate, Graph, Kind, Op, Source, ValueId};

impl Problem {
    /// The gradient of Σ_i l(f(x_i), y_i) + `beta` · Σ_i KL(softmax f(x_i) ‖ softmax f(x'_i)), x' being read as
    /// targets. `Loss` is the whole sum, `Weight` that of the loss, and `Output` is `[B, …, 2C]`: f(x_i) and then f(x'_i)
    /// for every sample. Running statistics follow x first and then x'; dropout masks are the same for both. Cost: 6 F.
    ///
    /// # Errors
    /// As [`gradient`](Problem::gradient), and where the loss reads targets itself or the samples are not real numbers.
    pub fn trades(&self, wrt: &Wrt, beta: f64) -> Result<Program, GraphError> {
        let mut g = self.graph.clone();
        let find = |source| self.graph.values().find(|v| self.graph.node(*v).op == Op::Input(source));
        let x = find(Source::Samples).filter(|x| g.node(*x).kind == Kind::Real);
        let x = x.ok_or_else(|| GraphError::mismatch("trades", "real samples", "none or indices"))?;
        if find(Source::Targets).is_some() {
            return Err(GraphError::mismatch("trades", "a loss of labels", "a loss of real targets"));
        }
        let shape = g.shape(x).clone();
        let perturbed = g.leaf(Source::Targets, shape, Kind::Real)?;
        let (other, updates) = self.repeated(&mut g, x, perturbed)?;

        let divergence = divergence(&mut g, self.output, other)?;
        let divergence = g.scale(divergence, beta)?;
        let total = g.add(self.loss.total, divergence)?;
        let axis = g.shape(self.output).rank() - 1;
        let both = g.push(Op::Concat(axis), &[self.output, other])?;
        let mut outputs = vec![(total, Role::Loss), (self.loss.weight, Role::Weight), (both, Role::Output)];
        outputs.extend(updates.iter().map(|u| (u.value, Role::Buffer(u.buffer))));
        let seed = g.fill(1.0, g.shape(total).clone())?;
        outputs.extend(self.pulled_back(&mut g, total, seed, wrt)?);
        let mut program = self.program("TRADES gradient", &g, outputs)?;
        program.result_len = self.dimension(wrt);
        Ok(program)
    }

    /// Appends the network once more with `y` in place of the samples `x`, and with the buffers as the first pass left
    /// them; returns its output and the buffers' next values.
    fn repeated(&self, g: &mut Graph, x: ValueId, y: ValueId) -> Result<(ValueId, Vec<BufferUpdate>), GraphError> {
        let updates = self.graph.buffer_updates();
        let roots: Vec<ValueId> = updates.iter().map(|u| u.value).chain([self.output]).collect();
        let used = reachable(&self.graph, &roots);
        // A value that is not copied stands for itself.
        let mut map: Vec<ValueId> = self.graph.values().collect();
        for v in self.graph.values().filter(|v| used[v.index()]) {
            let node = self.graph.node(v);
            map[v.index()] = match &node.op {
                Op::Input(Source::Samples) if v == x => y,
                Op::Input(Source::Buffer(i)) => updates.iter().find(|u| u.buffer == *i).map_or(v, |u| u.value),
                _ if node.operands.is_empty() => v,
                op => {
                    let operands: Vec<ValueId> = node.operands.iter().map(|o| map[o.index()]).collect();
                    g.push(op.clone(), &operands)?
                }
            };
        }
        let updates = updates.iter().map(|u| BufferUpdate { buffer: u.buffer, value: map[u.value.index()] }).collect();
        Ok((map[self.output.index()], updates))
    }
}

/// Σ KL(softmax z ‖ softmax w) over all rows: Σ_j p_j (z_j − w_j) − lse(z) + lse(w).
fn divergence(g: &mut Graph, z: ValueId, w: ValueId) -> Result<ValueId, GraphError> {
    let last = g.shape(z).rank() - 1;
    let p = g.push(Op::Softmax, &[z])?;
    let difference = g.sub(z, w)?;
    let weighted = g.mul(p, difference)?;
    let mean = g.sum(weighted, &[last])?;
    let (from, to) = (g.push(Op::LogSumExp, &[z])?, g.push(Op::LogSumExp, &[w])?);
    let mean = g.sub(mean, from)?;
    let rows = g.add(mean, to)?;
    let axes: Vec<usize> = (0..g.shape(rows).rank()).collect();
    g.sum(rows, &axes)
}
