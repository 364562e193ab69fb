//! Models by name, as the program makes them.

use hesse_core::error::GraphError;
use hesse_core::graph::{Graph, Mode};
use hesse_core::model::{Normalization, Task, record};
use hesse_core::options::Options;
use hesse_core::registry::{ModelEntry, models};
use hesse_resnet as _;

pub const CIFAR: [usize; 3] = [3, 32, 32];

pub fn entry(name: &str) -> hesse_core::registry::Listed<ModelEntry> {
    models().into_iter().find(|e| e.name == name).unwrap()
}

pub fn graph(model: &str, input: &[usize], mode: Mode) -> Result<Graph, GraphError> {
    let (name, options) = Options::split(model).unwrap();
    options.check(&name, entry(&name).options).unwrap();
    let task = Task { input: input.to_vec(), classes: 10 };
    let model = (entry(&name).make)(&options, &task).unwrap();
    record(model.as_ref(), &task, &Normalization::default(), mode)
}
