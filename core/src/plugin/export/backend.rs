//! A backend behind a table.

use super::object::{destroy, give};
use super::space::{SharedSpace, numbers, precision_code, view_mut};
use crate::backend::{
    BackendError, BackendRequest, DeviceTensor, Executable, Feed, HostTensor, Outcome, SecondOrderBackend,
};
use crate::plugin::guard::{Foreign, guard, guard_or};
use crate::plugin::handles::{Handles, Held};
use crate::plugin::import::{precision_of, read_table};
use crate::plugin::raw::{
    self, BackendTable, Bytes, Columns, RawBackendInfo, RawBackendRequest, RawFeed, RunReport, SpaceTable, Status, Str,
};
use crate::program::Program;
use crate::registry::BackendEntry;
use crate::vectors::Block;
use std::ffi::c_void;
use std::sync::{Arc, RwLockReadGuard};

pub(super) static BACKEND: BackendTable = BackendTable {
    size: size_of::<BackendTable>(),
    devices: Some(devices),
    open: Some(open),
    close: Some(destroy::<Opened>),
    info: Some(info),
    space: Some(space),
    upload: Some(upload),
    free: Some(free),
    compile: Some(compile),
    destroy: Some(destroy::<Compiled>),
    run: Some(run),
    new_saved: Some(new_saved),
    bytes: Some(bytes),
    first_not_finite: Some(first_not_finite),
};

/// An open backend with what the other library holds of it.
struct Opened {
    backend: Box<dyn SecondOrderBackend>,
    held: Arc<HeldObjects>,
}

/// Blocks and tensors of one backend; executables share them, since they may outlive it.
struct HeldObjects {
    blocks: Arc<Handles<Block>>,
    tensors: Handles<DeviceTensor>,
}

struct Compiled {
    executable: Box<dyn Executable>,
    held: Arc<HeldObjects>,
}

impl From<BackendError> for Foreign {
    fn from(error: BackendError) -> Self {
        let status = if matches!(error, BackendError::Memory { .. }) { raw::OUT_OF_MEMORY } else { raw::FAILED };
        Foreign { status, message: error.to_string() }
    }
}

unsafe extern "C" fn devices(context: *const c_void, devices: *mut Bytes, error: *mut Bytes) -> Status {
    // SAFETY: the context is the entry that this library pushed; the caller passes a place for the list.
    guard(error, || unsafe {
        let list = ((*context.cast::<BackendEntry>()).devices)();
        devices.write(Bytes::give(list.join("\n").into_bytes()));
        Ok(())
    })
}

unsafe extern "C" fn open(
    context: *const c_void,
    request: *const RawBackendRequest,
    backend: *mut *mut c_void,
    error: *mut Bytes,
) -> Status {
    // SAFETY: as for `devices`; the request is valid during the call.
    guard(error, || unsafe {
        let raw = read_table("request", request, size_of::<RawBackendRequest>())?;
        let request = BackendRequest {
            device: raw.device.as_text()?.to_string(),
            precision: precision_of(raw.precision)?,
            threads: if raw.threads == 0 { None } else { Some(raw.threads) },
        };
        let opened = ((*context.cast::<BackendEntry>()).open)(&request)?;
        let held = HeldObjects { blocks: Arc::new(Handles::new("block")), tensors: Handles::new("tensor") };
        give(Opened { backend: opened, held: Arc::new(held) }, backend)
    })
}

/// The backend of a call.
///
/// # Safety
/// `open` made it.
unsafe fn opened<'a>(backend: *const c_void) -> &'a Opened {
    // SAFETY: the caller vouches for it.
    unsafe { &*backend.cast::<Opened>() }
}

unsafe extern "C" fn info(
    backend: *const c_void,
    info: *mut RawBackendInfo,
    device: *mut Bytes,
    details: *mut Bytes,
    error: *mut Bytes,
) -> Status {
    // SAFETY: `open` made the backend; the caller passes places for the answers.
    guard(error, || unsafe {
        let known = opened(backend).backend.info();
        info.write(RawBackendInfo {
            size: size_of::<RawBackendInfo>(),
            precision: precision_code(known.precision),
            threads: known.threads,
        });
        device.write(Bytes::give(known.device.into_bytes()));
        details.write(Bytes::give(known.details.into_bytes()));
        Ok(())
    })
}

unsafe extern "C" fn space(
    backend: *const c_void,
    dimension: usize,
    precision: u32,
    space: *mut SpaceTable,
    error: *mut Bytes,
) -> Status {
    // SAFETY: as above.
    guard(error, || unsafe {
        let opened = opened(backend);
        let made = opened.backend.space(dimension, precision_of(precision)?);
        let shared = SharedSpace::owned(made, Arc::clone(&opened.held.blocks));
        let table = shared.table();
        // The caller becomes the owner.
        std::mem::forget(shared);
        space.write(table);
        Ok(())
    })
}

