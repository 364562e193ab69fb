//! Models by name, as the program makes them.

use hesse_convnet as _;
use hesse_core::error::GraphError;
use hesse_core::graph::{Graph, Mode};
use hesse_core::model::{Normalization, Task, record};
use hesse_core::options::Options;
use hesse_core::registry::{ModelEntry, models};

pub const MNIST: [usize; 3] = [1, 28, 28];
pub const CIFAR: [usize; 3] = [3, 32, 32];
/// Every network with the samples it is made for and its number of parameters for ten classes.
pub const ALL: [(&str, [usize; 3], usize); 6] = [
    ("c1", CIFAR, 1_756_682),
    ("c2", CIFAR, 1_148_746),
    ("c3", CIFAR, 1_147_978),
    ("fastcnn", MNIST, 166_406),
    ("m1", MNIST, 431_080),
    ("smallcnn", MNIST, 312_202),
];

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
