//! What a backend must withstand: the built-in one and plain loops are what it is compared with.

use super::{Verdict, ensure, within};
use crate::problem::lookup;
use hesse_core::SecondOrderBackend;
use hesse_core::backend::{BackendRequest, HostTensor};
use hesse_core::graph::Mode;
use hesse_core::host::HostSpace;
use hesse_core::loss::Loss;
use hesse_core::model::{Normalization, Task, record};
use hesse_core::operator::{Batch, Curvature, DatasetOperator, Evaluator, LinearOperator, Weights};
use hesse_core::program::Problem;
use hesse_core::registry::{BackendEntry, Listed};
use hesse_core::vectors::{Precision, VectorSpace};

/// Networks that between them use most primitives.
const NETWORKS: [(&str, [usize; 3]); 4] = [
    ("mlp:hidden=7,activation=gelu", [1, 6, 6]),
    ("c2:width=0.1,activation=tanh", [3, 32, 32]),
    ("smallcnn:width=0.1", [1, 28, 28]),
    ("resnet20:width=0.25", [3, 32, 32]),
];

pub(super) fn check(entry: &Listed<BackendEntry>) -> Verdict {
    let mut verdict = Verdict::new("backend", entry.name);
    let devices = (entry.devices)();
    verdict.point("it finds a device here", || ensure(!devices.is_empty(), || "none".into()));
    verdict.point("a device that does not exist is an error that names it", || {
        let request = BackendRequest { device: "abacus".into(), precision: Precision::F64, threads: None };
        match (entry.open)(&request) {
            Ok(_) => Err("it was opened".into()),
            Err(error) => ensure(error.to_string().contains("abacus"), || error.to_string()),
        }
    });
    for device in devices {
        let open = |precision| {
            let request = BackendRequest { device: device.clone(), precision, threads: None };
            (entry.open)(&request).map_err(|e| e.to_string())
        };
        verdict.point("its arithmetic on vectors is that of plain loops", || {
            [Precision::F64, Precision::F32].into_iter().try_for_each(|p| vectors(open(p)?.as_ref(), p))
        });
        for (precision, bound) in [(Precision::F64, 1e-10), (Precision::F32, 2e-4)] {
            let sentence = match precision {
                Precision::F64 => "loss, gradient, H·v and G·v in f64 are those of the built-in backend",
                Precision::F32 => "loss, gradient, H·v and G·v in f32 are close to those in f64",
            };
            verdict.point(sentence, || {
                let own = open(precision)?;
                let builtin = lookup::backend("builtin/candle").map_err(|e| e.to_string())?;
                let request = BackendRequest { device: "cpu".into(), precision: Precision::F64, threads: None };
                let reference = (builtin.open)(&request).map_err(|e| e.to_string())?;
                NETWORKS.iter().try_for_each(|(model, input)| {
                    for budget in [0, usize::MAX] {
                        let own = measure(own.as_ref(), model, *input, budget)?;
                        let expected = measure(reference.as_ref(), model, *input, budget)?;
                        for ((what, a), (_, b)) in own.iter().zip(&expected) {
                            within(&format!("{model}: relative difference of {what}"), difference(a, b), bound)?;
                        }
                    }
                    Ok(())
                })
            });
        }
    }
    verdict
}

fn difference(a: &[f64], b: &[f64]) -> f64 {
    let size = b.iter().map(|v| v * v).sum::<f64>().sqrt().max(f64::MIN_POSITIVE);
    let gap = a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt() / size;
    if a.len() == b.len() && gap.is_finite() { gap } else { f64::INFINITY }
}

