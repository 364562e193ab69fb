//! The interpreter as a backend: what every other backend is compared with, and enough to test core alone.
//!
//! In f32 every value is rounded once after it has been computed in f64: the best a backend of that precision can do,
//! so what goes wrong here is the fault of a rule, not of a kernel.

use super::interpret::{Fault, evaluate};
use super::value::{Entries, Value};
use hesse_core::backend::{
    BackendError, BackendInfo, DeviceTensor, Executable, Feed, HostTensor, Outcome, Saved, SecondOrderBackend,
};
use hesse_core::graph::{Kind, Node, Source, ValueId};
use hesse_core::host::HostSpace;
use hesse_core::program::{Program, Role};
use hesse_core::vectors::{Precision, VectorSpace, View, ViewMut};

type Kept = Vec<Value<f64>>;

/// Plain loops in host memory.
#[derive(Debug, Clone, Copy)]
pub struct ReferenceBackend {
    /// The compute type.
    pub precision: Precision,
}

fn rounded(precision: Precision, v: f64) -> f64 {
    match precision {
        Precision::F32 => f64::from(v as f32),
        Precision::F64 => v,
    }
}

impl SecondOrderBackend for ReferenceBackend {
    fn info(&self) -> BackendInfo {
        BackendInfo {
            name: "reference",
            device: "cpu".into(),
            precision: self.precision,
            threads: 1,
            details: "plain loops of the tests".into(),
        }
    }

    fn compile(&self, program: &Program, batch: usize) -> Result<Box<dyn Executable>, BackendError> {
        Ok(Box::new(Interpreter { program: program.clone(), batch, precision: self.precision }))
    }

    fn space(&self, dimension: usize, precision: Precision) -> Box<dyn VectorSpace> {
        Box::new(HostSpace::new(dimension, precision))
    }

    fn upload(&self, tensor: &HostTensor) -> Result<DeviceTensor, BackendError> {
        let real = |v: Vec<f64>| v.into_iter().map(|v| rounded(self.precision, v)).collect();
        let entries = match tensor {
            HostTensor::Pixels(p) => Entries::Real(real(p.iter().map(|&v| f64::from(v) / 255.0).collect())),
            HostTensor::Real(r) => Entries::Real(real(r.clone())),
            HostTensor::Index(i) => Entries::<f64>::Index(i.clone()),
        };
        Ok(DeviceTensor::new(Box::new(entries), 8 * tensor.len()))
    }
}

struct Interpreter {
    program: Program,
    batch: usize,
    precision: Precision,
}

/// What ends an evaluation early.
enum Stop {
    Fault(Fault),
    Error(BackendError),
    NotFinite(ValueId),
}

impl From<Fault> for Stop {
    fn from(f: Fault) -> Self {
        Stop::Fault(f)
    }
}

impl From<BackendError> for Stop {
    fn from(e: BackendError) -> Self {
        Stop::Error(e)
    }
}

impl Interpreter {
    fn wrong(&self, input: impl ToString, expected: impl ToString, found: impl ToString) -> BackendError {
        BackendError::Input {
            program: self.program.name.clone(),
            input: input.to_string(),
            expected: expected.to_string(),
            found: found.to_string(),
        }
    }

    fn error(&self, stop: Stop) -> BackendError {
        let (operation, cause) = match stop {
            Stop::Error(e) => return e,
            Stop::Fault(f) => (f.operation, f.cause),
            Stop::NotFinite(v) => (format!("{v:?}"), "not finite".into()),
        };
        BackendError::Operation { program: self.program.name.clone(), operation, cause }
    }

    /// Part of a column of a block.
    fn part(
        &self,
        name: &str,
        view: Option<&View<'_>>,
        column: usize,
        (offset, total): (usize, usize),
        shape: Vec<usize>,
    ) -> Result<Value<f64>, BackendError> {
        let view = view.ok_or_else(|| self.wrong(name, "a vector", "none"))?;
        if view.block.rows() != total {
            return Err(self.wrong(name, format!("{total} rows"), view.block.rows()));
        }
        let all = HostSpace::new(total, self.precision).read(view.block, view.columns.start + column)?;
        let count: usize = shape.iter().product();
        Ok(Value::real(shape, all[offset..offset + count].to_vec()))
    }

    fn tensor(
        &self,
        name: &str,
        tensor: Option<&DeviceTensor>,
        node: &Node,
        shape: Vec<usize>,
    ) -> Result<Value<f64>, BackendError> {
        let entries = tensor.and_then(|t| t.storage::<Entries<f64>>());
        let entries = entries.ok_or_else(|| self.wrong(name, "a tensor", "none"))?;
        let (count, kind) = match entries {
            Entries::Real(v) => (v.len(), Kind::Real),
            Entries::Index(v) => (v.len(), Kind::Index),
        };
        if count != shape.iter().product::<usize>() || kind != node.kind {
            return Err(self.wrong(name, format!("{:?} entries {shape:?}", node.kind), format!("{count} {kind:?}")));
        }
        Ok(Value { shape, entries: entries.clone() })
    }

