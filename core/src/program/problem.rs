//! The derivative programs of a network with a loss.

use super::{Output, Program, Role, Segment};
use crate::autodiff::{Parts, extract, forward, reverse, split};
use crate::error::GraphError;
use crate::graph::{Dim, Graph, Kind, Source, ValueId};
use crate::loss::{Loss, LossValues};

/// What a derivative is taken with respect to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wrt {
    /// These parameters, by position; the direction is their concatenation in this order.
    Parameters(Vec<usize>),
    /// The samples; the direction is `[B, …]` flattened, and products are per sample because each sample's loss
    /// depends on that sample alone (in eval mode).
    Samples,
}

/// A product with a direction, in two programs.
#[derive(Debug, Clone)]
pub struct Product {
    /// What does not depend on the direction; its outputs are kept for the other.
    pub primal: Program,
    /// What does; it adds the product into the result column.
    pub tangent: Program,
}

/// Values with what they are for.
pub(super) type Roles = Vec<(ValueId, Role)>;
/// Values with their tangents.
type Seeds = Vec<(ValueId, ValueId)>;

/// A network with its loss.
#[derive(Debug, Clone)]
pub struct Problem {
    pub(super) graph: Graph,
    pub(super) output: ValueId,
    pub(super) loss: LossValues,
    function: Loss,
}

impl Problem {
    /// Appends the loss to a recorded network.
    ///
    /// # Errors
    /// Where the network has no output or the loss does not fit it.
    pub fn new(mut graph: Graph, loss: &Loss) -> Result<Self, GraphError> {
        let output = graph.output().ok_or_else(|| GraphError::mismatch("problem", "a finished graph", "no output"))?;
        let values = loss.record(&mut graph, output)?;
        Ok(Problem { graph, output, loss: values, function: loss.clone() })
    }

    /// What is minimised.
    pub fn loss_function(&self) -> &Loss {
        &self.function
    }

    /// The network and its loss.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// Whether samples of a batch see each other, through batch norm in train mode: then a batch has no parts.
    pub fn couples_samples(&self) -> bool {
        !self.graph.buffer_updates().is_empty()
    }

    /// Every parameter.
    pub fn all_parameters(&self) -> Wrt {
        Wrt::Parameters((0..self.graph.parameters().len()).collect())
    }

    /// The parameters whose names match a glob (`*` and `?`; `layer1.*`), several separated by commas.
    ///
    /// # Errors
    /// Where nothing matches.
    pub fn parameters_matching(&self, pattern: &str) -> Result<Wrt, GraphError> {
        let names = self.graph.parameters();
        let found: Vec<usize> =
            (0..names.len()).filter(|&i| pattern.split(',').any(|p| glob(p.trim(), &names[i].name))).collect();
        if found.is_empty() {
            let known: Vec<&str> = names.iter().take(6).map(|p| p.name.as_str()).collect();
            return Err(GraphError::mismatch(
                "parameters",
                format!("a pattern that matches one of {}, …", known.join(", ")),
                pattern,
            ));
        }
        Ok(Wrt::Parameters(found))
    }

    /// Length of a direction with respect to `wrt`, possibly per sample.
    pub fn dimension(&self, wrt: &Wrt) -> Dim {
        match wrt {
            Wrt::Parameters(which) => {
                Dim::Fixed(which.iter().filter_map(|&i| self.graph.parameters().get(i)).map(|p| p.elements()).sum())
            }
            Wrt::Samples => self.samples().map_or(Dim::Batch(0), |v| self.graph.shape(v).elements()),
        }
    }

    fn samples(&self) -> Option<ValueId> {
        find(&self.graph, Source::Samples)
    }

    /// The differentiated leaves of `g` with the offset of each part and the leaf of its tangent.
    pub(super) fn leaves(&self, g: &Graph, wrt: &Wrt) -> Result<Vec<(Option<ValueId>, usize, Source)>, GraphError> {
        match wrt {
            Wrt::Parameters(which) => {
                let mut offset = 0;
                let mut leaves = Vec::new();
                for &i in which {
                    let parameter = self.graph.parameters().get(i).ok_or_else(|| {
                        GraphError::mismatch("parameters", format!("below {}", self.graph.parameters().len()), i)
                    })?;
                    leaves.push((find(g, Source::Parameter(i)), offset, Source::ParameterTangent(i)));
                    offset += parameter.elements();
                }
                Ok(leaves)
            }
            Wrt::Samples => {
                let x = find(g, Source::Samples).filter(|&x| g.node(x).kind == Kind::Real);
                let x =
                    x.ok_or_else(|| GraphError::mismatch("derivative by the samples", "real samples", "indices"))?;
                Ok(vec![(Some(x), 0, Source::SampleTangent)])
            }
        }
    }

