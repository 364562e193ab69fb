//! Functions of one number over their whole range: near zero, where they saturate, and where they would overflow.

use super::Open;
use crate::oracle::element_wise;
use crate::oracle::setting::Setting;
use crate::oracle::value::Value;
use crate::suite::compare::Verdict;
use crate::suite::subject::Subject;
use hesse_core::graph::{GraphBuilder, Mode, Op, Scalar, Unary};
use hesse_core::loss::Loss;
use hesse_core::program::{Problem, Wrt};
use hesse_core::vectors::Precision;

const FUNCTIONS: [Unary; 15] = [
    Unary::Exp,
    Unary::Log,
    Unary::Sqrt,
    Unary::Reciprocal,
    Unary::Tanh,
    Unary::Sigmoid,
    Unary::Softplus,
    Unary::Relu,
    Unary::Step,
    Unary::Abs,
    Unary::Sign,
    Unary::Sin,
    Unary::Cos,
    Unary::NormalCdf,
    Unary::NormalPdf,
];

/// Arguments that both precisions hold exactly.
fn arguments(op: &Op) -> Vec<f64> {
    let fine = (-2048..=2048).map(|i| f64::from(i) / 64.0);
    let tiny = (3..40).flat_map(|k| [2f64.powi(-k), -(2f64.powi(-k))]);
    let wide = [50.0, 80.0, 100.0, 300.0, 1e4, 65536.0, 1048576.0].into_iter().flat_map(|x| [x, -x]);
    let positive = matches!(op, Op::Unary(Unary::Log | Unary::Sqrt | Unary::Reciprocal) | Op::Power(_));
    let top = match op {
        Op::Unary(Unary::Exp) => 80.0,
        // Beyond this the reduction of the argument is a question of taste.
        Op::Unary(Unary::Sin | Unary::Cos) => 300.0,
        _ => f64::INFINITY,
    };
    fine.chain(tiny).chain(wide).filter(|&x| x <= top && (x > 0.0 || !positive)).collect()
}

/// The function's values and slopes at these arguments, by the backend.
fn values_and_slopes(open: Open<'_>, precision: Precision, op: &Op, x: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let mut g = GraphBuilder::new(Mode::Eval);
    let input = g.samples(&[1]).unwrap();
    let y = g.push(op.clone(), &[input]).unwrap();
    let graph = g.finish(y).unwrap();
    let mut s = Setting::new(graph.clone(), &Loss::SquaredError, x.len());
    s.samples = Value::real(vec![x.len(), 1], x.to_vec());
    s.targets = Some(Value::real(vec![x.len(), 1], vec![0.0; x.len()]));
    let problem = Problem::new(graph, &Loss::SquaredError).unwrap();
    let backend = open(precision);
    let subject = Subject::new(backend.as_ref(), &s).unwrap();
    let (outcome, _) = subject.run(&problem.loss().unwrap()).unwrap();
    let jacobian = problem.jacobian(&Wrt::Samples).unwrap();
    let slopes = subject.product(&jacobian, &[vec![1.0; x.len()]]).unwrap().remove(0);
    (outcome.output, slopes)
}

pub fn functions_of_one_number_are_accurate_everywhere(open: Open<'_>) {
    let mut verdict = Verdict::default();
    let powers = [-0.5, 0.5, 1.7, 2.0, 3.0].map(|p| Op::Power(Scalar(p)));
    for op in FUNCTIONS.map(Op::Unary).into_iter().chain(powers) {
        let x = arguments(&op);
        for (precision, tolerance) in [(Precision::F32, 1e-6), (Precision::F64, 1e-14)] {
            let (values, slopes) = values_and_slopes(open, precision, &op, &x);
            let mut worst = (0.0, String::new());
            for (i, &x) in x.iter().enumerate() {
                let [f, slope, _] = match op {
                    Op::Unary(f) => element_wise::table(f, x),
                    Op::Power(p) => [x.powf(p.0), p.0 * x.powf(p.0 - 1.0), 0.0],
                    _ => [f64::NAN; 3],
                };
                for (what, found, expected) in [("value", values[i], f), ("slope", slopes[i], slope)] {
                    // Relative where the result is large, absolute where it vanishes.
                    let overflows = precision == Precision::F32 && expected.abs() > 1e38;
                    let error = (found - expected).abs() / expected.abs().max(1.0);
                    if !overflows && (error > worst.0 || error.is_nan()) {
                        worst = (error, format!("{what} at {x}: {found:e}, expected {expected:e}"));
                    }
                }
            }
            verdict.holds(|| format!("{op:?} in {precision}: {}", worst.1), worst.0 <= tolerance);
        }
    }
    verdict.pronounce("functions of one number", open(Precision::F64).info().name);
}

pub fn at_a_kink_the_slope_is_pytorchs(open: Open<'_>) {
    let mut verdict = Verdict::default();
    let at_zero = [
        (Op::Unary(Unary::Relu), 0.0, 0.0),
        (Op::Unary(Unary::Step), 0.0, 0.0),
        (Op::Unary(Unary::Abs), 0.0, 0.0),
        (Op::Unary(Unary::Sign), 0.0, 0.0),
        (Op::Power(Scalar(2.0)), 0.0, 0.0),
        (Op::Power(Scalar(3.0)), 0.0, 0.0),
        (Op::Power(Scalar(0.0)), 1.0, 0.0),
    ];
    for precision in [Precision::F32, Precision::F64] {
        for (op, value, slope) in &at_zero {
            let (values, slopes) = values_and_slopes(open, precision, op, &[0.0, -0.0]);
            verdict.holds(|| format!("{op:?} at zero is {values:?} in {precision}"), values == [*value; 2]);
            verdict.holds(|| format!("{op:?} has slope {slopes:?} at zero in {precision}"), slopes == [*slope; 2]);
        }
        let (values, slopes) = values_and_slopes(open, precision, &Op::Power(Scalar(3.0)), &[-2.0]);
        verdict
            .holds(|| format!("the cube of −2 is {values:?}, slope {slopes:?}"), values == [-8.0] && slopes == [12.0]);
    }
    verdict.pronounce("kinks", open(Precision::F64).info().name);
}
