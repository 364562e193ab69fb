//! Files that are no networks, networks that do not fit, and modules that have no Hessian.

use crate::archive::{self, Module, forward};
use crate::networks::{CLASSES, INPUT, all};
use crate::{made, task, tch};
use hesse_core::SecondOrderBackend;
use hesse_core::graph::Mode;
use hesse_core::loss::Loss;
use hesse_core::model::{Normalization, Task, record};
use hesse_core::program::Problem;
use hesse_core::vectors::Precision;

/// A linear layer whose result goes through this.
fn with(body: &str) -> Module {
    Module {
        class: "Net",
        parameters: vec![("weight", vec![CLASSES, 72], archive::numbers(CLASSES * 72, 2, 0.3))],
        methods: forward("Net", &format!("z = torch.matmul(torch.flatten(x, 1), torch.t(self.weight))\n{body}")),
        ..Module::default()
    }
}

fn refused(module: &Module, task: &Task) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("net.pt");
    archive::write(&file, module);
    let error = made(&file, task).err().expect("a refusal");
    assert!(error.starts_with("torchscript: ") && error.contains("net.pt: ") && !error.contains('\n'), "{error}");
    error
}

#[test]
fn files_that_hold_no_module_are_refused_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("net.pt");
    assert!(made(&file, &task()).err().unwrap().contains("No such file"));
    std::fs::write(&file, b"weights, I think").unwrap();
    assert!(made(&file, &task()).err().unwrap().contains("no TorchScript file"));
    let mut zip = zip::ZipWriter::new(std::fs::File::create(&file).unwrap());
    zip.start_file("net/data.pkl", zip::write::SimpleFileOptions::default()).unwrap();
    zip.finish().unwrap();
    let error = made(&file, &task()).err().unwrap();
    assert!(error.contains("no TorchScript file") && error.contains("--weights"), "{error}");
    let nothing = hesse_core::registry::find::<hesse_core::registry::ModelEntry>("builtin/torchscript").unwrap();
    let error = (nothing.make)(&Default::default(), &task()).err().unwrap().to_string();
    assert!(error.contains("torchscript:net.pt"), "{error}");
}

#[test]
fn samples_and_classes_that_do_not_fit_are_refused() {
    let perceptron = &all()[0].module;
    let wrong = refused(perceptron, &Task { input: vec![1, 5], classes: CLASSES });
    assert!(wrong.contains("samples of [1, 5] do not fit the module"), "{wrong}");
    let wrong = refused(perceptron, &Task { input: INPUT.to_vec(), classes: 10 });
    assert!(wrong.contains("[4] numbers each") && wrong.contains("10 classes"), "{wrong}");
    let wrong = refused(&with("return torch.sum(z)"), &task());
    assert!(wrong.contains("expected a result of [B, classes]"), "{wrong}");
    let constant = Module { parameters: Vec::new(), ..with("") };
    let constant = Module { methods: forward("Net", "return torch.flatten(x, 1)"), ..constant };
    assert!(refused(&constant, &task()).contains("no parameters"));
}

#[test]
fn modules_without_a_fixed_function_of_each_sample_are_refused() {
    let dropout = refused(&with("return torch.dropout(z, 0.5, True)"), &task());
    assert!(dropout.contains("traced in train mode: aten::dropout"), "{dropout}");
    let random = refused(&with("return torch.mul(z, torch.rand_like(z))"), &task());
    assert!(random.contains("two runs on the same samples differ"), "{random}");
    let coupled = refused(&with("return torch.sub(z, torch.mean(z, [0], True))"), &task());
    assert!(coupled.contains("depends on the other samples"), "{coupled}");
}

/// libtorch itself may differ by so much from run to run.
#[test]
fn runs_that_differ_by_rounding_are_runs_of_one_function_and_a_little_noise_is_not() {
    let noise = |size: &str| with(&format!("return torch.add(z, torch.mul(z, torch.rand_like(z)), alpha={size})"));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("net.pt");
    archive::write(&file, &noise("1e-6"));
    made(&file, &task()).unwrap();
    assert!(refused(&noise("1e-2"), &task()).contains("two runs on the same samples differ"));
}

/// The graph of a module.
fn graph(module: &Module) -> hesse_core::graph::Graph {
    let folder = Box::leak(Box::new(tempfile::tempdir().unwrap()));
    let file = folder.path().join("net.pt");
    archive::write(&file, module);
    let model = made(&file, &task()).unwrap();
    record(model.as_ref(), &task(), &Normalization::default(), Mode::Eval).unwrap()
}

#[test]
fn train_mode_is_refused_and_another_backend_says_what_it_cannot_run() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("net.pt");
    archive::write(&file, &all()[0].module);
    let model = made(&file, &task()).unwrap();
    let error = record(model.as_ref(), &task(), &Normalization::default(), Mode::Train).unwrap_err().to_string();
    assert!(error.contains("expected eval mode"), "{error}");

    let problem = Problem::new(graph(&all()[0].module), &Loss::default()).unwrap();
    let candle = hesse_core::registry::find::<hesse_core::registry::BackendEntry>("builtin/candle").unwrap();
    let request =
        hesse_core::backend::BackendRequest { device: "cpu".into(), precision: Precision::F64, threads: None };
    let error = (candle.open)(&request).unwrap().compile(&problem.loss().unwrap(), 2).err().unwrap().to_string();
    assert!(error.contains("program of torchscript"), "{error}");
}

#[test]
fn an_operation_without_a_second_derivative_is_named() {
    let module = with("return torch.neg(torch.cdist(z, torch.eye(4, dtype=x.dtype)))");
    let module = Module { methods: module.methods.replace("x.dtype", "ops.prim.dtype(z)"), ..module };
    let problem = Problem::new(graph(&module), &Loss::default()).unwrap();
    let backend = tch(Precision::F64);
    let values =
        [("weight".to_string(), archive::numbers(CLASSES * 72, 2, 0.3).iter().map(|v| f64::from(*v)).collect())];
    let bench = crate::programs::Bench::new(&backend, &problem, &values);
    let wrt = problem.all_parameters();
    // First derivatives it has.
    assert!(bench.program(&problem.gradient(&wrt).unwrap()).iter().all(|v| v.is_finite()));
    let error = bench.product(&problem.hessian(&wrt).unwrap()).unwrap_err();
    assert!(error.contains("_cdist_backward: libtorch has no derivative"), "{error}");
}

#[test]
fn a_file_that_changes_between_reading_and_running_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("net.pt");
    archive::write(&file, &with("return z"));
    let model = made(&file, &task()).unwrap();
    let graph = record(model.as_ref(), &task(), &Normalization::default(), Mode::Eval).unwrap();
    archive::write(&file, &with("return torch.neg(z)"));
    let problem = Problem::new(graph, &Loss::default()).unwrap();
    let error = tch(Precision::F64).compile(&problem.loss().unwrap(), 2).err().unwrap().to_string();
    assert!(error.contains("has changed since"), "{error}");
}
