//! Attacked samples as tensors.
//!
//! `indices`, `labels`; then for the a-th attack at the e-th ε (both from zero) `a.e.adversarial` (N×C×H×W, pixels from 0
//! to 1 in single precision), `a.e.predictions` (−1 where a logit is NaN), `a.e.fooled`, `a.e.distances` in the norm of the
//! threat model, and `a.e.targets` for a targeted attack. Names of attacks, budgets, norm, model, data and seed are
//! metadata. Rounding to single precision may lengthen a perturbation by its last digit; distances are those before it.

use super::{AttackReport, Evaluation};
use crate::weights::{StateDict, TensorData, Values};
use hesse_core::attack::driver::{SampleOutcome, Verdict};
use std::collections::BTreeMap;

/// The tensors, and what to write beside them.
pub fn adversarial_tensors(
    report: &AttackReport,
    found: &Evaluation,
    shape: [usize; 3],
) -> (StateDict, BTreeMap<String, String>) {
    let mut tensors = StateDict::new();
    let n = found.samples();
    let column = |values: Values| TensorData { shape: vec![n], values };
    let integers = |of: &dyn Fn(&SampleOutcome) -> i64, samples: &[SampleOutcome]| {
        column(Values::I64(samples.iter().map(of).collect()))
    };
    if let Some(first) = found.attacks.first().and_then(|t| t.first()) {
        tensors.insert("indices", integers(&|s| s.index as i64, &first.samples));
        tensors.insert("labels", integers(&|s| i64::from(s.label), &first.samples));
    }
    for (a, tallies) in found.attacks.iter().enumerate() {
        for (e, tally) in tallies.iter().enumerate() {
            let [c, h, w] = shape;
            let name = |what: &str| format!("{a}.{e}.{what}");
            let pixels = Values::F32(tally.adversarial.clone());
            tensors.insert(name("adversarial"), TensorData { shape: vec![n, c, h, w], values: pixels });
            let prediction = |s: &SampleOutcome| s.score.prediction.map_or(-1, i64::from);
            tensors.insert(name("predictions"), integers(&prediction, &tally.samples));
            tensors.insert(name("fooled"), integers(&|s| i64::from(s.verdict == Verdict::Fooled), &tally.samples));
            let distances = tally.samples.iter().map(|s| s.score.norm).collect();
            tensors.insert(name("distances"), column(Values::F64(distances)));
            if !tally.targets.is_empty() {
                let targets = tally.targets.iter().map(|t| i64::from(*t)).collect();
                tensors.insert(name("targets"), column(Values::I64(targets)));
            }
        }
    }
    let list = |values: &mut dyn Iterator<Item = String>| values.collect::<Vec<_>>().join(";");
    let metadata = [
        ("format", "hesse.adversarial/1".to_string()),
        ("attacks", list(&mut report.cost.iter().map(|c| c.attack.clone()))),
        ("eps", list(&mut report.epsilons.iter().map(f64::to_string))),
        ("norm", report.norm.clone()),
        ("model", report.model.name.clone()),
        ("data", format!("{} {}", report.data.name, report.data.split)),
        ("seed", report.manifest.seed.to_string()),
    ];
    (tensors, metadata.map(|(k, v)| (k.to_string(), v)).into())
}