unsafe extern "C" fn upload(
    backend: *const c_void,
    kind: u32,
    values: *const c_void,
    len: usize,
    tensor: *mut u64,
    bytes: *mut usize,
    error: *mut Bytes,
) -> Status {
    // SAFETY: as above; the caller lends `len` numbers of the kind's type.
    guard(error, || unsafe {
        let host = match kind {
            raw::TENSOR_PIXELS => HostTensor::Pixels(numbers(values.cast::<u8>(), len)?.to_vec()),
            raw::TENSOR_REAL => HostTensor::Real(numbers(values.cast::<f64>(), len)?.to_vec()),
            raw::TENSOR_INDEX => HostTensor::Index(numbers(values.cast::<u32>(), len)?.to_vec()),
            other => return Err(Foreign::failed(format!("kind of tensor: expected 0, 1 or 2, found {other}"))),
        };
        let opened = opened(backend);
        let uploaded = opened.backend.upload(&host)?;
        bytes.write(uploaded.bytes());
        tensor.write(opened.held.tensors.put(uploaded));
        Ok(())
    })
}

unsafe extern "C" fn free(backend: *const c_void, tensor: u64) {
    // SAFETY: as above.
    guard_or((), || unsafe { opened(backend) }.held.tensors.free(tensor));
}

unsafe extern "C" fn compile(
    backend: *const c_void,
    program: Str,
    batch: usize,
    executable: *mut *mut c_void,
    error: *mut Bytes,
) -> Status {
    // SAFETY: as above; the bytes live during the call.
    guard(error, || unsafe {
        let opened = opened(backend);
        let program = Program::from_bytes(program.as_bytes()?).map_err(Foreign::failed)?;
        let compiled = opened.backend.compile(&program, batch)?;
        give(Compiled { executable: compiled, held: Arc::clone(&opened.held) }, executable)
    })
}

/// What a feed names, looked up and locked for the length of a run.
struct Named {
    parameters: Option<Held<Block>>,
    buffers: Option<Held<Block>>,
    direction: Option<Held<Block>>,
    tensors: [Option<Held<DeviceTensor>>; 4],
}

impl Named {
    fn new(held: &HeldObjects, feed: &RawFeed) -> Result<Self, Foreign> {
        let block = |c: Columns| if c.block == 0 { Ok(None) } else { held.blocks.get(c.block).map(Some) };
        let tensor = |t: u64| if t == 0 { Ok(None) } else { held.tensors.get(t).map(Some) };
        Ok(Named {
            parameters: block(feed.parameters)?,
            buffers: block(feed.buffers)?,
            direction: block(feed.direction)?,
            tensors: [tensor(feed.samples)?, tensor(feed.labels)?, tensor(feed.targets)?, tensor(feed.saved)?],
        })
    }

    /// Lends everything to `run` as a feed.
    fn with<T>(
        &self,
        raw: &RawFeed,
        masks: &[DeviceTensor],
        run: impl FnOnce(&Feed<'_>) -> Result<T, Foreign>,
    ) -> Result<T, Foreign> {
        fn lock<T>(held: &Option<Held<T>>) -> Result<Option<RwLockReadGuard<'_, T>>, Foreign> {
            held.as_ref().map(Held::read).transpose()
        }
        let (parameters, buffers) = (lock(&self.parameters)?, lock(&self.buffers)?);
        let direction = lock(&self.direction)?;
        let [samples, labels, targets, saved] = &self.tensors;
        let (samples, labels, targets, saved) = (lock(samples)?, lock(labels)?, lock(targets)?, lock(saved)?);
        let columns = |guard: &'_ Option<RwLockReadGuard<'_, Block>>, c| match guard {
            // The range is checked here; the view is made below, where its lifetime is plain.
            Some(block) => super::space::range(block, c).map(Some),
            None => Ok(None),
        };
        let (p, b, d) = (
            columns(&parameters, raw.parameters)?,
            columns(&buffers, raw.buffers)?,
            columns(&direction, raw.direction)?,
        );
        run(&Feed {
            parameters: parameters.as_deref().zip(p).map(|(block, range)| block.view(range)),
            buffers: buffers.as_deref().zip(b).map(|(block, range)| block.view(range)),
            samples: samples.as_deref(),
            labels: labels.as_deref(),
            targets: targets.as_deref(),
            masks,
            direction: direction.as_deref().zip(d).map(|(block, range)| block.view(range)),
            saved: saved.as_deref(),
        })
    }
}

