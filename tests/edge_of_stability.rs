//! Full-batch gradient descent holds the largest eigenvalue of the Hessian at 2/η (Cohen et al., arXiv:2103.00065).
//!
//! The paper's one-dimensional example: a tanh network of 100 units fitted to a Chebyshev polynomial at 20 points. The
//! paper minimises half the mean square, whose Hessian is half of ours, so its rate η is ours divided by two and the
//! ratio to the edge is the same.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use hesse as _; // links the built-in backends
use hesse_core::backend::{BackendRequest, HostTensor};
use hesse_core::graph::{GraphBuilder, Init, Mode};
use hesse_core::loss::Loss;
use hesse_core::operator::{
    Batch, CompiledProduct, Curvature, DatasetOperator, Evaluator, LeadingRequest, Weights, leading,
};
use hesse_core::program::Problem;
use hesse_core::random::{Purpose, Stream};
use hesse_core::registry::backends;
use hesse_core::vectors::{Block, Precision};

const POINTS: usize = 20;
const WIDTH: usize = 100;

fn chebyshev(degree: usize, x: f64) -> f64 {
    (degree as f64 * x.acos()).cos()
}

/// λ₁ ÷ (2/η) every `every` steps, and the losses beside them.
fn follow(degree: usize, rate: f64, steps: usize, every: usize) -> (Vec<f64>, Vec<f64>) {
    let request = BackendRequest { device: "cpu".into(), precision: Precision::F64, threads: Some(1) };
    let backend = (backends().into_iter().find(|b| b.name == "candle").unwrap().open)(&request).unwrap();
    let mut g = GraphBuilder::new(Mode::Eval);
    let x = g.samples(&[1]).unwrap();
    let w = g.parameter("hidden.weight", &[WIDTH, 1], Init::Constant(0.0)).unwrap();
    let b = g.parameter("hidden.bias", &[WIDTH], Init::Constant(0.0)).unwrap();
    let v = g.parameter("out.weight", &[1, WIDTH], Init::Constant(0.0)).unwrap();
    let h = g.matmul(x, false, w, true).unwrap();
    let h = g.add(h, b).unwrap();
    let h = g.tanh(h).unwrap();
    let y = g.matmul(h, false, v, true).unwrap();
    let problem = Problem::new(g.finish(y).unwrap(), &Loss::SquaredError).unwrap();

    // Xavier's normal deviations: gain √(2 / (inputs + outputs)).
    let spread = (2.0 / (WIDTH + 1) as f64).sqrt();
    let mut stream = Stream::new(1, Purpose::Parameters, 0);
    let mut normals = |gain: f64| -> Vec<f64> { (0..WIDTH).map(|_| gain * spread * stream.normal()).collect() };
    let start = [normals(1.9), vec![0.0; WIDTH], normals(1.0)];
    let mut weights = Weights::upload(backend.as_ref(), problem.graph(), &start, &[]).unwrap();

    let points: Vec<f64> = (0..POINTS).map(|i| 2.0 * i as f64 / (POINTS - 1) as f64 - 1.0).collect();
    let targets = points.iter().map(|&x| chebyshev(degree, x)).collect();
    let data = (POINTS, Batch { samples: HostTensor::Real(points), labels: None, targets: Some(targets) });
    let wrt = problem.all_parameters();
    let mut evaluator = Evaluator::new(backend.as_ref(), &problem, Some(&wrt), POINTS).unwrap();
    let mut product = CompiledProduct::new(&problem, Curvature::Hessian, &wrt).unwrap();
    let space = backend.space(problem.graph().parameter_count(), Precision::F64);
    let rate = rate / 2.0;
    let mut near: Option<Block> = None;
    let (mut shares, mut losses) = (Vec::new(), Vec::new());
    for step in 0..=steps {
        if step % every == 0 {
            let operator = DatasetOperator::of(backend.as_ref(), product, &weights, &data, POINTS, usize::MAX).unwrap();
            let start = near.as_ref().map(Block::all);
            let request = LeadingRequest { start, tolerance: 1e-6, max_products: 300, seed: 0, index: step as u64 };
            let found = leading(&operator, &request).unwrap();
            assert!(found.converged, "step {step}: {found:?}");
            product = operator.into_product();
            near = Some(found.vector);
            shares.push(found.value * rate / 2.0);
        }
        let evaluation = evaluator.run(&weights, &data, &mut |_| {}).unwrap();
        if step % every == 0 {
            losses.push(evaluation.loss);
        }
        let gradient = evaluation.gradient.unwrap();
        space.combine(weights.parameters.all_mut(), 1.0, gradient.all(), &[-rate]).unwrap();
    }
    (shares, losses)
}

#[test]
fn sharpness_rises_to_two_over_the_rate_and_stays_there() {
    for (degree, rate) in [(3, 0.4), (4, 0.4)] {
        let (shares, losses) = follow(degree, rate, 20_000, 1000);
        let last = &shares[shares.len() - 5..];
        let mean = last.iter().sum::<f64>() / 5.0;
        println!("degree {degree}, rate {rate}: {shares:.3?}, losses {losses:.4?}");
        assert!(shares[0] < 0.8, "it begins below the edge: {shares:?}");
        assert!((0.9..1.15).contains(&mean), "{mean}: {shares:?}");
        assert!(losses.last().unwrap() < &losses[0], "{losses:?}");
    }
}
