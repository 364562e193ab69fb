//! A NaN is reported with the primitive that made it.

use super::Open;
use crate::oracle::setting::Setting;
use crate::oracle::value::Value;
use crate::suite::compare::Verdict;
use crate::suite::subject::Subject;
use hesse_core::graph::{GraphBuilder, Mode, Unary};
use hesse_core::loss::Loss;
use hesse_core::program::Problem;
use hesse_core::vectors::Precision;

/// tanh(x·w), then f, then a sum with the input: only f can make a NaN or an infinity.
fn setting(f: Unary, w: f64) -> (Setting, Problem) {
    let mut g = GraphBuilder::new(Mode::Eval);
    let x = g.samples(&[2]).unwrap();
    let y = g.linear_no_bias("fc", x, 2).unwrap();
    let y = g.tanh(y).unwrap();
    let y = g.unary(f, y).unwrap();
    let y = g.mul(y, x).unwrap();
    let graph = g.finish(y).unwrap();
    let mut s = Setting::new(graph.clone(), &Loss::SquaredError, 1);
    s.parameters = vec![w; 4];
    s.samples = Value::real(vec![1, 2], vec![0.5, 1.0]);
    s.targets = Some(Value::real(vec![1, 2], vec![0.0; 2]));
    (s, Problem::new(graph, &Loss::SquaredError).unwrap())
}

pub fn a_not_finite_number_is_reported_with_the_first_primitive(open: Open<'_>) {
    let mut verdict = Verdict::default();
    let backend = open(Precision::F32);
    let mut report = |f: Unary, w: f64| {
        let (s, problem) = setting(f, w);
        let subject = Subject::new(backend.as_ref(), &s).unwrap();
        let mut executable = backend.compile(&problem.loss().unwrap(), 1).unwrap();
        let outcome = executable.run(&subject.feed(), None, None).unwrap();
        let place = executable.first_not_finite(&subject.feed()).unwrap();
        verdict.holds(|| format!("{f:?}({w}): {place:?}"), outcome.loss.is_finite() == place.is_none());
        place.unwrap_or_else(|| "nothing".into())
    };
    let found = [
        report(Unary::Log, -1.0),
        report(Unary::Sqrt, -1.0),
        report(Unary::Reciprocal, 0.0),
        report(Unary::Log, 1.0),
        report(Unary::Exp, f64::NAN),
    ];
    for (place, expected) in found.iter().zip(["log", "sqrt", "reciprocal", "nothing", "input"]) {
        verdict.holds(|| format!("expected {expected}, found {place}"), place.contains(expected));
    }
    verdict.pronounce("not finite", backend.info().name);
}
