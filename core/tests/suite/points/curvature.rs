//! Fisher matrices, block-diagonal parts and mixed derivatives against dense dual numbers, in f64.

use super::{DOUBLE, EVERYTHING, Open, each};
use crate::oracle::dense::{self, Columns, multiply, multiply_transposed};
use crate::oracle::hyper_dual::HyperDual;
use crate::oracle::number::Num;
use crate::oracle::setting::Coordinate;
use crate::suite::compare::Verdict;
use crate::suite::subject::Subject;
use crate::suite::truth::{By, Truth};
use hesse_core::graph::Op;
use hesse_core::program::{Curvature, Wrt};
use hesse_core::random::{Purpose, Stream};
use hesse_core::vectors::Precision;

/// The gradient of each weighted sample (or token) loss, and its weight.
fn per_sample_gradients(t: &Truth) -> (Columns, Vec<f64>) {
    let s = &t.setting;
    let moved = |along: usize| {
        let vary = |c: Coordinate, re: f64| HyperDual {
            re,
            e1: if c == t.along[along] { 1.0 } else { 0.0 },
            ..HyperDual::constant(0.0)
        };
        s.values(&vary, &|_, z| z).unwrap()
    };
    let mut gradients: Columns = Vec::new();
    let mut weights = Vec::new();
    for along in 0..t.along.len() {
        let values = moved(along);
        let losses = values[s.loss.per_sample.index()].numbers();
        gradients.resize(losses.len(), vec![0.0; t.along.len()]);
        losses.iter().zip(&mut gradients).for_each(|(loss, g)| g[along] = loss.e1);
        weights = values[s.loss.weights.index()].numbers().iter().map(|w| w.re).collect();
    }
    (gradients, weights)
}

pub fn empirical_fisher_products_agree_with_outer_products(open: Open<'_>) {
    let backend = open(Precision::F64);
    let mut verdict = Verdict::default();
    for (name, t) in each(&[3], EVERYTHING) {
        let (gradients, weights) = per_sample_gradients(&t);
        let expected = |v: &Vec<f64>| {
            let mut sum = vec![0.0; v.len()];
            for (g, w) in gradients.iter().zip(&weights).filter(|(_, w)| **w > 0.0) {
                let along: f64 = g.iter().zip(v).map(|(g, v)| g * v).sum();
                sum.iter_mut().zip(g).for_each(|(s, g)| *s += along * g / w);
            }
            sum
        };
        let directions = t.directions();
        let product = t.problem.curvature(Curvature::EmpiricalFisher, &t.wrt).unwrap();
        let found = Subject::new(backend.as_ref(), &t.setting).and_then(|s| s.product(&product, &directions));
        let found = found.unwrap_or_else(|e| panic!("{name}: {e}"));
        let expected: Columns = directions.iter().map(expected).collect();
        verdict.close(|| name, &found.concat(), &expected.concat(), DOUBLE);
    }
    verdict.pronounce("empirical Fisher", backend.info().name);
}

/// Which rows belong to the same layer: entry i is the layer's number.
fn layer_of_rows(t: &Truth) -> Vec<usize> {
    let layers = t.problem.layers(&t.wrt);
    let Wrt::Parameters(which) = &t.wrt else { return vec![0; t.along.len()] };
    which
        .iter()
        .flat_map(|i| {
            let layer = layers.iter().position(|layer| layer.parameters.contains(i)).unwrap();
            vec![layer; t.problem.graph().parameters()[*i].elements()]
        })
        .collect()
}

