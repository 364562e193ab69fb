//! Objectives of robust training: value and gradient against dual numbers and, where a third derivative takes part,
//! against difference quotients of dual numbers.

use super::{DOUBLE, Open, each};
use crate::oracle::dense::{self, multiply_transposed};
use crate::oracle::setting::{Coordinate, Setting};
use crate::oracle::value::Value;
use crate::suite::compare::Verdict;
use crate::suite::subject::Subject;
use crate::suite::truth::{By, Truth};
use hesse_core::backend::{Feed, HostTensor};
use hesse_core::graph::{Kind, Op, Source};
use hesse_core::random::{Purpose, Stream};
use hesse_core::vectors::Precision;
use std::sync::Arc;

const BETA: f64 = 6.0;
const STRENGTH: f64 = 0.7;

/// Cases with real samples and labels.
fn robust_cases() -> impl Iterator<Item = (String, Arc<Truth>)> {
    each(&[3], &[By::Parameters]).filter(|(_, t)| {
        let graph = &t.setting.graph;
        let real = graph.nodes().iter().any(|n| n.op == Op::Input(Source::Samples) && n.kind == Kind::Real);
        real && t.setting.labels.is_some() && t.setting.targets.is_none()
    })
}

fn with_samples(s: &Setting, samples: Vec<f64>) -> Setting {
    Setting { samples: Value::real(s.samples.shape.clone(), samples), ..s.clone() }
}

fn softmax(z: &[f64]) -> Vec<f64> {
    let most = z.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let total: f64 = z.iter().map(|z| (z - most).exp()).sum();
    z.iter().map(|z| (z - most).exp() / total).collect()
}

/// KL(softmax z ‖ softmax w) row by row: the sum, and its derivatives by z and w.
fn divergence(z: &[f64], w: &[f64], classes: usize) -> (f64, Vec<f64>, Vec<f64>) {
    let (mut total, mut by_z, mut by_w) = (0.0, Vec::new(), Vec::new());
    for (z, w) in z.chunks_exact(classes).zip(w.chunks_exact(classes)) {
        let (p, q) = (softmax(z), softmax(w));
        let logs: Vec<f64> = p.iter().zip(&q).map(|(p, q)| (p / q).ln()).collect();
        let mean: f64 = p.iter().zip(&logs).map(|(p, l)| p * l).sum();
        total += mean;
        by_z.extend(p.iter().zip(&logs).map(|(p, l)| p * (l - mean)));
        by_w.extend(q.iter().zip(&p).map(|(q, p)| q - p));
    }
    (total, by_z, by_w)
}

pub fn the_objective_of_trades_and_its_gradient_agree_with_dual_numbers(open: Open<'_>) {
    let backend = open(Precision::F64);
    let mut verdict = Verdict::default();
    for (name, t) in robust_cases() {
        let s = &t.setting;
        let mut stream = Stream::new(1, Purpose::Probe, s.batch as u64);
        let x: Vec<f64> = s.samples.numbers().to_vec();
        let moved: Vec<f64> = x.iter().map(|x| x + 0.1 * stream.normal()).collect();
        let other = with_samples(s, moved.clone());
        let (here, there) = (s.plain(), other.plain());
        let classes = s.graph.shape(s.output).last().at(1);
        let (divergence, by_z, by_w) = divergence(&here.output, &there.output, classes);

        // d KL = (∂KL/∂z)ᵀ J(x) + (∂KL/∂w)ᵀ J(x'), by dual numbers.
        let [own, pulled] = [(s, &by_z), (&other, &by_w)]
            .map(|(s, cotangent)| multiply_transposed(&dense::jacobian(s, &t.along), cotangent));
        let expected: Vec<f64> =
            t.gradient().iter().zip(own.iter().zip(&pulled)).map(|(g, (a, b))| g + BETA * (a + b)).collect();

        let subject = Subject::new(backend.as_ref(), s).unwrap();
        let targets = backend.upload(&HostTensor::Real(moved)).unwrap();
        let program = t.problem.trades(&t.wrt, BETA).unwrap();
        let mut executable = backend.compile(&program, s.batch).unwrap();
        let mut result = subject.block(&[vec![0.0; t.along.len()]]).unwrap();
        let feed = Feed { targets: Some(&targets), ..subject.feed() };
        let outcome = executable.run(&feed, Some(result.all_mut()), None).unwrap();
        let found = subject.columns(&result).unwrap().remove(0);

        verdict.close(|| format!("{name}: value"), &[outcome.loss], &[here.total + BETA * divergence], DOUBLE);
        verdict.close(|| format!("{name}: gradient"), &found, &expected, 10.0 * DOUBLE);
        let rows = here.output.chunks_exact(classes).zip(there.output.chunks_exact(classes));
        let both: Vec<f64> = rows.flat_map(|(a, b)| [a, b].concat()).collect();
        verdict.close(|| format!("{name}: outputs"), &outcome.output, &both, DOUBLE);
        // Running statistics follow x and then x'.
        let mut buffers = s.buffers.clone();
        let sizes: Vec<usize> = s.graph.buffers().iter().map(|b| b.elements()).collect();
        for (i, values) in &here.buffers {
            let start: usize = sizes[..*i].iter().sum();
            buffers[start..start + values.len()].copy_from_slice(values);
        }
        let after = Setting { buffers, ..other.clone() }.plain().buffers;
        for ((i, found), (j, expected)) in outcome.buffers.iter().zip(&after) {
            verdict.holds(|| format!("{name}: order of buffers"), i == j);
            verdict.close(|| format!("{name}: buffer {i}"), found, expected, DOUBLE);
        }
        verdict.holds(|| format!("{name}: number of buffers"), outcome.buffers.len() == after.len());
    }
    verdict.pronounce("TRADES", backend.info().name);
}