type Figures = Vec<(&'static str, Vec<f64>)>;

fn measure(backend: &dyn SecondOrderBackend, model: &str, input: [usize; 3], budget: usize) -> Result<Figures, String> {
    let e = |error: &dyn std::fmt::Display| error.to_string();
    let (entry, options) = lookup::model(&format!("builtin/{model}")).map_err(|x| e(&x))?;
    let task = Task { input: input.to_vec(), classes: 5 };
    let made = (entry.make)(&options, &task).map_err(|x| e(&x))?;
    let graph = record(made.as_ref(), &task, &Normalization::default(), Mode::Eval).map_err(|x| e(&x))?;
    let problem = Problem::new(graph, &Loss::default()).map_err(|x| e(&x))?;
    let (parameters, buffers) = Weights::initial(problem.graph(), 2);
    let weights = Weights::upload(backend, problem.graph(), &parameters, &buffers).map_err(|x| e(&x))?;
    let size: usize = input.iter().product();
    let samples = (0..5 * size).map(|i| (i * 41 % 103) as f64 / 103.0).collect();
    let batch = Batch { samples: HostTensor::Real(samples), labels: Some(vec![0, 1, 2, 3, 4]), targets: None };
    let data = (5, batch);
    let wrt = problem.all_parameters();
    let evaluation = Evaluator::new(backend, &problem, Some(&wrt), 3)
        .and_then(|mut evaluator| evaluator.run(&weights, &data, &mut |_| {}))
        .map_err(|x| e(&x))?;
    let n = problem.dimension(&wrt).at(0);
    let gradient = evaluation.gradient.as_ref().ok_or("no gradient")?;
    let gradient = backend.space(n, Precision::F64).read(gradient, 0).map_err(|x| e(&x))?;
    let mut figures = vec![("the loss", vec![evaluation.loss]), ("the gradient", gradient)];
    for (what, curvature) in [("H·v", Curvature::Hessian), ("G·v", Curvature::GaussNewton)] {
        let operator =
            DatasetOperator::new(backend, &problem, curvature, &wrt, &weights, &data, 3, budget).map_err(|x| e(&x))?;
        let space = operator.space();
        let mut x = space.zeros(2).map_err(|x| e(&x))?;
        for column in 0..2 {
            let v: Vec<f64> = (0..n).map(|i| ((i + 7 * column) as f64).sin()).collect();
            space.write(&mut x, column, &v).map_err(|x| e(&x))?;
        }
        let mut y = space.zeros(2).map_err(|x| e(&x))?;
        operator.apply(x.all(), y.all_mut()).map_err(|x| e(&x))?;
        let mut product = space.read(&y, 0).map_err(|x| e(&x))?;
        product.extend(space.read(&y, 1).map_err(|x| e(&x))?);
        figures.push((what, product));
    }
    Ok(figures)
}

fn vectors(backend: &dyn SecondOrderBackend, precision: Precision) -> Result<(), String> {
    let own = arithmetic(backend.space(1003, precision).as_ref()).map_err(|e| e.to_string())?;
    let expected = arithmetic(&HostSpace::new(1003, precision)).map_err(|e| e.to_string())?;
    let bound = 100.0 * precision.epsilon();
    for ((what, a), (_, b)) in own.iter().zip(&expected) {
        within(what, difference(a, b), bound)?;
    }
    Ok(())
}

/// The same arithmetic on any space.
fn arithmetic(space: &dyn VectorSpace) -> Result<Figures, hesse_core::vectors::VectorError> {
    let n = space.dimension();
    let (mut x, mut y) = (space.zeros(3)?, space.zeros(2)?);
    for column in 0..3 {
        space.write(&mut x, column, &(0..n).map(|i| ((i * (column + 2)) as f64).cos()).collect::<Vec<_>>())?;
    }
    let mut figures = vec![("what was written", space.read(&x, 1)?)];
    space.combine(y.all_mut(), 0.0, x.all(), &[1.0, -2.0, 0.5, 0.25, 3.0, -1.0])?;
    space.combine(y.view_mut(1..2), 0.5, x.view(0..2), &[2.0, 1.0])?;
    space.scale(y.all_mut(), &[1.5, -0.5])?;
    space.copy(y.view(0..1), x.view_mut(2..3))?;
    figures.push(("combine, scale and copy", [space.read(&y, 1)?, space.read(&x, 2)?].concat()));
    figures.push(("gram", space.gram(x.all(), y.all())?));
    Ok(figures)
}
