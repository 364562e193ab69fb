//! Running a lowered, planned program.

mod bind;
mod diagnose;
mod dispatch;
mod workspace;

use crate::element::Element;
use crate::lower::{BufferId, Constant, Fusion, Kernel, Lowered, Origin, Step};
use crate::plan::{Place, Plan};
use crate::space::Columns;
use crate::tensor;
use bind::Bound;
use candle_core::{DType, Tensor};
use dispatch::Slice;
use hesse_core::backend::{BackendError, DeviceTensor, Executable, Feed, Outcome, Saved};
use hesse_core::graph::Kind;
use hesse_core::layout::Layout;
use hesse_core::program::{Program, Role};
use hesse_core::vectors::{Precision, ViewMut};
use std::marker::PhantomData;
use std::sync::Arc;
use workspace::Workspace;

/// The kept outputs of a primal program, by number.
pub(crate) struct SavedTensors(pub Vec<Tensor>);

/// A compiled program.
pub(crate) struct CandleExecutable<T> {
    name: String,
    /// What was compiled, for which batch: a diagnosis compiles it again without fusion.
    source: (Program, usize),
    program: Lowered,
    plan: Plan,
    /// One for each direction that runs at the same time; at least one.
    workspaces: Vec<Workspace>,
    constants: Vec<Option<Tensor>>,
    layout: Layout,
    pool: Arc<rayon::ThreadPool>,
    entry: PhantomData<fn() -> T>,
}

fn dtype<T: Element>(kind: Kind) -> DType {
    match kind {
        Kind::Real => T::DTYPE,
        Kind::Index => DType::U32,
    }
}

fn bytes<T: Element>(elements: usize, kind: Kind) -> usize {
    elements * if kind == Kind::Real { T::PRECISION.bytes() } else { 4 }
}

impl<T: Element> CandleExecutable<T> {
    pub fn new(
        program: &Program,
        batch: usize,
        fusion: Fusion,
        pool: Arc<rayon::ThreadPool>,
    ) -> Result<Self, BackendError> {
        if let Some(system) = program.graph.external_system() {
            return Err(BackendError::Operation {
                program: program.name.clone(),
                operation: "differential".into(),
                cause: format!("the network is a program of {system}, which this backend cannot run"),
            });
        }
        let make = |program: &Program| {
            let lowered = crate::lower::lower(program, batch, fusion);
            let plan = crate::plan::plan(&lowered);
            (lowered, plan)
        };
        let (lowered, plan) = program.smallest(batch, make, |(_, plan)| workspace::size::<T>(plan));
        let fail = |e: candle_core::Error| BackendError::Operation {
            program: program.name.clone(),
            operation: "memory plan".into(),
            cause: e.to_string(),
        };
        let constants = lowered
            .buffers
            .iter()
            .map(|b| match &b.origin {
                Origin::Constant(Constant::Fill(c)) => constant::<T>(&vec![*c; b.elements]).map(Some),
                Origin::Constant(Constant::Table(t)) => constant::<T>(t).map(Some),
                _ => Ok(None),
            })
            .collect::<Result<Vec<_>, _>>()
            .map_err(fail)?;
        let layout = Layout::new(program, batch);
        let name = program.name.clone();
        let source = (program.clone(), batch);
        let mut executable = CandleExecutable {
            name,
            source,
            program: lowered,
            plan,
            workspaces: Vec::new(),
            constants,
            layout,
            pool,
            entry: PhantomData,
        };
        executable.reserve(1)?;
        Ok(executable)
    }

