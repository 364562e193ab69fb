//! Running a lowered program.

mod bind;
mod calls;
mod diagnose;
mod primitives;

use crate::backend::failure;
use crate::lower::{Fusion, Kernel, Lowered, Step, lower};
use crate::shim::{self, Entered, Held, Place, Tape, words};
use crate::space::{Columns, kind_of, numbers};
use bind::Inputs;
use calls::{Recorded, Scripts};
use hesse_core::backend::{BackendError, DeviceTensor, Executable, Feed, Outcome, Saved};
use hesse_core::graph::Kind;
use hesse_core::layout::Layout;
use hesse_core::program::{Program, Role};
use hesse_core::vectors::{Precision, ViewMut};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use tch::{TchError, Tensor};

/// What a primal program keeps.
pub(crate) struct SavedTensors {
    /// Its outputs, by number; nothing before the program has run.
    pub places: Vec<Option<Held>>,
    /// Calls of functions outside the graph, recorded for their derivatives. A program that reads them adds to what they
    /// hold, hence the lock.
    pub tapes: Mutex<HashMap<u64, Tape>>,
}

/// The tensors of a run, by slot.
type Values = Vec<Option<Tensor>>;

/// A compiled program.
pub(crate) struct TchExecutable {
    name: String,
    /// What was compiled, for which batch: a diagnosis compiles it again without fusion.
    source: (Program, usize),
    program: Lowered,
    constants: Vec<(usize, Tensor)>,
    /// Modules of functions outside the graph.
    scripts: Scripts,
    /// Bytes that their recorded calls keep.
    recorded_bytes: usize,
    layout: Layout,
    precision: Precision,
    place: Place,
}

/// The same entries in memory of their own.
fn copied(tensor: &Tensor) -> Result<Tensor, TchError> {
    let mut copy = tensor.f_empty_like()?;
    copy.f_copy_(tensor)?;
    Ok(copy)
}

/// Whether all entries are finite.
fn finite(tensor: &Tensor) -> Result<bool, String> {
    if !tensor.is_floating_point() {
        return Ok(true);
    }
    let all = tensor.f_isfinite().and_then(|t| t.f_all()).and_then(|t| t.f_int64_value(&[]));
    all.map(|v| v != 0).map_err(words)
}

impl TchExecutable {
    pub fn new(
        program: &Program,
        batch: usize,
        fusion: Fusion,
        precision: Precision,
        place: Place,
    ) -> Result<Self, BackendError> {
        let name = program.name.clone();
        let device = place.device;
        let fail = |cause| failure(device, &name, "constant", cause);
        let _entered = Entered::new(place).map_err(fail)?;
        // oneDNN reads images so; see cpp/convolution.cpp.
        let last = precision == Precision::F32 && !device.is_cuda() && !place.plain;
        let lowered = program.smallest(batch, |p| lower(p, batch, fusion, last), |lowered| lowered.peak);
        let mut constants = Vec::new();
        for c in &lowered.constants {
            let tensor = match c.values[..] {
                // One number in memory, seen as many.
                [one] => Tensor::f_full([1], one, (kind_of(precision), device))
                    .and_then(|t| t.f_reshape(vec![1; c.sizes.len()])?.f_expand(&c.sizes[..], false)),
                _ => Tensor::f_from_slice(&c.values)
                    .and_then(|t| t.f_to_kind(kind_of(precision))?.f_to_device(device))
                    .and_then(|t| t.f_view(&c.sizes[..])),
            };
            constants.push((c.slot, tensor.map_err(words).map_err(fail)?));
        }
        let layout = Layout::new(program, batch);
        let source = (program.clone(), batch);
        let scripts = calls::open(&lowered.calls, precision == Precision::F64, device)
            .map_err(|cause| failure(device, &name, "differential", cause))?;
        let mut executable = TchExecutable {
            name,
            source,
            program: lowered,
            constants,
            scripts,
            recorded_bytes: 0,
            layout,
            precision,
            place,
        };
        if !executable.program.kept.is_empty() {
            let bytes = executable.record_bytes();
            executable.recorded_bytes =
                bytes.map_err(|cause| failure(device, &executable.name, "differential", cause))?;
        }
        Ok(executable)
    }

    /// The inputs and constants of a run, in their slots.
    fn bind(&self, feed: &Feed<'_>, column: usize) -> Result<Values, BackendError> {
        let inputs = Inputs { program: &self.name, layout: &self.layout, feed, precision: self.precision };
        let mut values: Values = (0..self.program.slots).map(|_| None).collect();
        for (slot, tensor) in &self.constants {
            values[*slot] = Some(tensor.shallow_clone());
        }
        for leaf in &self.program.leaves {
            values[leaf.slot] = Some(inputs.find(leaf, column)?);
        }
        Ok(values)
    }

    fn entry_bytes(&self, kind: Kind) -> usize {
        match kind {
            Kind::Real => self.precision.bytes(),
            Kind::Index => size_of::<i64>(),
        }
    }

    fn failed(&self, step: &Step, cause: impl ToString) -> BackendError {
        failure(self.place.device, &self.name, step.name, cause.to_string())
    }

    /// Runs one step that makes a value.
    fn execute(&self, step: &Step, values: &Values) -> Result<Tensor, BackendError> {
        let reads = calls::reads(step, values).map_err(|cause| self.failed(step, cause))?;
        let result = match (&step.kernel, &reads[..]) {
            (Kernel::Chain(code), reads) => shim::chain(code, reads, &step.sizes),
            (Kernel::Repeat(axes), [x]) => primitives::repeat(x, axes, &step.sizes),
            (Kernel::Primitive(op), reads) => {
                let told = match reads {
                    [i] => primitives::from_index(op, i, &step.sizes, kind_of(self.precision)),
                    _ => None,
                };
                told.unwrap_or_else(|| primitives::apply(op, reads, &step.sizes, self.source.1, step.last))
            }
            _ => Err("operands do not fit".to_string()),
        };
        result.map_err(|cause| self.failed(step, cause))
    }

