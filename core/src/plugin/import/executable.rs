//! A compiled program of another library.

use super::backend::{Connection, ForeignTensor, failure};
use super::object::Object;
use super::space::{columns, needed};
use crate::backend::{BackendError, DeviceTensor, Executable, Feed, Outcome, Saved};
use crate::plugin::export::numbers;
use crate::plugin::guard::{Foreign, call};
use crate::plugin::raw::{self, Bytes, Columns, RawFeed, RunReport, Status};
use crate::vectors::{VectorError, View, ViewMut};
use std::ffi::c_void;
use std::sync::Arc;

type Run = unsafe extern "C" fn(*mut c_void, *const RawFeed, Columns, u64, *const RunReport, *mut Bytes) -> Status;

pub(super) struct ForeignExecutable {
    // Before the connection: an executable goes before its backend.
    object: Object,
    connection: Arc<Connection>,
    run: Run,
    program: String,
}

const NONE: Columns = Columns { block: 0, start: 0, count: 0 };

impl ForeignExecutable {
    pub fn new(connection: Arc<Connection>, object: Object, program: String) -> Result<Self, Foreign> {
        let run = needed("run", connection.table.run)?;
        needed("new_saved", connection.table.new_saved)?;
        Ok(ForeignExecutable { object, connection, run, program })
    }

    fn failed(&self, error: Foreign) -> BackendError {
        failure(self.connection.name, &error)
    }

    fn columns(&self, view: Option<&View<'_>>) -> Result<Columns, VectorError> {
        view.map_or(Ok(NONE), |v| columns("feed", &self.connection.origin, v.block, v.columns.clone()))
    }

    fn tensor(&self, input: &str, tensor: Option<&DeviceTensor>) -> Result<u64, BackendError> {
        let Some(tensor) = tensor else { return Ok(0) };
        match tensor.storage::<ForeignTensor>() {
            Some(foreign) if Arc::ptr_eq(&foreign.connection, &self.connection) => Ok(foreign.handle),
            _ => Err(BackendError::Input {
                program: self.program.clone(),
                input: input.to_string(),
                expected: "a tensor of this backend".into(),
                found: "another".into(),
            }),
        }
    }

    /// Names everything that a program reads; `masks` is room for the handles.
    fn feed(&self, feed: &Feed<'_>, masks: &mut Vec<u64>) -> Result<RawFeed, BackendError> {
        for mask in feed.masks {
            masks.push(self.tensor("dropout mask", Some(mask))?);
        }
        Ok(RawFeed {
            size: size_of::<RawFeed>(),
            parameters: self.columns(feed.parameters.as_ref())?,
            buffers: self.columns(feed.buffers.as_ref())?,
            direction: self.columns(feed.direction.as_ref())?,
            samples: self.tensor("samples", feed.samples)?,
            labels: self.tensor("labels", feed.labels)?,
            targets: self.tensor("targets", feed.targets)?,
            saved: self.tensor("kept values", feed.saved)?,
            masks: masks.as_ptr(),
            masks_len: masks.len(),
        })
    }
}

unsafe extern "C" fn loss(context: *mut c_void, loss: f64, weight: f64) {
    // SAFETY: the context is the outcome of the run under way.
    let outcome = unsafe { &mut *context.cast::<Outcome>() };
    (outcome.loss, outcome.weight) = (loss, weight);
}

unsafe extern "C" fn values(context: *mut c_void, kind: u32, index: usize, values: *const f64, len: usize) {
    // SAFETY: as above; the numbers live during the call.
    let (outcome, values) = unsafe { (&mut *context.cast::<Outcome>(), numbers(values, len)) };
    let Ok(values) = values else { return };
    match kind {
        raw::RESULT_OUTPUT => outcome.output = values.to_vec(),
        raw::RESULT_PER_SAMPLE_LOSS => outcome.per_sample_loss = values.to_vec(),
        raw::RESULT_BUFFER => outcome.buffers.push((index, values.to_vec())),
        // Of a later version.
        _ => {}
    }
}

impl Executable for ForeignExecutable {
    fn run(
        &mut self,
        feed: &Feed<'_>,
        result: Option<ViewMut<'_>>,
        keep: Option<&mut Saved>,
    ) -> Result<Outcome, BackendError> {
        let mut masks = Vec::new();
        let raw = self.feed(feed, &mut masks)?;
        let result = match &result {
            Some(r) => columns("result", &self.connection.origin, r.block, r.columns.clone())?,
            None => NONE,
        };
        let keep = self.tensor("kept values", keep.as_deref())?;
        let mut outcome = Outcome::default();
        let report = RunReport {
            size: size_of::<RunReport>(),
            context: (&raw mut outcome).cast(),
            loss: Some(loss),
            values: Some(values),
        };
        // SAFETY: the connection is open and `&mut self` makes this the only use; feed and report outlive the call.
        let ran = call(|error| unsafe {
            (self.run)(self.object.pointer, &raw const raw, result, keep, &raw const report, error)
        });
        ran.map_err(|error| self.failed(error))?;
        Ok(outcome)
    }

    fn new_saved(&self) -> Result<Saved, BackendError> {
        let (mut handle, mut bytes) = (0, 0);
        let ask = needed("new_saved", self.connection.table.new_saved).map_err(|error| self.failed(error))?;
        // SAFETY: the connection is open; the places are our own.
        call(|error| unsafe { ask(self.object.pointer, &raw mut handle, &raw mut bytes, error) })
            .map_err(|error| self.failed(error))?;
        let connection = Arc::clone(&self.connection);
        Ok(DeviceTensor::new(Box::new(ForeignTensor { connection, handle }), bytes))
    }

    fn saved_bytes(&self) -> usize {
        // SAFETY: the connection is open.
        self.connection.table.bytes.map_or(0, |bytes| unsafe { bytes(self.object.pointer, 0) })
    }

    fn workspace_bytes(&self) -> usize {
        // SAFETY: the connection is open.
        self.connection.table.bytes.map_or(0, |bytes| unsafe { bytes(self.object.pointer, 1) })
    }

    fn first_not_finite(&mut self, feed: &Feed<'_>) -> Result<Option<String>, BackendError> {
        let mut masks = Vec::new();
        let raw = self.feed(feed, &mut masks)?;
        let Some(ask) = self.connection.table.first_not_finite else { return Ok(None) };
        let mut place = Bytes::empty();
        // SAFETY: as for `run`.
        let asked = call(|error| unsafe { ask(self.object.pointer, &raw const raw, &raw mut place, error) });
        // SAFETY: the callee filled it or left it empty.
        let place = unsafe { place.take_text() };
        asked.map_err(|error| self.failed(error))?;
        Ok(Some(place).filter(|p| !p.is_empty()))
    }
}