pub fn block_diagonal_products_agree_with_dual_numbers(open: Open<'_>) {
    let backend = open(Precision::F64);
    let mut verdict = Verdict::default();
    for (name, t) in each(&[3], &[By::Parameters, By::Weights]) {
        let row = layer_of_rows(&t);
        let blocks: Vec<Vec<usize>> = t.problem.layers(&t.wrt).into_iter().map(|l| l.parameters).collect();
        let directions = t.directions();
        // M v restricted to rows of one layer, of v restricted to the same.
        let by_blocks = |whole: &dyn Fn(&[f64]) -> Vec<f64>, v: &Vec<f64>| {
            let mut sum = vec![0.0; v.len()];
            for block in 0..blocks.len() {
                let part: Vec<f64> = v.iter().zip(&row).map(|(v, r)| if *r == block { *v } else { 0.0 }).collect();
                let product = whole(&part);
                (0..v.len()).filter(|i| row[*i] == block).for_each(|i| sum[i] = product[i]);
            }
            sum
        };
        let (gradients, weights) = per_sample_gradients(&t);
        let fisher = |v: &[f64]| {
            let scaled: Columns = gradients
                .iter()
                .zip(&weights)
                .filter(|(_, w)| **w > 0.0)
                .map(|(g, w)| {
                    let along: f64 = g.iter().zip(v).map(|(g, v)| g * v).sum();
                    g.iter().map(|g| g * along / w).collect()
                })
                .collect();
            (0..v.len()).map(|i| scaled.iter().map(|c| c[i]).sum()).collect()
        };
        for (matrix, whole) in [
            (Curvature::Hessian, &(|v: &[f64]| multiply(t.hessian(), v)) as &dyn Fn(&[f64]) -> Vec<f64>),
            (Curvature::GaussNewton, &|v: &[f64]| t.gauss_newton(v)),
            (Curvature::EmpiricalFisher, &fisher),
        ] {
            let product = t.problem.block_diagonal(matrix, &t.wrt, &blocks).unwrap();
            let found = Subject::new(backend.as_ref(), &t.setting).and_then(|s| s.product(&product, &directions));
            let found = found.unwrap_or_else(|e| panic!("{name}: {e}"));
            let expected: Columns = directions.iter().map(|v| by_blocks(whole, v)).collect();
            verdict.close(|| format!("{name}, {matrix:?}"), &found.concat(), &expected.concat(), DOUBLE);
        }
        if blocks.len() > 1 {
            let short = t.problem.block_diagonal(Curvature::Hessian, &t.wrt, &blocks[1..]);
            verdict.holds(|| format!("{name}: a parameter in no block is accepted"), short.is_err());
            let twice = [blocks.clone(), vec![blocks[0].clone()]].concat();
            let twice = t.problem.block_diagonal(Curvature::Hessian, &t.wrt, &twice);
            verdict.holds(|| format!("{name}: a parameter in two blocks is accepted"), twice.is_err());
        }
    }
    verdict.pronounce("block-diagonal products", backend.info().name);
}

pub fn sampled_fisher_products_are_those_of_their_roots(open: Open<'_>) {
    let backend = open(Precision::F64);
    let mut verdict = Verdict::default();
    const DRAWS: usize = 2;
    for (name, t) in each(&[3], EVERYTHING) {
        let s = &t.setting;
        let shape = s.graph.shape(s.output).at(s.batch);
        let each_sample: usize = shape[1..].iter().product();
        let width = *shape.last().unwrap();
        let mut stream = Stream::new(8, Purpose::Probe, 77);
        // [B, draws, …, width]
        let roots: Vec<f64> = (0..s.batch * DRAWS * each_sample).map(|_| stream.normal()).collect();
        let root = |sample: usize, draw: usize, entry: usize| roots[(sample * DRAWS + draw) * each_sample + entry];
        let expected = |v: &Vec<f64>| {
            let moved = multiply(t.jacobian(), v);
            let mut cotangent = vec![0.0; moved.len()];
            for sample in 0..s.batch {
                for draw in 0..DRAWS {
                    for token in 0..each_sample / width {
                        let entries = token * width..(token + 1) * width;
                        let at = sample * each_sample;
                        let along: f64 = entries.clone().map(|e| root(sample, draw, e) * moved[at + e]).sum();
                        entries.for_each(|e| cotangent[at + e] += along * root(sample, draw, e));
                    }
                }
            }
            multiply_transposed(t.jacobian(), &cotangent)
        };
        let directions = t.directions();
        let matrix = Curvature::MonteCarloFisher { draws: DRAWS, seed: 0 };
        let product = t.problem.curvature(matrix, &t.wrt).unwrap();
        let found = Subject::new(backend.as_ref(), s).and_then(|mut subject| {
            subject.set_targets(&roots)?;
            subject.product(&product, &directions)
        });
        let found = found.unwrap_or_else(|e| panic!("{name}: {e}"));
        let expected: Columns = directions.iter().map(expected).collect();
        verdict.close(|| name, &found.concat(), &expected.concat(), DOUBLE);
    }
    verdict.pronounce("Monte-Carlo Fisher", backend.info().name);
}