    pub(super) fn program(
        &self,
        name: &str,
        graph: &Graph,
        outputs: Vec<(ValueId, Role)>,
    ) -> Result<Program, GraphError> {
        let values: Vec<ValueId> = outputs.iter().map(|o| o.0).collect();
        let (graph, values) = extract(graph, &values)?;
        Ok(Program {
            name: name.to_string(),
            graph,
            outputs: values.into_iter().zip(outputs).map(|(value, (_, role))| Output { value, role }).collect(),
            direction: Vec::new(),
            direction_len: Dim::Fixed(0),
            result_len: Dim::Fixed(0),
        })
    }

    pub(super) fn scalars(&self) -> Vec<(ValueId, Role)> {
        vec![(self.loss.total, Role::Loss), (self.loss.weight, Role::Weight)]
    }

    /// Loss, weight, the network's output and the loss of each sample. Cost: one forward pass F.
    ///
    /// # Errors
    /// Never for a well-formed problem.
    pub fn loss(&self) -> Result<Program, GraphError> {
        let mut outputs = self.scalars();
        outputs.push((self.output, Role::Output));
        outputs.push((self.loss.per_sample, Role::PerSampleLoss));
        self.program("loss", &self.graph, outputs)
    }

    /// The network's output alone; reads no labels. Cost: one forward pass F.
    ///
    /// # Errors
    /// Never for a well-formed problem.
    pub fn output(&self) -> Result<Program, GraphError> {
        self.program("output", &self.graph, vec![(self.output, Role::Output)])
    }

    /// Loss, weight, output, next buffers (in train mode), and the sum-reduced gradient added into the result column.
    /// Cost: 3 F.
    ///
    /// # Errors
    /// Where `wrt` names what is not there.
    pub fn gradient(&self, wrt: &Wrt) -> Result<Program, GraphError> {
        let mut g = self.graph.clone();
        let mut outputs = self.scalars();
        outputs.push((self.output, Role::Output));
        outputs.extend(g.buffer_updates().iter().map(|u| (u.value, Role::Buffer(u.buffer))));
        outputs.extend(self.gradient_values(&mut g, wrt)?);
        let mut program = self.program("gradient", &g, outputs)?;
        program.result_len = self.dimension(wrt);
        Ok(program)
    }

    /// Appends ∂loss/∂wrt; parts on which the loss does not depend are absent.
    pub(super) fn gradient_values(&self, g: &mut Graph, wrt: &Wrt) -> Result<Vec<(ValueId, Role)>, GraphError> {
        let seed = g.fill(1.0, g.shape(self.loss.total).clone())?;
        self.pulled_back(g, self.loss.total, seed, wrt)
    }

    /// Appends (∂value/∂wrt)ᵀ·cotangent.
    pub(super) fn pulled_back(
        &self,
        g: &mut Graph,
        value: ValueId,
        cotangent: ValueId,
        wrt: &Wrt,
    ) -> Result<Vec<(ValueId, Role)>, GraphError> {
        let leaves: Vec<(ValueId, usize)> =
            self.leaves(g, wrt)?.into_iter().filter_map(|(v, offset, _)| v.map(|v| (v, offset))).collect();
        let which: Vec<ValueId> = leaves.iter().map(|l| l.0).collect();
        let parts = reverse(g, value, cotangent, &which)?;
        Ok(parts.iter().zip(&leaves).filter_map(|(p, l)| p.map(|p| (p, Role::Flat { offset: l.1 }))).collect())
    }

    /// Appends the leaves of the direction; returns (value, tangent) pairs and the segments.
    pub(super) fn seeds(&self, g: &mut Graph, wrt: &Wrt) -> Result<(Seeds, Vec<Segment>), GraphError> {
        let mut seeds = Vec::new();
        let mut segments = Vec::new();
        for (value, offset, source) in self.leaves(g, wrt)? {
            // A parameter that the network does not use has no leaf; its rows of every product stay zero.
            let Some(value) = value else { continue };
            let tangent = g.leaf(source, g.shape(value).clone(), Kind::Real)?;
            seeds.push((value, tangent));
            segments.push(Segment { source, offset });
        }
        Ok((seeds, segments))
    }

    /// H·v of the sum-reduced loss. Cost with the primal part kept: 6 F; the primal part: 2 F (3 F less the weight
    /// gradients, plus nothing).
    ///
    /// # Errors
    /// As [`Self::gradient`].
    pub fn hessian(&self, wrt: &Wrt) -> Result<Product, GraphError> {
        let mut g = self.graph.clone();
        let gradient = self.gradient_values(&mut g, wrt)?;
        let (seeds, segments) = self.seeds(&mut g, wrt)?;
        let values: Vec<ValueId> = gradient.iter().map(|o| o.0).collect();
        let tangents = forward(&mut g, &seeds, &values)?;
        let outputs = tangents.into_iter().zip(gradient).filter_map(|(t, (_, role))| t.map(|t| (t, role))).collect();
        self.product("hessian product", &g, outputs, segments, self.dimension(wrt), self.dimension(wrt))
    }

