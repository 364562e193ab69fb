//! Outputs so far apart that every exponential but one underflows: derivatives are their limits, and never NaN.

use super::Open;
use crate::oracle::setting::Setting;
use crate::oracle::value::Value;
use crate::suite::compare::Verdict;
use crate::suite::subject::Subject;
use hesse_core::graph::{GraphBuilder, Mode};
use hesse_core::loss::Loss;
use hesse_core::program::{Problem, Wrt};
use hesse_core::vectors::Precision;

pub fn outputs_far_apart_give_the_limits_and_no_nan(open: Open<'_>) {
    let mut verdict = Verdict::default();
    let mut g = GraphBuilder::new(Mode::Eval);
    let x = g.samples(&[3]).unwrap();
    let one = g.scale(x, 0.5).unwrap();
    let z = g.scale(one, 2.0).unwrap();
    let graph = g.finish(z).unwrap();
    let loss = Loss::default();
    let problem = Problem::new(graph.clone(), &loss).unwrap();
    for precision in [Precision::F32, Precision::F64] {
        let backend = open(precision);
        for size in [200.0, 1e4, 1e30] {
            // The first sample is classified rightly, the second wrongly, the third has two equal leaders.
            let rows = [[size, 0.0, -size], [size, 0.0, -size], [size, size, -size]];
            let mut s = Setting::new(graph.clone(), &loss, 3);
            s.samples = Value::real(vec![3, 3], rows.concat());
            s.labels = Some(Value::index(vec![3], vec![0, 2, 1]));
            let subject = Subject::new(backend.as_ref(), &s).unwrap();
            let name = format!("size {size:e} in {precision}");
            let (outcome, _) = subject.run(&problem.loss().unwrap()).unwrap();
            let losses = [0.0, 2.0 * size, 2f64.ln()];
            for (f, e) in outcome.per_sample_loss.iter().zip(losses) {
                let near = (f - e).abs() <= 1e-6 * e.max(1.0);
                verdict.holds(|| format!("{name}: losses {:?}", outcome.per_sample_loss), near);
            }
            let (_, gradient) = subject.run(&problem.gradient(&Wrt::Samples).unwrap()).unwrap();
            let expected = [0.0, 0.0, 0.0, 1.0, 0.0, -1.0, 0.5, -0.5, 0.0];
            verdict.close(|| format!("{name}: gradient {gradient:?}"), &gradient, &expected, 1e-6);
            let v = vec![1.0, 2.0, 3.0, 1.0, 2.0, 3.0, 1.0, 3.0, 2.0];
            let product = subject.product(&problem.hessian(&Wrt::Samples).unwrap(), &[v]).unwrap().remove(0);
            let expected = [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, -0.5, 0.5, 0.0];
            verdict.close(|| format!("{name}: H·v {product:?}"), &product, &expected, 1e-6);
        }
    }
    verdict.pronounce("outputs far apart", open(Precision::F64).info().name);
}