pub fn mixed_products_agree_with_dual_numbers(open: Open<'_>) {
    let backend = open(Precision::F64);
    let mut verdict = Verdict::default();
    for (name, t) in each(&[3], &[By::Samples]) {
        let s = &t.setting;
        let parameters = t.problem.all_parameters();
        let along: Vec<Coordinate> =
            (0..s.parameters.len()).map(Coordinate::Parameter).chain(t.along.iter().copied()).collect();
        let split = s.parameters.len();
        let random = |length: usize, index: u64| -> Vec<f64> {
            let mut stream = Stream::new(5, Purpose::Probe, index);
            (0..length).map(|_| stream.normal()).collect()
        };
        let of_parameters: Columns = (0..2).map(|i| random(split, i)).collect();
        let of_samples: Columns = (0..2).map(|i| random(along.len() - split, i)).collect();
        let zeros = |n: usize| vec![0.0; n];
        let down = |v: &Vec<f64>| {
            let whole = [v.clone(), zeros(along.len() - split)].concat();
            dense::hessian_product(s, &along, &whole)[split..].to_vec()
        };
        let up = |v: &Vec<f64>| {
            let whole = [zeros(split), v.clone()].concat();
            dense::hessian_product(s, &along, &whole)[..split].to_vec()
        };
        let subject = Subject::new(backend.as_ref(), s).unwrap();
        for (what, of, by, directions, expected) in [
            ("∂x∂θ", &Wrt::Samples, &parameters, &of_parameters, of_parameters.iter().map(down).collect::<Columns>()),
            ("∂θ∂x", &parameters, &Wrt::Samples, &of_samples, of_samples.iter().map(up).collect::<Columns>()),
        ] {
            let product = t.problem.mixed(of, by).unwrap();
            let found = subject.product(&product, directions).unwrap_or_else(|e| panic!("{name}: {e}"));
            verdict.close(|| format!("{name}, {what}"), &found.concat(), &expected.concat(), DOUBLE);
        }
    }
    verdict.pronounce("mixed products", backend.info().name);
}

/// Whether H and G have the same diagonal: every function but the loss is piecewise linear in each parameter alone.
fn is_piecewise_linear(t: &Truth) -> bool {
    use hesse_core::graph::Unary;
    let g = t.problem.graph();
    // A parameter used twice, or one that multiplies itself, makes the network quadratic in it.
    let reads = |i: usize| {
        let source = Op::Input(hesse_core::graph::Source::Parameter(i));
        let leaf = g.values().find(|v| g.node(*v).op == source);
        leaf.map_or(0, |leaf| g.nodes().iter().filter(|n| n.operands.contains(&leaf)).count())
    };
    (0..g.parameters().len()).all(|i| reads(i) <= 1)
        && g.nodes().iter().all(|node| match &node.op {
            Op::Unary(f) => matches!(f, Unary::Relu | Unary::Step | Unary::Abs | Unary::Sign),
            Op::Power(_) | Op::Softmax | Op::LogSumExp => false,
            _ => true,
        })
}

pub fn the_diagonals_of_hessian_and_gauss_newton_agree_where_the_network_is_piecewise_linear(open: Open<'_>) {
    let backend = open(Precision::F64);
    let mut verdict = Verdict::default();
    let mut networks = 0;
    for (name, t) in each(&[3], &[By::Parameters]) {
        if !is_piecewise_linear(&t)
            || t.problem.graph().nodes().iter().all(|n| !matches!(n.op, Op::Unary(_) | Op::MaxPoolIndex(_)))
        {
            continue;
        }
        networks += 1;
        let n = t.along.len();
        let units: Columns = (0..n).map(|j| (0..n).map(|i| if i == j { 1.0 } else { 0.0 }).collect()).collect();
        let diagonal = |matrix| -> Vec<f64> {
            let product = t.problem.curvature(matrix, &t.wrt).unwrap();
            let columns = Subject::new(backend.as_ref(), &t.setting).and_then(|s| s.product(&product, &units)).unwrap();
            columns.iter().enumerate().map(|(i, column)| column[i]).collect()
        };
        verdict.close(|| name, &diagonal(Curvature::Hessian), &diagonal(Curvature::GaussNewton), 1e-10);
    }
    verdict.holds(|| format!("{networks} piecewise-linear networks: expected at least 3"), networks >= 3);
    verdict.pronounce("diagonals of H and G", backend.info().name);
}
