//! Steps to the nearest boundary of the linearised network.

use hesse_core::attack::{
    Attack, AttackEntry, AttackError, AttackRequest, AttackStep, Budget, Goal, InputOracle, Norm, losses,
};
use hesse_core::eigen::Control;
use hesse_core::options::{OptionError, OptionKind, OptionSpec, Options};

/// The smallest distance to a boundary that counts, as a share of the spread of the logits: an iterate exactly on the
/// boundary still has to cross it.
const CROSSING: f64 = 1e-6;

/// DeepFool: while the label wins, the step to the nearest of the hyperplanes z_k = z_y of the linearised network. It
/// looks for a small perturbation and knows no budget. On a linear classifier it returns 1 + overshoot times the
/// optimum. Iterates stay in the box. Towards a target only the target's hyperplane counts. Cost: C + 1 forward passes
/// for each step and unfinished sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DeepFool {
    /// The most steps.
    pub steps: usize,
    /// Share by which the perturbation is prolonged, so that it ends beyond the boundary.
    pub overshoot: f64,
}

/// A sample on its way.
struct Walker {
    position: usize,
    /// The perturbation without overshoot.
    total: Vec<f64>,
}

impl Attack for DeepFool {
    fn budget(&self) -> Budget {
        Budget::Minimal
    }