    /// G·v, the Gauss–Newton product Jᵀ H_L J v of the sum-reduced loss. Cost with the primal part kept: 4 F.
    ///
    /// # Errors
    /// As [`Self::gradient`].
    pub fn gauss_newton(&self, wrt: &Wrt) -> Result<Product, GraphError> {
        let mut g = self.graph.clone();
        let seed = g.fill(1.0, g.shape(self.loss.total).clone())?;
        let by_output = reverse(&mut g, self.loss.total, seed, &[self.output])?;
        let (seeds, segments) = self.seeds(&mut g, wrt)?;
        let moved = forward(&mut g, &seeds, &[self.output])?;
        let mut outputs = Vec::new();
        if let (Some(Some(delta)), Some(Some(jv))) = (by_output.first(), moved.first()) {
            // The loss Hessian alone: the output moves, the parameters behind it do not.
            let curved = forward(&mut g, &[(self.output, *jv)], &[*delta])?;
            if let Some(Some(u)) = curved.first() {
                outputs = self.pulled_back(&mut g, self.output, *u, wrt)?;
            }
        }
        self.product("Gauss-Newton product", &g, outputs, segments, self.dimension(wrt), self.dimension(wrt))
    }

    /// J·v, the change of the network's output, flattened `[B, …]`. Cost with the primal part kept: 2 F.
    ///
    /// # Errors
    /// As [`Self::gradient`].
    pub fn jacobian(&self, wrt: &Wrt) -> Result<Product, GraphError> {
        let mut g = self.graph.clone();
        let (seeds, segments) = self.seeds(&mut g, wrt)?;
        let moved = forward(&mut g, &seeds, &[self.output])?;
        let outputs = moved.into_iter().flatten().map(|t| (t, Role::Flat { offset: 0 })).collect();
        let rows = g.shape(self.output).elements();
        self.product("Jacobian product", &g, outputs, segments, self.dimension(wrt), rows)
    }

    /// Jᵀ·v for a cotangent v of the network's output. Cost with the primal part kept: 2 F.
    ///
    /// # Errors
    /// As [`Self::gradient`].
    pub fn jacobian_transpose(&self, wrt: &Wrt) -> Result<Product, GraphError> {
        let mut g = self.graph.clone();
        let cotangent = g.leaf(Source::OutputCotangent, g.shape(self.output).clone(), Kind::Real)?;
        let outputs = self.pulled_back(&mut g, self.output, cotangent, wrt)?;
        let rows = g.shape(self.output).elements();
        let segments = vec![Segment { source: Source::OutputCotangent, offset: 0 }];
        self.product("transposed Jacobian product", &g, outputs, segments, rows, self.dimension(wrt))
    }

    /// Jᵀ·u as [`jacobian_transpose`](Self::jacobian_transpose), for losses that are known on the host alone: the
    /// primal part returns the network's output, from which the caller forms u = ∂loss/∂output, and neither part reads
    /// labels. Cost: F for the primal part, F for each tangent part with respect to samples.
    ///
    /// # Errors
    /// As [`Self::gradient`].
    pub fn pull_back(&self, wrt: &Wrt) -> Result<Product, GraphError> {
        let mut g = self.graph.clone();
        let cotangent = g.leaf(Source::OutputCotangent, g.shape(self.output).clone(), Kind::Real)?;
        let outputs = self.pulled_back(&mut g, self.output, cotangent, wrt)?;
        let segments = vec![Segment { source: Source::OutputCotangent, offset: 0 }];
        let rows = g.shape(self.output).elements();
        let returned = vec![(self.output, Role::Output)];
        self.split_product("pull-back", &g, (outputs, returned), segments, rows, self.dimension(wrt))
    }

    /// J·v as [`jacobian`](Self::jacobian), reading no labels; the primal part returns the network's output. Cost: F
    /// for the primal part, F for each tangent part.
    ///
    /// # Errors
    /// As [`Self::gradient`].
    pub fn push_forward(&self, wrt: &Wrt) -> Result<Product, GraphError> {
        let mut g = self.graph.clone();
        let (seeds, segments) = self.seeds(&mut g, wrt)?;
        let moved = forward(&mut g, &seeds, &[self.output])?;
        let outputs = moved.into_iter().flatten().map(|t| (t, Role::Flat { offset: 0 })).collect();
        let rows = g.shape(self.output).elements();
        let returned = vec![(self.output, Role::Output)];
        self.split_product("push-forward", &g, (outputs, returned), segments, self.dimension(wrt), rows)
    }

