//! The backend against closed forms and finite differences; the full suite lives in the root package.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
use hesse_core::SecondOrderBackend;
use hesse_core::backend::{BackendRequest, HostTensor};
use hesse_core::graph::{Conv2d, GraphBuilder, Mode};
use hesse_core::loss::Loss;
use hesse_core::operator::{Batch, Curvature, DatasetOperator, Evaluator, LinearOperator, Weights, self_test};
use hesse_core::program::Problem;
use hesse_core::vectors::Precision;

fn open() -> Box<dyn SecondOrderBackend> {
    let request = BackendRequest { device: "cpu".into(), precision: Precision::F64, threads: None };
    Box::new(hesse_candle::CandleBackend::new(&request).unwrap())
}

#[test]
fn the_hessian_of_a_small_convolutional_network_is_the_slope_of_its_gradient() {
    let backend = open();
    let mut g = GraphBuilder::new(Mode::Eval);
    let x = g.samples(&[2, 7, 6]).unwrap();
    let y = g.conv2d("conv1", x, 4, &Conv2d::kernel(3).padding(1)).unwrap();
    let y = g.batch_norm("bn", y).unwrap();
    let y = g.tanh(y).unwrap();
    let y = g.max_pool(y, 3, 2, 1).unwrap();
    let y = g.conv2d("conv2", y, 6, &Conv2d::kernel(3).stride(2).groups(2)).unwrap();
    let y = g.gelu(y).unwrap();
    let y = g.flatten(y).unwrap();
    let z = g.linear("fc", y, 3).unwrap();
    let graph = g.finish(z).unwrap();
    let problem = Problem::new(graph, &Loss::default()).unwrap();
    let (parameters, buffers) = Weights::initial(problem.graph(), 3);
    let weights = Weights::upload(backend.as_ref(), problem.graph(), &parameters, &buffers).unwrap();
    let samples = (0..11 * 2 * 7 * 6).map(|i| ((i * 37 % 101) as f64 / 50.0) - 1.0).collect();
    let labels = Some((0..11).map(|i| i % 3).collect());
    let data = (11, Batch { samples: HostTensor::Real(samples), labels, targets: None });
    let wrt = problem.all_parameters();
    let mut report = Vec::new();
    for budget in [0, usize::MAX] {
        let h = DatasetOperator::new(backend.as_ref(), &problem, Curvature::Hessian, &wrt, &weights, &data, 4, budget)
            .unwrap();
        let mut evaluator = Evaluator::new(backend.as_ref(), &problem, Some(&wrt), 4).unwrap();
        let flat = parameters.concat();
        let space = backend.space(flat.len(), Precision::F64);
        let mut gradient = |v: &hesse_core::vectors::Block, step: f64| {
            let v = h.space().read(v, 0)?;
            let moved: Vec<f64> = flat.iter().zip(&v).map(|(p, v)| p + step * v).collect();
            let mut shifted = Weights::upload(backend.as_ref(), problem.graph(), &parameters, &buffers)?;
            space.write(&mut shifted.parameters, 0, &moved)?;
            let e = evaluator.run(&shifted, &data, &mut |_| {})?;
            Ok(space.read(&e.gradient.unwrap(), 0)?)
        };
        let test = self_test(&h, 1, Some((&mut gradient, &[1e-4, 3e-5]))).unwrap();
        println!("{test:?} {:?}", h.cache_report());
        assert!(test.symmetry < 1e-14 && test.linearity < 1e-14 && test.noise_floor == 0.0);
        assert!(test.finite_difference.unwrap() < 1e-7 && (test.finite_difference_order.unwrap() - 2.0).abs() < 0.2);
        report.push(h.cache_report().kept);
    }
    assert_eq!(report, [0, 3]);
}
