//! Running a program: value by value, each dropped after its last reader.

use super::bind::Inputs;
use super::dtype;
use super::failure::Failure;
use super::plan::{Plan, bytes, is_view, plan};
use super::primitives::{Primitive, compile};
use super::space::{Columns, numbers};
use super::tables::Tables;
use candle_core::Tensor;
use hesse_core::backend::{BackendError, DeviceTensor, Executable, Feed, Outcome, Saved};
use hesse_core::graph::{Kind, Op, ValueId};
use hesse_core::layout::Layout;
use hesse_core::program::{Program, Role};
use hesse_core::vectors::{Precision, ViewMut};
use std::ops::ControlFlow;

/// The kept outputs of a primal program, by number; nothing before it has run.
pub(super) struct SavedTensors(pub Vec<Option<Tensor>>);

/// Where a program runs.
#[derive(Clone)]
pub(super) struct Place {
    pub name: String,
    pub precision: Precision,
}

/// A compiled program.
pub(super) struct TensorExecutable {
    program: Program,
    batch: usize,
    place: Place,
    /// One for each value that is not an input.
    primitives: Vec<Option<Primitive>>,
    plan: Plan,
    /// Values that an output keeps, by number.
    kept: Vec<ValueId>,
    layout: Layout,
}

/// The tensors of a run, by value.
type Values = Vec<Option<Tensor>>;

/// Where a run's results go.
struct Delivery<'a> {
    outcome: Outcome,
    keep: Option<&'a mut SavedTensors>,
    /// The result block and the column of this direction.
    into: Option<(&'a Columns, usize)>,
}

impl TensorExecutable {
    pub fn new(program: &Program, batch: usize, place: Place, tables: Tables) -> Result<Self, BackendError> {
        if let Some(system) = program.graph.external_system() {
            return Err(BackendError::Operation {
                program: program.name.clone(),
                operation: "differential".into(),
                cause: format!("the network is a program of {system}, which this backend cannot run"),
            });
        }
        let planned = |program: &Program| (program.clone(), plan(program, batch, place.precision.bytes()));
        let (program, plan) = program.smallest(batch, planned, |(_, plan)| plan.peak);
        let g = &program.graph;
        let mut primitives = Vec::with_capacity(g.nodes().len());
        for v in g.values() {
            let node = g.node(v);
            primitives.push(match node.op {
                Op::Input(_) => None,
                _ => {
                    let operands: Vec<Vec<usize>> = node.operands.iter().map(|o| g.shape(*o).at(batch)).collect();
                    let made =
                        compile(&node.op, &operands, g.shape(v).at(batch), batch, dtype(place.precision), &tables);
                    let at = Failure { program: &program.name, device: &place.name };
                    Some(made.map_err(|e| at.of(node.op.name(), 0, e))?)
                }
            });
        }
        let mut kept: Vec<Option<ValueId>> = Vec::new();
        for output in &program.outputs {
            if let Role::Saved(k) = output.role {
                kept.resize(kept.len().max(k + 1), None);
                kept[k] = Some(output.value);
            }
        }
        Ok(TensorExecutable {
            batch,
            primitives,
            plan,
            kept: kept.into_iter().flatten().collect(),
            layout: Layout::new(&program, batch),
            place,
            program,
        })
    }

    fn bytes(&self, v: ValueId) -> usize {
        bytes(&self.program.graph, v, self.batch, self.place.precision.bytes())
    }

    fn failed(&self, v: ValueId, cause: candle_core::Error) -> BackendError {
        let at = Failure { program: &self.program.name, device: &self.place.name };
        at.of(self.program.graph.node(v).op.name(), self.bytes(v), cause)
    }

    /// The value of a node whose operands have been computed.
    fn value(&self, v: ValueId, values: &Values, inputs: &Inputs<'_>, column: usize) -> Result<Tensor, BackendError> {
        let node = self.program.graph.node(v);
        let Some(primitive) = &self.primitives[v.index()] else {
            let Op::Input(source) = node.op else {
                return Err(self.failed(v, candle_core::Error::Msg("no primitive".into())));
            };
            return inputs.find(source, node.kind, &node.shape.at(self.batch), column);
        };
        let missing = || self.failed(v, candle_core::Error::Msg("an operand has no value".into()));
        let operands = node.operands.iter().map(|o| values[o.index()].as_ref().ok_or_else(missing));
        let operands: Vec<&Tensor> = operands.collect::<Result<_, _>>()?;
        primitive.apply(&operands).map_err(|e| self.failed(v, e))
    }

