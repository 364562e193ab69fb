//! The oracle over a backend against finite differences, and against itself in other batches.

use crate::toy::{CLASSES, PIXELS, toy};
use hesse_core::attack::{AttackLoss, InputOracle, NetworkOracle, losses};
use hesse_core::graph::{GraphBuilder, Mode};
use hesse_core::operator::Weights;
use hesse_core::random::{Purpose, Stream};
use hesse_core::vectors::Precision;

const LOSSES: [AttackLoss; 3] = [AttackLoss::CrossEntropy, AttackLoss::Margin, AttackLoss::DifferenceOfLogitsRatio];

fn directions(n: usize) -> Vec<f64> {
    let mut s = Stream::new(9, Purpose::Probe, 0);
    (0..n).map(|_| s.normal()).collect()
}

fn shifted(x: &[f64], v: &[f64], h: f64) -> Vec<f64> {
    x.iter().zip(v).map(|(x, v)| x + h * v).collect()
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    let norm = |v: &mut dyn Iterator<Item = f64>| v.map(|v| v * v).sum::<f64>().sqrt();
    norm(&mut a.iter().zip(b).map(|(a, b)| a - b)) / norm(&mut b.iter().copied()).max(f64::MIN_POSITIVE)
}

#[test]
fn gradients_are_the_slopes_of_the_losses() {
    for activation in ["relu", "tanh"] {
        let toy = toy(activation, Precision::F64, 1.0);
        let (oracle, samples) = (toy.oracle(4), toy.samples(5));
        let v = directions(samples.x.len());
        let h = 1e-6;
        let labels: Vec<u32> = samples.labels.iter().map(|l| (l + 3) % 10).collect();
        for loss in LOSSES {
            let value = |h: f64| oracle.loss_gradient(&shifted(&samples.x, &v, h), &labels, loss).unwrap().losses;
            let (up, down) = (value(h), value(-h));
            let g = oracle.loss_gradient(&samples.x, &labels, loss).unwrap();
            for i in 0..5 {
                let at = i * PIXELS..(i + 1) * PIXELS;
                let exact: f64 = g.gradient[at.clone()].iter().zip(&v[at]).map(|(g, v)| g * v).sum();
                let slope = (up[i] - down[i]) / (2.0 * h);
                assert!((slope / exact - 1.0).abs() < 1e-6, "{activation} {loss} {i}: {slope} and {exact}");
            }
        }
    }
}

#[test]
fn hessian_products_are_the_slopes_of_the_gradients_and_symmetric() {
    for activation in ["relu", "tanh"] {
        let toy = toy(activation, Precision::F64, 1.0);
        let (oracle, samples) = (toy.oracle(4), toy.samples(5));
        let (v, u) = (directions(samples.x.len()), directions(2 * samples.x.len()).split_off(samples.x.len()));
        let h = 1e-6;
        let labels: Vec<u32> = samples.labels.iter().map(|l| (l + 3) % 10).collect();
        for loss in LOSSES {
            let gradient = |h: f64| oracle.loss_gradient(&shifted(&samples.x, &v, h), &labels, loss).unwrap().gradient;
            let slope: Vec<f64> = gradient(h).iter().zip(&gradient(-h)).map(|(a, b)| (a - b) / (2.0 * h)).collect();
            let exact = oracle.hessian_product(&samples.x, &labels, loss, &v).unwrap();
            if activation == "relu" && loss == AttackLoss::Margin {
                assert!(exact.iter().all(|v| *v == 0.0), "a piecewise linear network has no curvature");
                continue;
            }
            assert!(distance(&slope, &exact) < 1e-6, "{activation} {loss}: {}", distance(&slope, &exact));
            let other = oracle.hessian_product(&samples.x, &labels, loss, &u).unwrap();
            let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
            let (a, b) = (dot(&u, &exact), dot(&v, &other));
            assert!((a - b).abs() < 1e-12 * (dot(&u, &u) * dot(&exact, &exact)).sqrt(), "{a} and {b}");
        }
    }
}

