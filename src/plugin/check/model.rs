//! What an architecture must withstand.

use super::{Verdict, ensure, within};
use crate::problem::lookup;
use hesse_core::backend::{BackendRequest, HostTensor};
use hesse_core::graph::{Dim, Graph, Mode};
use hesse_core::loss::Loss;
use hesse_core::model::{Normalization, Task, record};
use hesse_core::operator::{Batch, Curvature, DatasetOperator, Evaluator, Weights, self_test};
use hesse_core::options::{OptionKind, Options};
use hesse_core::program::Problem;
use hesse_core::registry::{Listed, ModelEntry};
use hesse_core::vectors::Precision;

/// Inputs that networks are usually made for; one of them must do.
const INPUTS: [&[usize]; 3] = [&[1, 28, 28], &[3, 32, 32], &[16]];

fn graph(entry: &Listed<ModelEntry>, options: &str, task: &Task, mode: Mode) -> Result<Graph, String> {
    let options: Options = options.parse().map_err(|e: hesse_core::options::OptionError| e.to_string())?;
    let model = (entry.make)(&options, task).map_err(|e| e.to_string())?;
    record(model.as_ref(), task, &Normalization::default(), mode).map_err(|e| e.to_string())
}

pub(super) fn check(entry: &Listed<ModelEntry>) -> Verdict {
    let mut verdict = Verdict::new("model", entry.name);
    if let Some(file) = entry.options.iter().find(|o| o.kind == OptionKind::File) {
        // What it is made of cannot be known here.
        verdict.point("without the file that it is made of, it is refused in words that name the option", || {
            let task = Task { input: INPUTS[1].to_vec(), classes: 10 };
            match graph(entry, "", &task, Mode::Eval) {
                Err(error) => ensure(error.contains(file.name), || format!("the refusal is: {error}")),
                Ok(_) => Err("a network was made of nothing".into()),
            }
        });
        return verdict;
    }
    let tasks: Vec<Task> = INPUTS.iter().map(|input| Task { input: input.to_vec(), classes: 10 }).collect();
    let tried: Vec<Result<Graph, String>> = tasks.iter().map(|t| graph(entry, "", t, Mode::Eval)).collect();
    let fitting = tasks.iter().zip(&tried).find(|(_, graph)| graph.is_ok());
    verdict.point("it takes samples of 1×28×28, of 3×32×32 or of 16 numbers, without options", || {
        let causes = || tried.iter().filter_map(|t| t.as_ref().err().cloned()).collect::<Vec<_>>().join("; ");
        ensure(fitting.is_some(), causes)
    });
    let Some((task, Ok(eval))) = fitting else { return verdict };

    verdict.point("its output is one row of class scores per sample", || {
        let shape = eval.output().map(|o| eval.shape(o).dims().to_vec());
        let expected = vec![Dim::Batch(1), Dim::Fixed(10)];
        ensure(shape.as_ref() == Some(&expected), || format!("expected {expected:?}, found {shape:?}"))
    });
    verdict.point("it follows the number of classes of the task", || {
        let three = graph(entry, "", &Task { classes: 3, ..task.clone() }, Mode::Eval)?;
        let shape = three.output().map(|o| three.shape(o).dims().to_vec());
        ensure(shape == Some(vec![Dim::Batch(1), Dim::Fixed(3)]), || format!("found {shape:?}"))
    });
    verdict.point("the same options give the same graph", || {
        let again = graph(entry, "", task, Mode::Eval)?;
        let hash = |g: &Graph| g.content_hash().map_err(|e| e.to_string());
        ensure(hash(eval)? == hash(&again)?, || "two recordings differ".into())
    });
    verdict.point("train mode has the parameters and buffers of eval mode", || {
        let train = graph(entry, "", task, Mode::Train)?;
        let names = |g: &Graph| {
            let p = g.parameters().iter().map(|p| (p.name.clone(), p.shape.clone()));
            p.chain(g.buffers().iter().map(|b| (b.name.clone(), b.shape.clone()))).collect::<Vec<_>>()
        };
        ensure(names(&train) == names(eval), || "they differ in name, shape or order".into())
    });
    verdict.point("it has parameters, and its graph survives being stored", || {
        ensure(eval.parameter_count() > 0, || "there is no parameter".into())?;
        let bytes = eval.to_bytes().map_err(|e| e.to_string())?;
        let back = Graph::from_bytes(&bytes).map_err(|e| e.to_string())?;
        ensure(back == *eval, || "it comes back changed".into())
    });
    verdict
        .point("loss, gradient and Hessian products are finite, symmetric and linear at the initial weights", || {
            derivatives(eval, task)
        });
    verdict.point("every option refuses what is not of its kind", || {
        for option in entry.options {
            if option.kind == OptionKind::Text {
                continue;
            }
            let options: Options = format!("{}=†", option.name).parse().map_err(|_| "options".to_string())?;
            let refused = options.check(entry.name, entry.options).is_err() && (entry.make)(&options, task).is_err();
            ensure(refused, || format!("{}=† was accepted", option.name))?;
        }
        Ok(())
    });
    verdict.point("samples that make no sense are an error and not a crash", || {
        for input in [vec![], vec![0], vec![1, 1, 1, 1, 1, 1, 1], vec![usize::MAX, usize::MAX]] {
            let task = Task { input, classes: 10 };
            // Whether it fits is the network's affair; that there is an answer is ours.
            let _ = graph(entry, "", &task, Mode::Eval);
        }
        ensure(graph(entry, "", &Task { classes: 0, ..task.clone() }, Mode::Eval).is_err(), || {
            "no classes were accepted".into()
        })
    });
    verdict
}

fn derivatives(graph: &Graph, task: &Task) -> Result<(), String> {
    let e = |error: &dyn std::fmt::Display| error.to_string();
    let entry = lookup::backend("builtin/candle").map_err(|x| e(&x))?;
    let request = BackendRequest { device: "cpu".into(), precision: Precision::F64, threads: None };
    let backend = (entry.open)(&request).map_err(|x| e(&x))?;
    let problem = Problem::new(graph.clone(), &Loss::default()).map_err(|x| e(&x))?;
    let (parameters, buffers) = Weights::initial(problem.graph(), 0);
    let weights = Weights::upload(backend.as_ref(), problem.graph(), &parameters, &buffers).map_err(|x| e(&x))?;
    let count = 4;
    let size: usize = task.input.iter().product();
    let samples = (0..count * size).map(|i| (i * 37 % 101) as f64 / 101.0).collect();
    let labels = Some((0..count as u32).map(|i| i % task.classes as u32).collect());
    let data = (count, Batch { samples: HostTensor::Real(samples), labels, targets: None });
    let wrt = problem.all_parameters();
    let evaluation = Evaluator::new(backend.as_ref(), &problem, Some(&wrt), count)
        .and_then(|mut evaluator| evaluator.run(&weights, &data, &mut |_| {}))
        .map_err(|x| e(&x))?;
    let norm = evaluation.gradient_norm.unwrap_or(f64::NAN);
    ensure(evaluation.loss.is_finite() && norm.is_finite() && norm > 0.0, || {
        format!("loss {} and gradient norm {norm}", evaluation.loss)
    })?;
    let operator =
        DatasetOperator::new(backend.as_ref(), &problem, Curvature::Hessian, &wrt, &weights, &data, count, usize::MAX)
            .map_err(|x| e(&x))?;
    let figures = self_test(&operator, 0, None).map_err(|x| e(&x))?;
    within("departure from symmetry", figures.symmetry, 1e-11)?;
    within("departure from linearity", figures.linearity, 1e-11)
}