    fn tensor_of<'a>(
        &'a self,
        b: BufferId,
        workspace: &'a Workspace,
        bound: &'a Bound,
        keep: Option<&'a SavedTensors>,
    ) -> Option<(&'a Tensor, usize)> {
        match self.plan.places[b] {
            Place::Slot(s) => workspace.0.get(s).map(|t| (t, 0)),
            Place::Saved(k) => keep.and_then(|s| s.0.get(k)).map(|t| (t, 0)),
            Place::Given => match &self.constants[b] {
                Some(t) => Some((t, 0)),
                None => bound.get(b),
            },
        }
    }

    fn failed(&self, step: &Step, cause: impl ToString) -> BackendError {
        BackendError::Operation { program: self.name.clone(), operation: step.name.into(), cause: cause.to_string() }
    }

    /// Runs one step that writes a buffer.
    fn execute(
        &self,
        step: &Step,
        workspace: &Workspace,
        bound: &Bound,
        keep: Option<&SavedTensors>,
    ) -> Result<(), BackendError> {
        let missing = || self.failed(step, "an operand has no memory");
        let Some(write) = step.write else { return Ok(()) };
        let (out, _) = self.tensor_of(write, workspace, bound, keep).ok_or_else(missing)?;
        let elements = self.program.buffers[write].elements;
        let mut guards = Vec::with_capacity(step.reads.len());
        for &b in &step.reads {
            // The result may take over a dying operand's memory.
            if self.plan.places[b] == self.plan.places[write] && self.plan.places[b] != Place::Given {
                guards.push(None);
                continue;
            }
            let (tensor, offset) = self.tensor_of(b, workspace, bound, keep).ok_or_else(missing)?;
            guards.push(Some((tensor.storage_and_layout().0, offset, &self.program.buffers[b])));
        }
        let mut slices = Vec::with_capacity(guards.len());
        for g in &guards {
            slices.push(match g {
                None => Slice::Result,
                Some((storage, offset, info)) => {
                    let storage = tensor::cpu(storage).map_err(|e| self.failed(step, e))?;
                    let range = *offset..*offset + info.elements;
                    match info.kind {
                        Kind::Real => T::slice(storage).ok().and_then(|s| s.get(range)).map(Slice::Real),
                        Kind::Index => storage.as_slice::<u32>().ok().and_then(|s| s.get(range)).map(Slice::Index),
                    }
                    .ok_or_else(missing)?
                }
            });
        }
        let kind = self.program.buffers[write].kind;
        tensor::write(out, step.name, |storage| match kind {
            Kind::Real => {
                let out = &mut T::slice_mut(storage)?[..elements];
                dispatch::real(&step.kernel, &slices, out)
            }
            Kind::Index => {
                let candle_core::CpuStorage::U32(out) = storage else {
                    return Err(candle_core::Error::Msg("expected indices".into()));
                };
                dispatch::index(&step.kernel, &slices, &mut out[..elements])
            }
        })
        .map_err(|e| self.failed(step, e))
    }

    /// Hands a value to the caller.
    fn deliver(
        &self,
        step: &Step,
        role: &Role,
        (workspace, bound, keep): (&Workspace, &Bound, Option<&SavedTensors>),
        outcome: &mut Outcome,
        result: Option<(&Columns, usize)>,
    ) -> Result<(), BackendError> {
        let b = step.reads[0];
        let (tensor, offset) =
            self.tensor_of(b, workspace, bound, keep).ok_or_else(|| self.failed(step, "no memory"))?;
        let elements = self.program.buffers[b].elements;
        if let Role::Flat { offset: row } = role {
            let Some((columns, start)) = result else { return Ok(()) };
            let at = start + row;
            return tensor::read(tensor, |s| {
                let values = &T::slice(s)?[offset..offset + elements];
                tensor::write(&columns.tensor, "add to result", |s| match columns.precision {
                    Precision::F32 => add::<T, f32>(values, &mut f32::slice_mut(s)?[at..at + elements]),
                    Precision::F64 => add::<T, f64>(values, &mut f64::slice_mut(s)?[at..at + elements]),
                })
            })
            .map_err(|e| self.failed(step, e));
        }
        let values: Vec<f64> =
            tensor::read(tensor, |s| Ok(T::slice(s)?[offset..offset + elements].iter().map(|v| v.wide()).collect()))
                .map_err(|e| self.failed(step, e))?;
        outcome.take(role, values);
        Ok(())
    }
}

impl<T: Element> CandleExecutable<T> {
    /// Runs the program for one direction.
    fn column(
        &self,
        workspace: &Workspace,
        feed: &Feed<'_>,
        column: usize,
        result: Option<&ViewMut<'_>>,
        keep: Option<&SavedTensors>,
    ) -> Result<Outcome, BackendError> {
        let bound = Bound::new::<T>(&self.name, &self.program, &self.layout, feed, column)?;
        let into = result.and_then(|r| {
            let columns = r.block.storage::<Columns>()?;
            Some((columns, (r.columns.start + column) * r.block.rows()))
        });
        let mut outcome = Outcome::default();
        for step in &self.program.steps {
            match &step.kernel {
                Kernel::Deliver(role) => self.deliver(step, role, (workspace, &bound, keep), &mut outcome, into)?,
                _ => self.execute(step, workspace, &bound, keep)?,
            }
        }
        Ok(outcome)
    }
}

fn constant<T: Element>(values: &[f64]) -> candle_core::Result<Tensor> {
    let tensor = tensor::zeros(values.len(), T::DTYPE)?;
    tensor::write(&tensor, "constant", |s| {
        T::slice_mut(s)?.iter_mut().zip(values).for_each(|(t, v)| *t = T::narrow(*v));
        Ok(())
    })?;
    Ok(tensor)
}

fn add<A: Element, B: Element>(values: &[A], to: &mut [B]) -> candle_core::Result<()> {
    to.iter_mut().zip(values).for_each(|(t, v)| *t += B::narrow(v.wide()));
    Ok(())
}

impl<T: Element> Executable for CandleExecutable<T> {
    fn run(
        &mut self,
        feed: &Feed<'_>,
        result: Option<ViewMut<'_>>,
        keep: Option<&mut Saved>,
    ) -> Result<Outcome, BackendError> {
        let columns = self.layout.check(&self.name, feed, result.as_ref())?;
        let keep = match keep {
            Some(saved) => saved.storage::<SavedTensors>(),
            None => None,
        };
        if keep.map_or(0, |s| s.0.len()) < self.program.saved.len() {
            return Err(BackendError::input(&self.name, "memory for kept values", "a value", "none"));
        }
        self.columns(feed, columns, result.as_ref(), keep)
    }

    fn new_saved(&self) -> Result<Saved, BackendError> {
        let mut saved = vec![None; self.program.saved.len()];
        for &(k, b) in &self.program.saved {
            let info = &self.program.buffers[b];
            let t = tensor::zeros(info.elements, dtype::<T>(info.kind)).map_err(|_| BackendError::Memory {
                device: "cpu".into(),
                bytes: bytes::<T>(info.elements, info.kind),
            })?;
            if let Some(place) = saved.get_mut(k) {
                *place = Some(t);
            }
        }
        let tensors: Vec<Tensor> = saved.into_iter().flatten().collect();
        Ok(DeviceTensor::new(Box::new(SavedTensors(tensors)), self.saved_bytes()))
    }

    fn saved_bytes(&self) -> usize {
        self.program.saved.iter().map(|(_, b)| &self.program.buffers[*b]).map(|i| bytes::<T>(i.elements, i.kind)).sum()
    }

    fn workspace_bytes(&self) -> usize {
        self.workspace() * self.workspaces.len()
    }

    fn first_not_finite(&mut self, feed: &Feed<'_>) -> Result<Option<String>, BackendError> {
        self.diagnose(feed)
    }
}
