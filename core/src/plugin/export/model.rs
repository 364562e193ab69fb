//! An architecture behind a table: recorded here, handed over as bytes, and the values that it brings.

use super::space::numbers;
use crate::graph::Mode;
use crate::model::{Model, Normalization, Task, record};
use crate::options::Options;
use crate::plugin::guard::{Foreign, guard};
use crate::plugin::raw::{Bytes, ModelTable, PushValue, Status, Str};
use crate::registry::ModelEntry;
use std::ffi::c_void;

pub(super) static MODEL: ModelTable =
    ModelTable { size: size_of::<ModelTable>(), build: Some(build), values: Some(values) };

/// Makes the model of a call.
///
/// # Safety
/// The context is the entry that this library pushed; texts and sizes live during the call.
unsafe fn made(
    context: *const c_void,
    options: Str,
    input: *const usize,
    rank: usize,
    classes: usize,
) -> Result<(Box<dyn Model>, Task), Foreign> {
    // SAFETY: the caller vouches for all of them.
    let (entry, options, input) =
        unsafe { (&*context.cast::<ModelEntry>(), options.as_text()?, numbers(input, rank)?) };
    let options: Options = options.parse().map_err(Foreign::failed)?;
    let task = Task { input: input.to_vec(), classes };
    Ok(((entry.make)(&options, &task).map_err(Foreign::failed)?, task))
}

unsafe extern "C" fn build(
    context: *const c_void,
    options: Str,
    input: *const usize,
    rank: usize,
    classes: usize,
    train: u32,
    graph: *mut Bytes,
    error: *mut Bytes,
) -> Status {
    guard(error, || {
        // SAFETY: as the caller of the table promises.
        let (model, task) = unsafe { made(context, options, input, rank, classes)? };
        let mode = if train == 0 { Mode::Eval } else { Mode::Train };
        let recorded = record(model.as_ref(), &task, &Normalization::default(), mode).map_err(Foreign::failed)?;
        let bytes = recorded.to_bytes().map_err(Foreign::failed)?;
        // SAFETY: the caller passes a place for the bytes.
        unsafe { graph.write(Bytes::give(bytes)) };
        Ok(())
    })
}

unsafe extern "C" fn values(
    context: *const c_void,
    options: Str,
    input: *const usize,
    rank: usize,
    classes: usize,
    sink: *mut c_void,
    push: PushValue,
    error: *mut Bytes,
) -> Status {
    guard(error, || {
        // SAFETY: as the caller of the table promises.
        let (model, _) = unsafe { made(context, options, input, rank, classes)? };
        for (name, values) in model.values().map_err(Foreign::failed)? {
            // SAFETY: the sink is the caller's; name and values live during the call.
            unsafe { push(sink, Str::new(&name), values.as_ptr(), values.len()) };
        }
        Ok(())
    })
}
