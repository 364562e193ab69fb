//! A network with its loss and all the numbers it reads: one function value to differentiate.

use super::interpret::{Fault, evaluate};
use super::number::Num;
use super::value::{Entries, Value};
use hesse_core::graph::{Graph, Node, Source, ValueId};
use hesse_core::loss::{Loss, LossValues};

/// One network, one batch, one point in parameter space.
#[derive(Debug, Clone)]
pub struct Setting {
    /// The network with its loss appended.
    pub graph: Graph,
    /// The network's output.
    pub output: ValueId,
    /// The values that the loss added.
    pub loss: LossValues,
    /// Number of samples.
    pub batch: usize,
    /// All parameters, in state-dict order.
    pub parameters: Vec<f64>,
    /// All buffers, in state-dict order.
    pub buffers: Vec<f64>,
    /// The samples: numbers or tokens.
    pub samples: Value<f64>,
    /// The labels, where the loss wants them.
    pub labels: Option<Value<f64>>,
    /// The targets, where the loss wants them.
    pub targets: Option<Value<f64>>,
    /// Dropout masks, by site.
    pub masks: Vec<Value<f64>>,
}

/// Something the function is differentiated by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Coordinate {
    /// Entry of the concatenated parameters.
    Parameter(usize),
    /// Entry of the samples.
    Sample(usize),
}

/// What an evaluation found.
#[derive(Debug, Clone)]
pub struct Evaluated<N> {
    /// The sum-reduced loss.
    pub total: N,
    /// The network's output.
    pub output: Vec<N>,
    /// Next values of buffers, by position.
    pub buffers: Vec<(usize, Vec<f64>)>,
}

/// Replaces a real tensor's entries by `f(entry number, entry)`.
fn lifted<N: Num>(x: &Value<f64>, f: impl Fn(usize, f64) -> N) -> Value<N> {
    let entries = match &x.entries {
        Entries::Real(v) => Entries::Real(v.iter().enumerate().map(|(i, &v)| f(i, v)).collect()),
        Entries::Index(v) => Entries::Index(v.clone()),
    };
    Value { shape: x.shape.clone(), entries }
}

impl Setting {
    /// Appends the loss to a network, as `Problem::new` does, and leaves all numbers empty.
    pub fn new(mut graph: Graph, loss: &Loss, batch: usize) -> Self {
        let output = graph.output().unwrap();
        let loss = loss.record(&mut graph, output).unwrap();
        Setting {
            graph,
            output,
            loss,
            batch,
            parameters: Vec::new(),
            buffers: Vec::new(),
            samples: Value::real(vec![0], Vec::new()),
            labels: None,
            targets: None,
            masks: Vec::new(),
        }
    }

    fn leaf<N: Num>(&self, source: Source, node: &Node, vary: &dyn Fn(Coordinate, f64) -> N) -> Value<N> {
        let shape = node.shape.at(self.batch);
        let constant = |x: &Value<f64>| lifted(x, |_, v| N::constant(v));
        let slice = |all: &[f64], sizes: &[usize], i: usize| {
            let offset: usize = sizes[..i].iter().sum();
            (offset, all[offset..offset + sizes[i]].to_vec())
        };
        match source {
            Source::Parameter(i) => {
                let sizes: Vec<usize> = self.graph.parameters().iter().map(|p| p.elements()).collect();
                let (offset, part) = slice(&self.parameters, &sizes, i);
                lifted(&Value::real(shape, part), |k, v| vary(Coordinate::Parameter(offset + k), v))
            }
            Source::Buffer(i) => {
                let sizes: Vec<usize> = self.graph.buffers().iter().map(|b| b.elements()).collect();
                constant(&Value::real(shape, slice(&self.buffers, &sizes, i).1))
            }
            Source::Samples => lifted(&self.samples, |k, v| vary(Coordinate::Sample(k), v)),
            Source::Labels => constant(self.labels.as_ref().unwrap()),
            Source::Targets => constant(self.targets.as_ref().unwrap()),
            Source::DropoutMask(i) => constant(&self.masks[i]),
            other => panic!("a network does not read {other:?}"),
        }
    }

    /// An input that does not move.
    pub fn constant_leaf<N: Num>(&self, source: Source, node: &Node) -> Value<N> {
        self.leaf(source, node, &|_, v| N::constant(v))
    }

    /// Every value of the graph, with the coordinates replaced by `vary(coordinate, value)` and then the entries of
    /// the network's output by `shift(entry number, value)`.
    pub fn values<N: Num>(
        &self,
        vary: &dyn Fn(Coordinate, f64) -> N,
        shift: &dyn Fn(usize, N) -> N,
    ) -> Result<Vec<Value<N>>, Fault> {
        evaluate(&self.graph, self.batch, &mut |source, node| Ok(self.leaf(source, node, vary)), &mut |id, value| {
            if id == self.output
                && let Entries::Real(v) = &mut value.entries
            {
                v.iter_mut().enumerate().for_each(|(i, v)| *v = shift(i, *v));
            }
            Ok(())
        })
    }

    /// As [`Self::values`], picking what a network with its loss reports.
    pub fn run<N: Num>(
        &self,
        vary: &dyn Fn(Coordinate, f64) -> N,
        shift: &dyn Fn(usize, N) -> N,
    ) -> Result<Evaluated<N>, Fault> {
        let values = self.values(vary, shift)?;
        let numbers = |v: ValueId| values[v.index()].numbers();
        Ok(Evaluated {
            total: numbers(self.loss.total)[0],
            output: numbers(self.output).to_vec(),
            buffers: (self.graph.buffer_updates().iter())
                .map(|u| (u.buffer, numbers(u.value).iter().map(|v| v.real()).collect()))
                .collect(),
        })
    }

    /// The plain evaluation.
    pub fn plain(&self) -> Evaluated<f64> {
        self.run(&|_, v| v, &|_, v| v).unwrap()
    }
}
