//! An architecture of another library: asked for its graph, which is then recorded as if it had been built here.

use super::object::Context;
use super::space::needed;
use crate::error::GraphError;
use crate::graph::{Dim, Graph, GraphBuilder, Mode, ValueId};
use crate::model::{Model, Task};
use crate::options::{OptionError, Options};
use crate::plugin::export::numbers;
use crate::plugin::guard::{Foreign, call, guard_or};
use crate::plugin::raw::{Bytes, ModelTable, PushValue, Status, Str};
use crate::plugin::text::one_line;
use std::ffi::c_void;

type Build =
    unsafe extern "C" fn(*const c_void, Str, *const usize, usize, usize, u32, *mut Bytes, *mut Bytes) -> Status;

type Values =
    unsafe extern "C" fn(*const c_void, Str, *const usize, usize, usize, *mut c_void, PushValue, *mut Bytes) -> Status;

struct ForeignModel {
    context: Context,
    build: Build,
    /// Absent in libraries of older versions, and where the architecture brings none.
    values: Option<Values>,
    options: String,
    task: Task,
    /// Most networks are only measured, in eval mode, so that graph is asked for at once: it also checks the options.
    eval: Graph,
}

/// Makes a model from its options for a task.
pub(super) fn make(
    context: Context,
    table: &ModelTable,
    options: &Options,
    task: &Task,
) -> Result<Box<dyn Model>, OptionError> {
    let foreign = |error: Foreign| OptionError::Foreign(error.to_string());
    let build = needed("build", table.build).map_err(foreign)?;
    let options = options.to_string();
    let eval = ask(context, build, &options, task, Mode::Eval).map_err(foreign)?;
    let values = table.values;
    Ok(Box::new(ForeignModel { context, build, values, options, task: task.clone(), eval }))
}

fn ask(context: Context, build: Build, options: &str, task: &Task, mode: Mode) -> Result<Graph, Foreign> {
    let mut bytes = Bytes::empty();
    let train = u32::from(mode == Mode::Train);
    let (input, rank) = (task.input.as_ptr(), task.input.len());
    // SAFETY: the context is a constant of a loaded library; all arguments outlive the call.
    let asked = call(|error| unsafe {
        build(context.get(), Str::new(options), input, rank, task.classes, train, &raw mut bytes, error)
    });
    // SAFETY: the callee filled the bytes or left them empty.
    let bytes = unsafe { bytes.take() };
    asked?;
    let graph = Graph::from_bytes(&bytes?).map_err(Foreign::failed)?;
    let fits = graph.output().is_some_and(|o| graph.shape(o).dims().first() == Some(&Dim::Batch(1)));
    if fits { Ok(graph) } else { Err(Foreign::failed("the graph has no output of shape [B, …]")) }
}

impl Model for ForeignModel {
    fn build(&self, g: &mut GraphBuilder, x: ValueId) -> Result<ValueId, GraphError> {
        match g.mode() {
            Mode::Eval => g.inline(&self.eval, x),
            mode => {
                let graph = ask(self.context, self.build, &self.options, &self.task, mode)
                    .map_err(|error| GraphError::Foreign(error.to_string()))?;
                g.inline(&graph, x)
            }
        }
    }

    fn values(&self) -> Result<Vec<(String, Vec<f64>)>, GraphError> {
        let Some(values) = self.values else { return Ok(Vec::new()) };
        let foreign = |error: Foreign| GraphError::Foreign(error.to_string());
        let mut taken: Taken = Ok(Vec::new());
        let (input, rank) = (self.task.input.as_ptr(), self.task.input.len());
        // SAFETY: the context is a constant of a loaded library; all arguments outlive the call.
        call(|error| unsafe {
            let options = Str::new(&self.options);
            let sink = (&raw mut taken).cast();
            values(self.context.get(), options, input, rank, self.task.classes, sink, take, error)
        })
        .and(taken)
        .map_err(foreign)
    }
}

/// What has been pushed, or why it could not be read.
type Taken = Result<Vec<(String, Vec<f64>)>, Foreign>;

unsafe extern "C" fn take(sink: *mut c_void, name: Str, values: *const f64, len: usize) {
    // SAFETY: the sink is the one of `values`, used by this thread alone; name and numbers are valid during the call.
    guard_or((), || unsafe {
        let sink = &mut *sink.cast::<Taken>();
        let one = || Ok((one_line(name.as_text()?), numbers(values, len)?.to_vec()));
        match (sink.as_mut(), one()) {
            (Ok(all), Ok(one)) => all.push(one),
            (Ok(_), Err(error)) => *sink = Err(error),
            (Err(_), _) => {}
        }
    });
}
