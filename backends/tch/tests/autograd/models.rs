//! Every built-in model with numbers: its own initial weights, and samples that are nowhere near special.

use crate::oracle::setting::Setting;
use crate::oracle::value::Value;
use hesse as _; // links the built-in models
use hesse_core::graph::Mode;
use hesse_core::loss::Loss;
use hesse_core::model::{Normalization, Task, record};
use hesse_core::operator::Weights;
use hesse_core::options::Options;
use hesse_core::program::Problem;
use hesse_core::registry;

const BATCH: usize = 3;
const CLASSES: usize = 10;

/// Batch-norm statistics other than 0 and 1, so that mistakes in them show.
fn statistics(name: &str, i: usize) -> f64 {
    let wave = (i as f64 * 0.7).sin();
    if name.ends_with("running_var") { 1.2 + 0.3 * wave } else { 0.1 * wave }
}

/// Name, numbers and programs of every model, on images of the size that it takes.
pub fn all() -> Vec<(&'static str, Setting, Problem)> {
    let mut all = Vec::new();
    for entry in registry::models().into_iter().filter(|e| e.name != "torchscript") {
        // As deep as ResNet-20 goes, the others of its family are the same blocks again.
        if ["resnet32", "resnet44", "resnet56", "resnet110"].contains(&entry.name) {
            continue;
        }
        let one = [[3usize, 32, 32], [1, 28, 28]].into_iter().find_map(|input| {
            let task = Task { input: input.to_vec(), classes: CLASSES };
            let model = (entry.make)(&Options::default(), &task).ok()?;
            record(model.as_ref(), &task, &Normalization::default(), Mode::Eval).ok().map(|g| (g, input))
        });
        let (graph, input) = one.unwrap_or_else(|| panic!("{} takes neither kind of image", entry.name));
        let loss = Loss::default();
        let problem = Problem::new(graph.clone(), &loss).unwrap();
        let (parameters, _) = Weights::initial(&graph, 5);
        let mut s = Setting::new(graph.clone(), &loss, BATCH);
        s.parameters = parameters.concat();
        for b in graph.buffers() {
            s.buffers.extend((0..b.elements()).map(|i| statistics(&b.name, i)));
        }
        let pixels = BATCH * input.iter().product::<usize>();
        let samples = (0..pixels).map(|i| ((i * 7919 % 256) as f64 / 255.0 + 0.3 * (i as f64 * 0.01).sin()).abs());
        s.samples = Value::real([&[BATCH], &input[..]].concat(), samples.collect());
        s.labels = Some(Value::index(vec![BATCH], (0..BATCH).map(|i| (i * 3 % CLASSES) as u32).collect()));
        all.push((entry.name, s, problem));
    }
    assert!(all.len() > 5, "no models are linked in");
    all
}