    /// Computes value by value for one direction and shows each, until `seen` has seen enough.
    fn each(
        &self,
        inputs: &Inputs<'_>,
        column: usize,
        mut seen: impl FnMut(ValueId, &Tensor) -> Result<ControlFlow<()>, BackendError>,
    ) -> Result<(), BackendError> {
        let mut values: Values = vec![None; self.program.graph.nodes().len()];
        for v in self.program.graph.values() {
            let value = self.value(v, &values, inputs, column)?;
            if seen(v, &value)?.is_break() {
                break;
            }
            values[v.index()] = Some(value);
            for dead in &self.plan.drops[v.index()] {
                values[dead.index()] = None;
            }
        }
        Ok(())
    }

    /// Hands a value to the caller.
    fn deliver(&self, v: ValueId, role: &Role, value: &Tensor, out: &mut Delivery<'_>) -> Result<(), BackendError> {
        let fail = |e| self.failed(v, e);
        match role {
            Role::Flat { offset } => {
                let Some((columns, column)) = out.into else { return Ok(()) };
                add(columns, column, *offset, value).map_err(fail)?;
            }
            Role::Saved(k) => {
                // A view would keep the whole alive, or change with the memory of an input.
                let view = is_view(&self.program.graph.node(v).op);
                let own = if view { value.force_contiguous() } else { value.contiguous() };
                if let Some(place) = out.keep.as_mut().and_then(|s| s.0.get_mut(*k)) {
                    *place = Some(own.map_err(fail)?);
                }
            }
            _ => out.outcome.take(role, numbers(value).map_err(fail)?),
        }
        Ok(())
    }

    fn inputs<'a>(&'a self, feed: &'a Feed<'a>) -> Inputs<'a> {
        Inputs { program: &self.program.name, layout: &self.layout, feed, precision: self.place.precision }
    }
}

/// Adds a value into a part of a column, on the device.
fn add(columns: &Columns, column: usize, offset: usize, value: &Tensor) -> candle_core::Result<()> {
    let elements = value.elem_count();
    if elements == 0 {
        return Ok(());
    }
    let row = columns.tensor.narrow(0, column, 1)?;
    let value = value.reshape((1, elements))?.to_dtype(columns.tensor.dtype())?;
    let sum = row.narrow(1, offset, elements)?.add(&value)?;
    row.slice_set(&sum, 1, offset)
}

impl Executable for TensorExecutable {
    fn run(
        &mut self,
        feed: &Feed<'_>,
        result: Option<ViewMut<'_>>,
        keep: Option<&mut Saved>,
    ) -> Result<Outcome, BackendError> {
        let name = &self.program.name;
        let columns = self.layout.check(name, feed, result.as_ref())?;
        let keep = keep.and_then(|saved| saved.storage_mut::<SavedTensors>());
        if keep.as_ref().map_or(0, |s| s.0.len()) < self.kept.len() {
            return Err(BackendError::input(name, "memory for kept values", "a value", "none"));
        }
        let start = result.as_ref().map_or(0, |r| r.columns.start);
        let target = match &result {
            Some(view) => match view.block.storage::<Columns>() {
                Some(columns) => Some(columns),
                None => {
                    return Err(BackendError::input(
                        name,
                        "result",
                        "a block of this device of the candle backend",
                        "another",
                    ));
                }
            },
            None => None,
        };
        let inputs = self.inputs(feed);
        let mut out = Delivery { outcome: Outcome::default(), keep, into: None };
        for column in 0..columns {
            out.into = target.map(|t| (t, start + column));
            self.each(&inputs, column, |v, value| {
                for output in self.program.outputs.iter().filter(|o| o.value == v) {
                    self.deliver(v, &output.role, value, &mut out)?;
                }
                Ok(ControlFlow::Continue(()))
            })?;
        }
        Ok(out.outcome)
    }

    fn new_saved(&self) -> Result<Saved, BackendError> {
        let places = vec![None; self.kept.len()];
        Ok(DeviceTensor::new(Box::new(SavedTensors(places)), self.saved_bytes()))
    }

    fn saved_bytes(&self) -> usize {
        self.kept.iter().map(|v| self.bytes(*v)).sum()
    }

    fn workspace_bytes(&self) -> usize {
        let own = self.primitives.iter().flatten().map(Primitive::scratch).max().unwrap_or(0);
        self.plan.peak + own * self.place.precision.bytes()
    }

    fn first_not_finite(&mut self, feed: &Feed<'_>) -> Result<Option<String>, BackendError> {
        self.layout.check(&self.program.name, feed, None)?;
        let g = &self.program.graph;
        let inputs = self.inputs(feed);
        let mut found = None;
        self.each(&inputs, 0, |v, value| {
            let node = g.node(v);
            let numbers = || numbers(value).map_err(|e| self.failed(v, e));
            if node.kind != Kind::Real || numbers()?.iter().all(|x| x.is_finite()) {
                return Ok(ControlFlow::Continue(()));
            }
            found = Some(match &node.op {
                Op::Input(source) => format!("input {}", self.layout.describe(*source)),
                op => format!("primitive {}", op.name()),
            });
            Ok(ControlFlow::Break(()))
        })?;
        Ok(found)
    }
}