    fn leaf(&self, feed: &Feed<'_>, column: usize, source: Source, node: &Node) -> Result<Value<f64>, BackendError> {
        let shape = node.shape.at(self.batch);
        let within = |sizes: Vec<usize>, i: usize| (sizes[..i].iter().sum(), sizes.iter().sum());
        let g = &self.program.graph;
        match source {
            Source::Parameter(i) => {
                let place = within(g.parameters().iter().map(|p| p.elements()).collect(), i);
                self.part(&g.parameters()[i].name, feed.parameters.as_ref(), 0, place, shape)
            }
            Source::Buffer(i) => {
                let place = within(g.buffers().iter().map(|b| b.elements()).collect(), i);
                self.part(&g.buffers()[i].name, feed.buffers.as_ref(), 0, place, shape)
            }
            Source::Samples => self.tensor("samples", feed.samples, node, shape),
            Source::Labels => self.tensor("labels", feed.labels, node, shape),
            Source::Targets => self.tensor("targets", feed.targets, node, shape),
            Source::DropoutMask(i) => self.tensor("dropout mask", feed.masks.get(i), node, shape),
            Source::ParameterTangent(_) | Source::SampleTangent | Source::OutputCotangent => {
                let segment = self.program.direction.iter().find(|s| s.source == source);
                let segment = segment.ok_or_else(|| self.wrong("direction", "a segment", "none"))?;
                let place = (segment.offset, self.program.direction_len.at(self.batch));
                self.part("direction", feed.direction.as_ref(), column, place, shape)
            }
            Source::Saved(k) => {
                let value = feed.saved.and_then(|s| s.storage::<Kept>()).and_then(|kept| kept.get(k).cloned());
                value.ok_or_else(|| self.wrong(format!("kept value {k}"), "a value", "none"))
            }
        }
    }
}

impl Interpreter {
    /// Every value for one direction.
    fn values(&self, feed: &Feed<'_>, column: usize, stop_at_nan: bool) -> Result<Vec<Value<f64>>, Stop> {
        evaluate(
            &self.program.graph,
            self.batch,
            &mut |source, node| Ok(self.leaf(feed, column, source, node)?),
            &mut |id, value| {
                if let Entries::Real(v) = &mut value.entries {
                    v.iter_mut().for_each(|v| *v = rounded(self.precision, *v));
                    if stop_at_nan && !v.iter().all(|v| v.is_finite()) {
                        return Err(Stop::NotFinite(id));
                    }
                }
                Ok(())
            },
        )
    }

    fn add(&self, to: &mut ViewMut<'_>, column: usize, offset: usize, value: &[f64]) -> Result<(), BackendError> {
        let rows = to.block.rows();
        let expected = self.program.result_len.at(self.batch);
        if rows != expected {
            return Err(self.wrong("result", format!("{expected} rows"), rows));
        }
        // Sums are never rounded here: the block may be wider than the compute type.
        let space = HostSpace::new(rows, Precision::F64);
        let mut all = space.read(to.block, to.columns.start + column)?;
        all[offset..].iter_mut().zip(value).for_each(|(sum, v)| *sum += v);
        Ok(space.write(to.block, to.columns.start + column, &all)?)
    }
}

impl Executable for Interpreter {
    fn run(
        &mut self,
        feed: &Feed<'_>,
        mut result: Option<ViewMut<'_>>,
        mut keep: Option<&mut Saved>,
    ) -> Result<Outcome, BackendError> {
        let columns = match &feed.direction {
            Some(d) if !self.program.direction.is_empty() => d.len(),
            _ => 1,
        };
        if let Some(found) = result.as_ref().map(ViewMut::len).filter(|&found| found != columns) {
            return Err(self.wrong("result", format!("{columns} columns"), found));
        }
        let mut outcome = Outcome::default();
        for column in 0..columns {
            let values = self.values(feed, column, false).map_err(|stop| self.error(stop))?;
            for output in &self.program.outputs {
                let value = &values[output.value.index()];
                match output.role {
                    Role::Loss => outcome.loss = value.numbers()[0],
                    Role::Weight => outcome.weight = value.numbers()[0],
                    Role::Output => outcome.output = value.numbers().to_vec(),
                    Role::PerSampleLoss => outcome.per_sample_loss = value.numbers().to_vec(),
                    Role::Buffer(i) => outcome.buffers.push((i, value.numbers().to_vec())),
                    Role::Flat { offset } => {
                        if let Some(result) = &mut result {
                            self.add(result, column, offset, value.numbers())?;
                        }
                    }
                    Role::Saved(k) => {
                        if let Some(kept) = keep.as_mut().and_then(|s| s.storage_mut::<Kept>()) {
                            kept[k] = value.clone();
                        }
                    }
                }
            }
        }
        Ok(outcome)
    }

    fn new_saved(&self) -> Result<Saved, BackendError> {
        let count = self.program.outputs.iter().filter(|o| matches!(o.role, Role::Saved(_))).count();
        let empty: Kept = vec![Value::real(vec![0], Vec::new()); count];
        Ok(DeviceTensor::new(Box::new(empty), self.saved_bytes()))
    }

    fn saved_bytes(&self) -> usize {
        let kept = self.program.outputs.iter().filter(|o| matches!(o.role, Role::Saved(_)));
        kept.map(|o| self.program.graph.shape(o.value).elements().at(self.batch) * 8).sum()
    }

    fn workspace_bytes(&self) -> usize {
        0
    }

    fn first_not_finite(&mut self, feed: &Feed<'_>) -> Result<Option<String>, BackendError> {
        match self.values(feed, 0, true) {
            Ok(_) => Ok(None),
            Err(Stop::NotFinite(v)) => {
                let node = self.program.graph.node(v);
                let kind = if node.operands.is_empty() { "input" } else { "primitive" };
                Ok(Some(format!("{kind} {}", node.op.name())))
            }
            Err(stop) => Err(self.error(stop)),
        }
    }
}
