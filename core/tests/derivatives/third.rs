//! Derivatives of every order exist: reverse mode over the graph of H·v.

use crate::oracle::hyper_dual::HyperDual;
use crate::oracle::interpret::{Fault, evaluate};
use crate::oracle::number::Num;
use crate::oracle::setting::Setting;
use crate::oracle::value::Value;
use crate::suite::compare::{Verdict, relative};
use crate::suite::truth::CASES;
use hesse_core::autodiff::{forward, reverse};
use hesse_core::graph::{Graph, Op, Source, ValueId};

/// The graph of H·v and, appended to it, the gradient of uᵀHv by the parameters, u being ones.
struct Third {
    graph: Graph,
    /// H·v by parameter.
    product: Vec<(usize, ValueId)>,
    /// ∂(1ᵀHv)/∂θ by parameter.
    slope: Vec<(usize, ValueId)>,
}

fn record(s: &Setting) -> Third {
    let mut g = s.graph.clone();
    let leaves: Vec<(usize, ValueId)> = g
        .values()
        .filter_map(|v| match g.node(v).op {
            Op::Input(Source::Parameter(i)) => Some((i, v)),
            _ => None,
        })
        .collect();
    let values: Vec<ValueId> = leaves.iter().map(|l| l.1).collect();
    let seed = g.fill(1.0, g.shape(s.loss.total).clone()).unwrap();
    let gradient = reverse(&mut g, s.loss.total, seed, &values).unwrap();
    let present: Vec<(usize, ValueId)> =
        leaves.iter().zip(&gradient).filter_map(|(l, part)| part.map(|part| (l.0, part))).collect();
    let seeds: Vec<(ValueId, ValueId)> =
        leaves.iter().map(|&(i, v)| (v, g.input(Source::ParameterTangent(i), g.shape(v).clone()).unwrap())).collect();
    let moved = forward(&mut g, &seeds, &present.iter().map(|p| p.1).collect::<Vec<_>>()).unwrap();
    let product: Vec<(usize, ValueId)> = present.iter().zip(&moved).filter_map(|(p, m)| m.map(|m| (p.0, m))).collect();

    // The sum of all entries of H·v, then its gradient.
    let mut total = None;
    for &(_, part) in &product {
        let axes: Vec<usize> = (0..g.shape(part).rank()).collect();
        let sum = g.sum(part, &axes).unwrap();
        total = Some(total.map_or(sum, |t| g.add(t, sum).unwrap()));
    }
    let total = total.unwrap();
    let seed = g.fill(1.0, g.shape(total).clone()).unwrap();
    let slopes = reverse(&mut g, total, seed, &values).unwrap();
    let slope = leaves.iter().zip(&slopes).filter_map(|(l, part)| part.map(|part| (l.0, part))).collect();
    Third { graph: g, product, slope }
}

/// Evaluates the graph where the parameters are `at(entry)` and the direction is `v`; returns two flat vectors.
fn run<N: Num>(s: &Setting, third: &Third, at: &dyn Fn(usize) -> N, v: &[f64]) -> [Vec<N>; 2] {
    let offsets: Vec<usize> = s
        .graph
        .parameters()
        .iter()
        .scan(0, |sum, p| {
            let offset = *sum;
            *sum += p.elements();
            Some(offset)
        })
        .collect();
    let values: Vec<Value<N>> = evaluate::<N, Fault>(
        &third.graph,
        s.batch,
        &mut |source, node| {
            let shape = node.shape.at(s.batch);
            let count: usize = shape.iter().product();
            let part = |i: usize| offsets[i]..offsets[i] + count;
            Ok(match source {
                Source::Parameter(i) => Value::real(shape, part(i).map(at).collect()),
                Source::ParameterTangent(i) => Value::real(shape, part(i).map(|k| N::constant(v[k])).collect()),
                other => s.constant_leaf(other, node),
            })
        },
        &mut |_, _| Ok(()),
    )
    .unwrap();
    let flat = |parts: &[(usize, ValueId)]| {
        let mut all = vec![N::constant(0.0); s.parameters.len()];
        for &(i, value) in parts {
            let entries = values[value.index()].numbers();
            all[offsets[i]..offsets[i] + entries.len()].copy_from_slice(entries);
        }
        all
    };
    [flat(&third.product), flat(&third.slope)]
}

#[test]
fn reverse_mode_over_a_hessian_product_is_the_third_derivative() {
    let mut verdict = Verdict::default();
    for case in CASES.iter() {
        let s = case.setting(3);
        let third = record(&s);
        let n = s.parameters.len();
        let v: Vec<f64> = (0..n).map(|i| ((i * 7 % 5) as f64 - 2.0) / 3.0).collect();
        let [product, slope] = run(&s, &third, &|k| s.parameters[k], &v);

        // The change of H·v when the parameters move along ones, exactly: T(1, v, ·), which is the same by symmetry.
        let along = |k: usize| HyperDual { e1: 1.0, ..HyperDual::constant(s.parameters[k]) };
        let [moved, _] = run(&s, &third, &along, &v);
        let exact: Vec<f64> = moved.iter().map(|m| m.e1).collect();
        let size = product.iter().chain(&exact).fold(0.0, |m: f64, v| m.max(v.abs()));
        // Where the third derivative vanishes, only its rounding is left.
        if exact.iter().all(|e| e.abs() < 1e-13 * size) {
            verdict.holds(|| format!("{}: {slope:?}", case.name), slope.iter().all(|e| e.abs() < 1e-12 * size));
            continue;
        }
        verdict.close(|| case.name.into(), &slope, &exact, 1e-11);

        // And by the difference quotient of H·v itself.
        let step = 1e-4;
        let shifted = |sign: f64| run(&s, &third, &|k| s.parameters[k] + sign * step, &v)[0].clone();
        let (plus, minus) = (shifted(1.0), shifted(-1.0));
        let quotient: Vec<f64> = plus.iter().zip(&minus).map(|(p, m)| (p - m) / (2.0 * step)).collect();
        let error = relative(&quotient, &slope);
        verdict.holds(|| format!("{}: finite difference {error:.1e}", case.name), error < 1e-4);
    }
    verdict.pronounce("third derivative", "reference");
}