    fn run(
        &self,
        oracle: &dyn InputOracle,
        request: &AttackRequest<'_>,
        observe: &mut dyn FnMut(AttackStep<'_>) -> Control,
    ) -> Result<Vec<f64>, AttackError> {
        let norm = request.threat.norm;
        if norm == Norm::L1 {
            return Err(AttackError::Norm { attack: "deepfool", norm, known: "l2, linf" });
        }
        let d = request.check(oracle)?;
        let classes = oracle.classes();
        let mut x = request.samples.to_vec();
        let mut walkers: Vec<Walker> =
            (0..request.labels.len()).map(|position| Walker { position, total: vec![0.0; d] }).collect();
        for step in 1..=self.steps + 1 {
            let here: Vec<f64> = walkers
                .iter()
                .flat_map(|w| x.get(w.position * d..(w.position + 1) * d).unwrap_or_default())
                .copied()
                .collect();
            let labels: Vec<u32> = walkers.iter().map(|w| request.labels[w.position]).collect();
            if labels.is_empty() {
                break;
            }
            let logits = oracle.logits(&here)?;
            let margins: Vec<f64> =
                logits.chunks_exact(classes).zip(&labels).map(|(z, &y)| losses::margin(z, y)).collect();
            let going: Vec<bool> = logits
                .chunks_exact(classes)
                .zip(&labels)
                .map(|(z, &y)| match request.goal {
                    Goal::Untargeted => losses::prediction(z) == Some(y),
                    Goal::Targeted => losses::prediction(z).is_some_and(|p| p != y),
                })
                .collect();
            if observe(AttackStep { step, losses: &margins }) == Control::Stop {
                return Err(AttackError::Interrupted);
            }
            if step > self.steps {
                break;
            }
            // Rows of the Jacobian, for all walkers: those that have arrived are few at first and gone afterwards.
            let keep = |flags: &[bool], width: usize, all: &[f64]| -> Vec<f64> {
                all.chunks_exact(width).zip(flags).filter(|(_, go)| **go).flat_map(|(r, _)| r).copied().collect()
            };
            let (here, logits) = (keep(&going, d.max(1), &here), keep(&going, classes, &logits));
            let labels: Vec<u32> = labels.iter().zip(&going).filter(|(_, go)| **go).map(|(l, _)| *l).collect();
            let mut flags = going.iter();
            walkers.retain(|_| flags.next().copied().unwrap_or(false));
            let jacobian = rows_of_jacobian(oracle, &here, labels.len())?;

            let mut moved = Vec::with_capacity(walkers.len());
            for (i, walker) in walkers.iter_mut().enumerate() {
                let z = logits.get(i * classes..(i + 1) * classes).unwrap_or_default();
                let row = |k: usize| jacobian.get(k).and_then(|j| j.get(i * d..(i + 1) * d)).unwrap_or_default();
                let step = nearest(z, labels[i] as usize, request.goal, norm, &row);
                moved.push(step.is_some());
                let Some(step) = step else { continue };
                walker.total.iter_mut().zip(&step).for_each(|(t, s)| *t += s);
                let at = walker.position * d..(walker.position + 1) * d;
                let clean = request.samples.get(at.clone()).unwrap_or_default();
                if let Some(x) = x.get_mut(at) {
                    for ((x, c), t) in x.iter_mut().zip(clean).zip(&walker.total) {
                        *x = (c + (1.0 + self.overshoot) * t).clamp(request.threat.lower, request.threat.upper);
                    }
                }
            }
            let mut moved = moved.into_iter();
            walkers.retain(|_| moved.next().unwrap_or(false));
        }
        Ok(x)
    }
}

/// ∇z_k for every class: entry k is `N × D`.
fn rows_of_jacobian(oracle: &dyn InputOracle, x: &[f64], n: usize) -> Result<Vec<Vec<f64>>, AttackError> {
    let classes = oracle.classes();
    let row = |k: usize| {
        let u: Vec<f64> = (0..n * classes).map(|i| if i % classes == k { 1.0 } else { 0.0 }).collect();
        Ok(oracle.transposed_jacobian_product(x, &u)?)
    };
    if n == 0 { Ok(Vec::new()) } else { (0..classes).map(row).collect() }
}

/// The shortest step to a hyperplane z_k = z_y; none where no gradient leads anywhere.
fn nearest<'r>(z: &[f64], y: usize, goal: Goal, norm: Norm, row: &dyn Fn(usize) -> &'r [f64]) -> Option<Vec<f64>> {
    let (lowest, highest) = z.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(*v), b.max(*v)));
    // Towards a target, the class to be overtaken is the one that wins now.
    let (from, to): (usize, Vec<usize>) = match goal {
        Goal::Untargeted => (y, (0..z.len()).filter(|k| *k != y).collect()),
        Goal::Targeted => (losses::prediction(z)? as usize, vec![y]),
    };
    let mut best: Option<(f64, f64, Vec<f64>)> = None;
    for k in to {
        let w: Vec<f64> = row(k).iter().zip(row(from)).map(|(a, b)| a - b).collect();
        let size = norm.dual().of(&w);
        let gap = (z.get(from)? - z.get(k)?).max(0.0) + CROSSING * (highest - lowest);
        let distance = gap / size;
        if size > 0.0 && distance.is_finite() && best.as_ref().is_none_or(|b| distance < b.0) {
            best = Some((distance, size, w));
        }
    }
    let (distance, size, mut w) = best?;
    for v in &mut w {
        *v = match norm {
            Norm::L2 => distance * (*v / size),
            // sign, with zero for zero
            _ => {
                distance
                    * if *v > 0.0 {
                        1.0
                    } else if *v < 0.0 {
                        -1.0
                    } else {
                        0.0
                    }
            }
        };
    }
    Some(w)
}

const OPTIONS: &[OptionSpec] = &[
    OptionSpec { name: "steps", kind: OptionKind::Integer(1), default: "50", help: "the most steps" },
    OptionSpec {
        name: "overshoot",
        kind: OptionKind::Real,
        default: "0.02",
        help: "share by which the perturbation goes beyond the boundary",
    },
];

fn make(options: &Options) -> Result<Box<dyn Attack>, OptionError> {
    options.check("deepfool", OPTIONS)?;
    let overshoot = options.number("overshoot", 0.0)?.unwrap_or(0.02);
    Ok(Box::new(DeepFool { steps: options.count("steps", 50, 1)?, overshoot }))
}

hesse_core::submit! {
    AttackEntry {
        name: "deepfool",
        summary: "steps to the nearest linearised boundary: small perturbations (l2, linf)",
        options: OPTIONS,
        license: "MIT OR Apache-2.0",
        make: &make,
    }
}