/// Dropout masks come as a slice of tensors, so they are taken out for the run and put back.
struct Masks<'a> {
    held: &'a HeldObjects,
    tensors: Vec<DeviceTensor>,
    numbers: &'a [u64],
}

impl<'a> Masks<'a> {
    fn take(held: &'a HeldObjects, numbers: &'a [u64]) -> Result<Self, Foreign> {
        let mut masks = Masks { held, tensors: Vec::with_capacity(numbers.len()), numbers };
        for &number in numbers {
            masks.tensors.push(held.tensors.take(number)?);
        }
        Ok(masks)
    }
}

impl Drop for Masks<'_> {
    fn drop(&mut self) {
        for (number, tensor) in self.numbers.iter().zip(self.tensors.drain(..)) {
            self.held.tensors.put_back(*number, tensor);
        }
    }
}

unsafe extern "C" fn run(
    executable: *mut c_void,
    feed: *const RawFeed,
    result: Columns,
    keep: u64,
    report: *const RunReport,
    error: *mut Bytes,
) -> Status {
    // SAFETY: `compile` made the executable and one thread uses it; feed and report are valid during the call.
    guard(error, || unsafe {
        let Compiled { executable, held } = &mut *executable.cast::<Compiled>();
        let feed = read_table("feed", feed, size_of::<RawFeed>())?;
        let report = read_table("report", report, size_of::<RunReport>())?;
        let named = Named::new(held, &feed)?;
        let masks = Masks::take(held, numbers(feed.masks, feed.masks_len)?)?;
        let result_block = if result.block == 0 { None } else { Some(held.blocks.get(result.block)?) };
        let mut result_guard = result_block.as_ref().map(Held::write).transpose()?;
        let kept = if keep == 0 { None } else { Some(held.tensors.get(keep)?) };
        let mut kept_guard = kept.as_ref().map(Held::write).transpose()?;
        let outcome = named.with(&feed, &masks.tensors, |feed| {
            let into = result_guard.as_mut().map(|block| view_mut(block, result)).transpose()?;
            Ok(executable.run(feed, into, kept_guard.as_deref_mut())?)
        })?;
        deliver(&outcome, &report);
        Ok(())
    })
}

/// # Safety
/// The report is valid.
unsafe fn deliver(outcome: &Outcome, report: &RunReport) {
    // SAFETY: the caller vouches for the report; the slices outlive the calls.
    unsafe {
        if let Some(loss) = report.loss {
            loss(report.context, outcome.loss, outcome.weight);
        }
        if let Some(values) = report.values {
            let send = |kind, index, v: &[f64]| {
                if !v.is_empty() {
                    values(report.context, kind, index, v.as_ptr(), v.len());
                }
            };
            send(raw::RESULT_OUTPUT, 0, &outcome.output);
            send(raw::RESULT_PER_SAMPLE_LOSS, 0, &outcome.per_sample_loss);
            outcome.buffers.iter().for_each(|(i, v)| send(raw::RESULT_BUFFER, *i, v));
        }
    }
}

unsafe extern "C" fn new_saved(
    executable: *const c_void,
    saved: *mut u64,
    bytes: *mut usize,
    error: *mut Bytes,
) -> Status {
    // SAFETY: as above.
    guard(error, || unsafe {
        let compiled = &*executable.cast::<Compiled>();
        let tensor = compiled.executable.new_saved()?;
        bytes.write(tensor.bytes());
        saved.write(compiled.held.tensors.put(tensor));
        Ok(())
    })
}

unsafe extern "C" fn bytes(executable: *const c_void, which: u32) -> usize {
    guard_or(0, || {
        // SAFETY: as above.
        let compiled = unsafe { &*executable.cast::<Compiled>() };
        if which == 0 { compiled.executable.saved_bytes() } else { compiled.executable.workspace_bytes() }
    })
}

unsafe extern "C" fn first_not_finite(
    executable: *mut c_void,
    feed: *const RawFeed,
    place: *mut Bytes,
    error: *mut Bytes,
) -> Status {
    // SAFETY: as for `run`.
    guard(error, || unsafe {
        let Compiled { executable, held } = &mut *executable.cast::<Compiled>();
        let feed = read_table("feed", feed, size_of::<RawFeed>())?;
        let named = Named::new(held, &feed)?;
        let masks = Masks::take(held, numbers(feed.masks, feed.masks_len)?)?;
        let found = named.with(&feed, &masks.tensors, |feed| Ok(executable.first_not_finite(feed)?))?;
        place.write(Bytes::give(found.unwrap_or_default().into_bytes()));
        Ok(())
    })
}
