//! `torchscript:FILE`: a network that PyTorch has scripted or traced, differentiated by libtorch's own autograd.
//!
//! Its graph is one call of a function outside the graph ([`Differential`](hesse_core::graph::Differential)) on all
//! parameters, all buffers and the samples; losses, normalization and every derivative program are recorded around it as
//! around any other network. The graph names the file by its SHA-256, so that its hash follows the contents; where a
//! file of that hash lies is known to this library alone, from the moment the model was made.

mod archive;
mod probe;

pub(crate) use archive::{SYSTEM, open};

use crate::shim::{Entered, Place, Script};
use archive::Archive;
use hesse_core::error::GraphError;
use hesse_core::graph::{Differential, External, GraphBuilder, Init, Mode, Op, Shape, ValueId};
use hesse_core::model::{Model, Task};
use hesse_core::options::{OptionError, OptionKind, OptionSpec, Options};
use hesse_core::registry::ModelEntry;
use std::sync::Mutex;

const OPTIONS: &[OptionSpec] = &[OptionSpec {
    name: "file",
    kind: OptionKind::File,
    default: "",
    help: "what torch.jit.save wrote; the key may be left out: torchscript:net.pt",
}];

hesse_core::submit! {
    ModelEntry {
        name: "torchscript",
        summary: "your own PyTorch network, from a TorchScript file with its weights; runs on the tch backend",
        options: OPTIONS,
        license: "as the file's own",
        make: &make,
    }
}

fn make(options: &Options, task: &Task) -> Result<Box<dyn Model>, OptionError> {
    options.check("torchscript", OPTIONS)?;
    let refuse = |value: &str, expected: &str| OptionError::Value {
        key: "file".into(),
        value: value.into(),
        expected: expected.into(),
    };
    let Some(file) = options.text("file") else {
        return Err(refuse("", "a file that torch.jit.save has written, as in torchscript:net.pt"));
    };
    let foreign = |cause: String| OptionError::Foreign(format!("torchscript: {file}: {cause}"));
    let _entered = Entered::new(Place::cpu(1)).map_err(foreign)?;
    let archive = Archive::read(file).map_err(foreign)?;
    let mut script = archive.script(false, tch::Device::Cpu).map_err(foreign)?;
    let parameters = declared(script.parameters()).map_err(foreign)?;
    let buffers = declared(script.buffers()).map_err(foreign)?;
    let output = probe::output(&mut script, &task.input).map_err(foreign)?;
    if output != [task.classes] {
        return Err(foreign(format!(
            "samples of {:?} give {output:?} numbers each; expected one for each of {} classes",
            task.input, task.classes
        )));
    }
    archive.remember();
    let (digest, script) = (archive.digest, Mutex::new(script));
    Ok(Box::new(Scripted { file: file.to_string(), digest, parameters, buffers, output, script }))
}

/// Names and sizes.
type Declared = Vec<(String, Vec<usize>)>;

fn declared(values: Result<Vec<crate::shim::Value>, String>) -> Result<Declared, String> {
    let size = |n: &i64| usize::try_from(*n).unwrap_or(0);
    Ok(values?.into_iter().map(|v| (v.name, v.tensor.size().iter().map(size).collect())).collect())
}

/// A module with what a graph declares of it.
struct Scripted {
    file: String,
    digest: String,
    parameters: Declared,
    buffers: Declared,
    output: Vec<usize>,
    script: Mutex<Script>,
}

impl Model for Scripted {
    fn build(&self, g: &mut GraphBuilder, x: ValueId) -> Result<ValueId, GraphError> {
        if g.mode() == Mode::Train {
            return Err(GraphError::mismatch(
                format!("torchscript: {}", self.file),
                "eval mode: the statistics and masks of train mode are the module's own and cannot be told to it",
                "train mode",
            ));
        }
        let mut operands = Vec::new();
        for (name, shape) in &self.parameters {
            // Never drawn: the file brings every value.
            operands.push(g.parameter(name, shape, Init::Constant(0.0))?);
        }
        for (name, shape) in &self.buffers {
            operands.push(g.buffer(name, shape, 0.0)?.1);
        }
        operands.push(x);
        let function = External {
            system: SYSTEM.to_string(),
            program: self.digest.clone(),
            arity: operands.len(),
            result: Shape::batched(&self.output)?,
        };
        g.push(Op::Differential(Differential::of(function)), &operands)
    }

    fn values(&self) -> Result<Vec<(String, Vec<f64>)>, GraphError> {
        let foreign = |cause: String| GraphError::Foreign(format!("torchscript: {}: {cause}", self.file));
        let _entered = Entered::new(Place::cpu(1)).map_err(foreign)?;
        let script = self.script.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let values = script.parameters().and_then(|p| Ok([p, script.buffers()?].map(Vec::into_iter)));
        let one = |v: crate::shim::Value| Ok((v.name, crate::space::numbers(&v.tensor)?));
        values.and_then(|all| all.into_iter().flatten().map(one).collect()).map_err(foreign)
    }
}
