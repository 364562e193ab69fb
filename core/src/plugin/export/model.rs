//! An architecture behind a table: recorded here, handed over as bytes.

use super::space::numbers;
use crate::graph::Mode;
use crate::model::{Normalization, Task, record};
use crate::options::Options;
use crate::plugin::guard::{Foreign, guard};
use crate::plugin::raw::{Bytes, ModelTable, Status, Str};
use crate::registry::ModelEntry;
use std::ffi::c_void;

pub(super) static MODEL: ModelTable = ModelTable { size: size_of::<ModelTable>(), build: Some(build) };

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
        // SAFETY: the context is the entry that this library pushed; texts and sizes live during the call.
        let (entry, options, input) =
            unsafe { (&*context.cast::<ModelEntry>(), options.as_text()?, numbers(input, rank)?) };
        let options: Options = options.parse().map_err(Foreign::failed)?;
        let task = Task { input: input.to_vec(), classes };
        let model = (entry.make)(&options, &task).map_err(Foreign::failed)?;
        let mode = if train == 0 { Mode::Eval } else { Mode::Train };
        let recorded = record(model.as_ref(), &task, &Normalization::default(), mode).map_err(Foreign::failed)?;
        let bytes = recorded.to_bytes().map_err(Foreign::failed)?;
        // SAFETY: the caller passes a place for the bytes.
        unsafe { graph.write(Bytes::give(bytes)) };
        Ok(())
    })
}
