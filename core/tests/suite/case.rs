//! A small network with its loss, and the numbers it is tried with.

use super::kinks;
use crate::oracle::setting::Setting;
use crate::oracle::value::Value;
use hesse_core::error::GraphError;
use hesse_core::graph::{Graph, GraphBuilder, Kind, Mode, Op, Source, ValueId};
use hesse_core::loss::Loss;
use hesse_core::program::Problem;
use hesse_core::random::{Purpose, Stream};

/// Finite differences need the network to be smooth near the point: no kink closer than this.
const MARGIN: f64 = 3e-3;

/// One network to try.
#[derive(Debug, Clone)]
pub struct Case {
    /// What it tries.
    pub name: &'static str,
    /// The network without its loss.
    pub graph: Graph,
    /// The loss.
    pub loss: Loss,
    /// Batch statistics of one sample may not exist.
    pub smallest_batch: usize,
    /// Tokens are below this number.
    pub vocabulary: u64,
}

impl Case {
    /// A network in eval mode with cross-entropy.
    pub fn new(name: &'static str, record: impl FnOnce(&mut GraphBuilder) -> Result<ValueId, GraphError>) -> Self {
        Self::in_mode(Mode::Eval, name, record)
    }

    /// A network in train mode with cross-entropy.
    pub fn train(name: &'static str, record: impl FnOnce(&mut GraphBuilder) -> Result<ValueId, GraphError>) -> Self {
        Self::in_mode(Mode::Train, name, record)
    }

    fn in_mode(
        mode: Mode,
        name: &'static str,
        record: impl FnOnce(&mut GraphBuilder) -> Result<ValueId, GraphError>,
    ) -> Self {
        let mut g = GraphBuilder::new(mode);
        let output = record(&mut g).unwrap_or_else(|e| panic!("{name}: {e}"));
        let graph = g.finish(output).unwrap_or_else(|e| panic!("{name}: {e}"));
        Case { name, graph, loss: Loss::default(), smallest_batch: 1, vocabulary: 1 }
    }

    /// The same with another loss.
    pub fn loss(self, loss: Loss) -> Self {
        Case { loss, ..self }
    }

    /// The same for batches of at least this size.
    pub fn at_least(self, smallest_batch: usize) -> Self {
        Case { smallest_batch, ..self }
    }

    /// The same with tokens below this number.
    pub fn tokens(self, vocabulary: u64) -> Self {
        Case { vocabulary, ..self }
    }

    /// The derivative programs.
    pub fn problem(&self) -> Problem {
        Problem::new(self.graph.clone(), &self.loss).unwrap()
    }

    /// Whether the samples are numbers and so can be differentiated by.
    pub fn has_real_samples(&self) -> bool {
        self.graph.nodes().iter().any(|n| n.op == Op::Input(Source::Samples) && n.kind == Kind::Real)
    }

    /// The network with reproducible random numbers, away from kinks.
    pub fn setting(&self, batch: usize) -> Setting {
        let found = (0..400).map(|seed| self.draw(batch, seed)).find(|s| kinks::distance(s) > MARGIN);
        found.unwrap_or_else(|| panic!("{}: no point away from kinks", self.name))
    }

    fn draw(&self, batch: usize, seed: u64) -> Setting {
        let mut stream = Stream::new(seed, Purpose::Data, batch as u64);
        let mut s = Setting::new(self.graph.clone(), &self.loss, batch);
        s.parameters = (0..self.graph.parameter_count()).map(|_| 0.6 * stream.normal()).collect();
        for b in self.graph.buffers() {
            let variance = b.name.ends_with("running_var");
            let one = |stream: &mut Stream| if variance { 0.5 + stream.uniform() } else { 0.5 * stream.normal() };
            s.buffers.extend((0..b.elements()).map(|_| one(&mut stream)));
        }
        for node in s.graph.nodes().to_vec() {
            let shape = node.shape.at(batch);
            let count: usize = shape.iter().product();
            match node.op {
                Op::Input(Source::Samples) if node.kind == Kind::Index => {
                    let entries = (0..count).map(|_| stream.below(self.vocabulary) as u32).collect();
                    s.samples = Value::index(shape, entries);
                }
                Op::Input(Source::Samples) => {
                    s.samples = Value::real(shape, (0..count).map(|_| stream.normal()).collect());
                }
                Op::Input(Source::Targets) => {
                    s.targets = Some(Value::real(shape, (0..count).map(|_| stream.normal()).collect()));
                }
                Op::Input(Source::Labels) => {
                    s.labels = Some(Value::index(
                        shape,
                        self.labels(count, s.graph.shape(s.output).last().at(1), &mut stream),
                    ));
                }
                _ => {}
            }
        }
        for site in self.graph.dropout_sites() {
            let shape = site.shape.at(batch);
            let kept = 1.0 / (1.0 - site.rate);
            let one = |stream: &mut Stream| if stream.uniform() < site.rate { 0.0 } else { kept };
            let entries = (0..shape.iter().product()).map(|_| one(&mut stream)).collect();
            s.masks.push(Value::real(shape, entries));
        }
        s
    }

    /// Random classes; every third is the ignored label where there is one.
    fn labels(&self, count: usize, classes: usize, stream: &mut Stream) -> Vec<u32> {
        let ignored = match self.loss {
            Loss::CrossEntropy { ignored_label, .. } => ignored_label,
            _ => None,
        };
        (0..count)
            .map(|i| match ignored {
                Some(label) if i % 3 == 1 => label,
                _ => stream.below(classes as u64) as u32,
            })
            .collect()
    }
}