    /// Hands a value to the caller.
    fn deliver(&self, step: &Step, role: &Role, value: &Tensor, out: &mut Delivery<'_>) -> Result<(), BackendError> {
        let fail = |cause| self.failed(step, cause);
        match role {
            Role::Flat { offset } => {
                let Some(column) = out.column.as_ref() else { return Ok(()) };
                let length = value.numel() as i64;
                let added = column.f_narrow(0, *offset as i64, length).and_then(|mut part| {
                    let flat = value.f_reshape([length])?;
                    part.f_add_(&flat)
                });
                added.map(drop).map_err(words).map_err(fail)?;
            }
            Role::Saved(k) => {
                // A view would keep the whole alive, or change with the memory of an input.
                let own = if out.is_view { copied(value) } else { Ok(value.shallow_clone()) };
                if let Some(place) = out.keep.as_mut().and_then(|s| s.places.get_mut(*k)) {
                    *place = Some(Held::new(own.map_err(words).map_err(fail)?));
                }
            }
            _ => out.outcome.take(role, numbers(value).map_err(fail)?),
        }
        Ok(())
    }
}

/// Where a run's results go.
struct Delivery<'a> {
    outcome: Outcome,
    keep: Option<&'a mut SavedTensors>,
    /// The result column of this direction.
    column: Option<Tensor>,
    /// Whether the value at hand shares its memory with another.
    is_view: bool,
}

impl Drop for TchExecutable {
    fn drop(&mut self) {
        // Its results will not come again in these sizes.
        shim::trim();
    }
}

impl Executable for TchExecutable {
    fn run(
        &mut self,
        feed: &Feed<'_>,
        result: Option<ViewMut<'_>>,
        keep: Option<&mut Saved>,
    ) -> Result<Outcome, BackendError> {
        let columns = self.layout.check(&self.name, feed, result.as_ref())?;
        let name = self.name.clone();
        let device = self.place.device;
        let fail = |cause| failure(device, &name, "start", cause);
        let _entered = Entered::new(self.place).map_err(fail)?;
        let keep = keep.and_then(|saved| saved.storage_mut::<SavedTensors>());
        if keep.as_ref().map_or(0, |s| s.places.len()) < self.program.kept.len() {
            return Err(BackendError::input(&self.name, "memory for kept values", "a value", "none"));
        }
        let start = result.as_ref().map_or(0, |r| r.columns.start);
        let target = match result {
            Some(view) => match view.block.storage_mut::<Columns>() {
                Some(columns) => Some(columns),
                None => return Err(BackendError::input(&self.name, "result", "a block of the tch backend", "another")),
            },
            None => None,
        };
        let target = target.map(|t| t.tensor.writable());
        if let Some(keep) = &keep {
            // Records of an earlier run are of other samples or weights.
            keep.tapes.lock().unwrap_or_else(PoisonError::into_inner).clear();
        }
        let (kept, mut recorded) = (keep.is_some(), Recorded::new());
        let mut out = Delivery { outcome: Outcome::default(), keep, column: None, is_view: false };
        for column in 0..columns {
            out.column = match &target {
                Some(t) => Some(t.f_select(0, (start + column) as i64).map_err(words).map_err(fail)?),
                None => None,
            };
            let mut values = self.bind(feed, column)?;
            recorded.retain(|call, _| self.program.calls[*call].key.is_some());
            for at in 0..self.program.steps.len() {
                if let Kernel::Differential(request) = &self.program.steps[at].kernel {
                    let request = request.clone();
                    let results = self.differentiate(at, &request, &values, feed, &mut recorded, kept)?;
                    let slots = self.program.steps[at].write.into_iter().chain(request.more);
                    slots.zip(results).for_each(|(slot, result)| values[slot] = Some(result));
                }
                let step = &self.program.steps[at];
                match (&step.kernel, step.write) {
                    (Kernel::Deliver(role), _) => {
                        let value = step.reads.first().and_then(|&s| values[s].as_ref());
                        let value = value.ok_or_else(|| self.failed(step, "no value"))?;
                        out.is_view = step.reads.iter().any(|&s| self.program.views.contains(&s));
                        self.deliver(step, role, value, &mut out)?;
                    }
                    (Kernel::Differential(_), _) => {}
                    (_, Some(write)) => values[write] = Some(self.execute(step, &values)?),
                    _ => {}
                }
                for &slot in &step.drops {
                    values[slot] = None;
                }
            }
        }
        if let Some(keep) = out.keep {
            self.keep(recorded, keep);
        }
        Ok(out.outcome)
    }

    fn new_saved(&self) -> Result<Saved, BackendError> {
        let places = self.program.kept.iter().map(|_| None).collect();
        let saved = SavedTensors { places, tapes: Mutex::new(HashMap::new()) };
        Ok(DeviceTensor::new(Box::new(saved), self.saved_bytes()))
    }

    fn saved_bytes(&self) -> usize {
        let own: usize = self.program.kept.iter().map(|k| k.elements * self.entry_bytes(k.kind)).sum();
        own + self.recorded_bytes
    }

    fn workspace_bytes(&self) -> usize {
        self.program.peak * self.precision.bytes()
    }

    fn first_not_finite(&mut self, feed: &Feed<'_>) -> Result<Option<String>, BackendError> {
        self.diagnose(feed)
    }
}