#[test]
fn the_two_jacobian_products_are_adjoint_and_a_slope() {
    let toy = toy("tanh", Precision::F64, 1.0);
    let (oracle, samples) = (toy.oracle(4), toy.samples(5));
    let (v, u) = (directions(samples.x.len()), directions(5 * CLASSES));
    let jv = oracle.jacobian_product(&samples.x, &v).unwrap();
    let ju = oracle.transposed_jacobian_product(&samples.x, &u).unwrap();
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    assert!((dot(&u, &jv) / dot(&ju, &v) - 1.0).abs() < 1e-12);
    let z = |h: f64| oracle.logits(&shifted(&samples.x, &v, h)).unwrap();
    let slope: Vec<f64> = z(1e-6).iter().zip(&z(-1e-6)).map(|(a, b)| (a - b) / 2e-6).collect();
    assert!(distance(&slope, &jv) < 1e-7);
}

#[test]
fn a_samples_answers_do_not_depend_on_its_neighbours() {
    let toy = toy("tanh", Precision::F64, 1.0);
    let samples = toy.samples(11);
    let v = directions(samples.x.len());
    let (whole, parts) = (toy.oracle(11), toy.oracle(3));
    let close = |a: &[f64], b: &[f64]| assert!(distance(a, b) < 1e-13, "{}", distance(a, b));
    close(&whole.logits(&samples.x).unwrap(), &parts.logits(&samples.x).unwrap());
    for loss in LOSSES {
        let (a, b) = (
            whole.loss_gradient(&samples.x, &samples.labels, loss).unwrap(),
            parts.loss_gradient(&samples.x, &samples.labels, loss).unwrap(),
        );
        close(&a.losses, &b.losses);
        close(&a.gradient, &b.gradient);
        let product = |o: &NetworkOracle<'_>| o.hessian_product(&samples.x, &samples.labels, loss, &v).unwrap();
        close(&product(&whole), &product(&parts));
    }
}

#[test]
fn kept_values_follow_the_samples() {
    let toy = toy("tanh", Precision::F64, 1.0);
    let (oracle, samples) = (toy.oracle(8), toy.samples(4));
    let v = directions(samples.x.len());
    let ask = |oracle: &NetworkOracle<'_>, x: &[f64]| {
        let g = oracle.loss_gradient(x, &samples.labels, AttackLoss::CrossEntropy).unwrap();
        let h = oracle.hessian_product(x, &samples.labels, AttackLoss::CrossEntropy, &v).unwrap();
        (oracle.logits(x).unwrap(), g, h)
    };
    let moved = shifted(&samples.x, &v, 0.01);
    let first = ask(&oracle, &samples.x);
    assert_eq!(ask(&oracle, &moved), ask(&toy.oracle(8), &moved));
    assert_eq!(ask(&oracle, &samples.x), first);
    // Logits after a gradient come from the kept point; a fresh oracle computes them.
    let fresh = toy.oracle(8).logits(&samples.x).unwrap();
    assert!(distance(&first.0, &fresh) < 1e-14);
    let other: Vec<u32> = samples.labels.iter().map(|l| (l + 1) % 10).collect();
    let again = oracle.hessian_product(&samples.x, &other, AttackLoss::CrossEntropy, &v).unwrap();
    assert_ne!(again, first.2, "labels are part of the point");
}

#[test]
fn a_linear_network_has_the_hessian_of_its_loss_alone() {
    let toy = toy("relu", Precision::F64, 1.0);
    let mut g = GraphBuilder::new(Mode::Eval);
    let x = g.samples(&[3]).unwrap();
    let z = g.linear("fc", x, 4).unwrap();
    let graph = g.finish(z).unwrap();
    let (parameters, buffers) = Weights::initial(&graph, 2);
    let weights = Weights::upload(&toy.backend, &graph, &parameters, &buffers).unwrap();
    let oracle = NetworkOracle::new(&toy.backend, graph, &weights, 2).unwrap();
    let (x, v) = ([0.1, 0.4, 0.8], [1.0, -2.0, 0.5]);
    let z = oracle.logits(&x).unwrap();
    let moved = oracle.jacobian_product(&x, &v).unwrap();
    for loss in LOSSES {
        let mut u = [0.0; 4];
        losses::curvature(loss, &z, 2, &moved, &mut u);
        let expected = oracle.transposed_jacobian_product(&x, &u).unwrap();
        let found = oracle.hessian_product(&x, &[2], loss, &v).unwrap();
        assert!(found.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-14), "{found:?} {expected:?}");
    }
}