/// z for every sample, and H z, by dual numbers; none where a sign is not certain.
fn curved(s: &Setting, along: &[Coordinate], z: Option<&[f64]>) -> Option<(Vec<f64>, Vec<f64>)> {
    let z = match z {
        Some(z) => z.to_vec(),
        None => {
            let g = dense::gradient(s, along);
            let most = g.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
            if g.iter().any(|v| *v != 0.0 && v.abs() < 1e-9 * most) || most == 0.0 {
                return None;
            }
            let width = g.len() / s.batch;
            let unit = |row: &[f64]| {
                let length = (row.iter().filter(|v| **v != 0.0).count() as f64).sqrt().max(1.0);
                row.iter().map(|v| if *v == 0.0 { 0.0 } else { v.signum() / length }).collect::<Vec<_>>()
            };
            g.chunks_exact(width).flat_map(unit).collect()
        }
    };
    let product = dense::hessian_product(s, along, &z);
    Some((z, product))
}

pub fn curvature_regularised_gradients_are_the_slope_of_the_objective(open: Open<'_>) {
    let backend = open(Precision::F64);
    let mut verdict = Verdict::default();
    for (name, t) in robust_cases() {
        let s = &t.setting;
        let along: Vec<Coordinate> = (0..s.samples.numbers().len()).map(Coordinate::Sample).collect();
        let Some((z, product)) = curved(s, &along, None) else { continue };
        let program = t.problem.curvature_regularized(&t.wrt, STRENGTH).unwrap();
        let (outcome, found) = Subject::new(backend.as_ref(), s).unwrap().run(&program).unwrap();
        let penalty: f64 = product.iter().map(|v| v * v).sum();
        let value = s.plain().total + STRENGTH * penalty;
        verdict.close(|| format!("{name}: value"), &[outcome.loss], &[value], 10.0 * DOUBLE);

        // Along a direction d of the parameters: g·d + 2λ (Hz)·(dH z), z being constant. dH z is the difference quotient
        // of dual numbers, whose error goes with the square of the step.
        for d in t.directions().iter().take(2) {
            let at = |step: f64| {
                let moved = Setting { parameters: t.moved(d, step), ..s.clone() };
                curved(&moved, &along, Some(&z)).map(|c| c.1).unwrap_or_default()
            };
            let step = 1e-4;
            let change = at(step).into_iter().zip(at(-step)).map(|(a, b)| (a - b) / (2.0 * step));
            let bend: f64 = product.iter().zip(change).map(|(v, c)| v * c).sum();
            let slope: f64 = t.gradient().iter().zip(d).map(|(g, d)| g * d).sum();
            let expected = slope + 2.0 * STRENGTH * bend;
            let along_d: f64 = found.iter().zip(d).map(|(g, d)| g * d).sum();
            let size = found.iter().map(|v| v * v).sum::<f64>().sqrt();
            let error = (along_d - expected).abs();
            verdict.holds(|| format!("{name}: {along_d:e} against {expected:e}"), error <= 1e-6 * size);
        }
    }
    verdict.pronounce("CURE", backend.info().name);
}