    /// Σ_k u_k ∇²z_k v with respect to the samples: the second derivative of ⟨u, z⟩, u being a constant `[B, C]`. It is
    /// what the network's own curvature adds to the Hessian of any function of its output; where the network is
    /// piecewise linear the tangent part has no output at all, which means zero. The direction is v (B·D rows), then u
    /// (B·C rows); because of that offset the programs are good for batches of `batch` samples only. Cost: F for the
    /// primal part, about 3 F for each tangent part.
    ///
    /// # Errors
    /// As [`Self::gradient`].
    pub fn output_curvature(&self, batch: usize) -> Result<Product, GraphError> {
        let wrt = Wrt::Samples;
        let mut g = self.graph.clone();
        let cotangent = g.leaf(Source::OutputCotangent, g.shape(self.output).clone(), Kind::Real)?;
        let pulled = self.pulled_back(&mut g, self.output, cotangent, &wrt)?;
        let (seeds, mut segments) = self.seeds(&mut g, &wrt)?;
        let values: Vec<ValueId> = pulled.iter().map(|o| o.0).collect();
        let tangents = forward(&mut g, &seeds, &values)?;
        let outputs = tangents.into_iter().zip(pulled).filter_map(|(t, (_, role))| t.map(|t| (t, role))).collect();
        let (v, u) = (self.dimension(&wrt).at(batch), g.shape(self.output).elements().at(batch));
        segments.push(Segment { source: Source::OutputCotangent, offset: v });
        let returned = vec![(self.output, Role::Output)];
        let name = "curvature of the output";
        self.split_product(name, &g, (outputs, returned), segments, Dim::Fixed(v + u), self.dimension(&wrt))
    }

    fn product(
        &self,
        name: &str,
        g: &Graph,
        outputs: Vec<(ValueId, Role)>,
        direction: Vec<Segment>,
        direction_len: Dim,
        result_len: Dim,
    ) -> Result<Product, GraphError> {
        self.split_product(name, g, (outputs, self.scalars()), direction, direction_len, result_len)
    }

    /// Splits a product; `returned` is what its primal part hands to the host besides.
    pub(super) fn split_product(
        &self,
        name: &str,
        g: &Graph,
        (outputs, returned): (Roles, Roles),
        direction: Vec<Segment>,
        direction_len: Dim,
        result_len: Dim,
    ) -> Result<Product, GraphError> {
        let values: Vec<ValueId> = outputs.iter().chain(&returned).map(|o| o.0).collect();
        let Parts { primal, saved, primal_outputs, tangent, tangent_outputs } = split(g, &values)?;
        let mut kept: Vec<(ValueId, Role)> = saved.iter().enumerate().map(|(k, &v)| (v, Role::Saved(k))).collect();
        let mut moving = Vec::new();
        for (i, (_, role)) in outputs.into_iter().chain(returned).enumerate() {
            match (tangent_outputs[i], primal_outputs[i]) {
                (Some(t), _) => moving.push((t, role)),
                (None, Some(p)) if matches!(role, Role::Loss | Role::Weight | Role::Output) => kept.push((p, role)),
                // A linear output's derivative can be independent of the direction only by being zero.
                _ => {}
            }
        }
        let primal = self.program(&format!("{name}, primal part"), &primal, kept)?;
        let mut tangent = self.program(name, &tangent, moving)?;
        tangent.direction = direction;
        tangent.direction_len = direction_len;
        tangent.result_len = result_len;
        Ok(Product { primal, tangent })
    }
}

pub(super) fn find(g: &Graph, source: Source) -> Option<ValueId> {
    g.values().find(|v| g.node(*v).op == crate::graph::Op::Input(source))
}

/// Whether `name` matches `pattern`, where `*` is any run and `?` any one character.
fn glob(pattern: &str, name: &str) -> bool {
    let (p, n): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    // One row of the usual table: reach[j] = the pattern so far matches the first j characters.
    let mut reach = vec![false; n.len() + 1];
    reach[0] = true;
    for &c in &p {
        if c == '*' {
            for j in 1..=n.len() {
                reach[j] |= reach[j - 1];
            }
        } else {
            for j in (0..n.len()).rev() {
                reach[j + 1] = reach[j] && (c == '?' || c == n[j]);
            }
            reach[0] = false;
        }
    }
    reach[n.len()]
}

#[cfg(test)]
mod tests {
    use super::glob;

    #[test]
    fn a_star_matches_any_run_and_a_question_mark_one_character() {
        assert!(glob("layer1.*", "layer1.0.conv1.weight") && glob("*", "") && glob("fc?.weight", "fc2.weight"));
        assert!(glob("*conv*.weight", "a.conv1.weight") && !glob("conv", "conv1") && !glob("fc?", "fc"));
    }
}
