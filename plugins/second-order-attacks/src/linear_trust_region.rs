//! Short steps to the linearised boundary, as long as a radius that follows how well the line foretold.
//!
//! The published attack's ratio mixes the new logit of the label with the old one of its rival, and divides by the
//! radius. Here ρ is the fall of the margin z_y − z_k over that which the gradients foretold for the very step taken.
//! The published radii are for inputs of unit width; they are multiplied by the width of the box.
//!
//! Source: Yao, Gholami, Xu, Keutzer and Mahoney, *Trust Region Based Adversarial Attack on Neural Networks*, CVPR 2019
//! (arXiv 1812.06371); thresholds, factors and bounds are theirs.

use crate::one_step::require;
use crate::part::row_mut;
use hesse_core::attack::{
    Attack, AttackEntry, AttackError, AttackRequest, AttackStep, Budget, Goal, InputOracle, Norm, OracleError,
    geometry, losses,
};
use hesse_core::eigen::Control;
use hesse_core::input_hessian::{dot, jacobian_rows};
use hesse_core::options::{OptionError, OptionKind, OptionSpec, Options};

/// ρ above which the radius grows.
const GOOD: f64 = 0.9;
/// ρ below which it shrinks.
const POOR: f64 = 0.5;
/// By this factor.
const FACTOR: f64 = 1.2;
/// Share of a step to the boundary by which it goes beyond.
const OVERSHOOT: f64 = 0.02;
/// The least distance to a boundary, as a share of the spread of the logits: one who stands on it has still to cross.
const CROSSING: f64 = 1e-6;

/// Which class the label is pushed below.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rival {
    /// The one whose linearised boundary is nearest, chosen anew at every step.
    Best,
    /// The one whose linearised boundary is farthest, chosen at the first step.
    Worst,
}

/// The trust-region attack of 2019. It looks for a small perturbation and knows no budget. Towards a target the winner
/// is pushed below it. Cost: C + 1 forward passes for each step and unfinished sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LinearTrustRegion {
    /// The most steps.
    pub steps: usize,
    /// Which class is aimed at.
    pub rival: Rival,
    /// The first radius, as a share of the box's width; none for the largest.
    pub radius: Option<f64>,
}

struct Walker {
    position: usize,
    radius: f64,
    /// Classes that are compared: the one to fall and the one to rise; fixed for the worst rival.
    pair: Option<(usize, usize)>,
    /// The pair, its margin, and the fall foretold, of the step taken last.
    last: Option<((usize, usize), f64, f64)>,
}

/// The bounds of a radius.
fn bounds(norm: Norm, width: f64) -> (f64, f64) {
    let (least, most) = if norm == Norm::Linf { (1e-4, 0.01) } else { (5e-4, 0.05) };
    (least * width, most * width)
}

impl Attack for LinearTrustRegion {
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
        require(norm, "linear-trust-region", &[Norm::L2, Norm::Linf], "l2, linf")?;
        let d = request.check(oracle)?;
        let classes = oracle.classes();
        // A box without bounds has no width; the published radii are then those of unit width.
        let width = Some(request.threat.upper - request.threat.lower).filter(|w| w.is_finite()).unwrap_or(1.0);
        let (least, most) = bounds(norm, width);
        let first = self.radius.map_or(most, |share| share * width).clamp(least, most);
        let mut x = request.samples.to_vec();
        let mut walkers: Vec<Walker> = (0..request.labels.len())
            .map(|position| Walker { position, radius: first, pair: None, last: None })
            .collect();
        for step in 1..=self.steps + 1 {
            let here = |all: &[Walker], x: &[f64]| -> Vec<f64> {
                let row = |w: &Walker| x.get(w.position * d..(w.position + 1) * d).unwrap_or_default().to_vec();
                all.iter().flat_map(row).collect()
            };
            if walkers.is_empty() {
                break;
            }
            let logits = oracle.logits(&here(&walkers, &x))?;
            OracleError::check_size("logits of the oracle", walkers.len() * classes, logits.len())?;
            let label = |w: &Walker| request.labels[w.position];
            let margins: Vec<f64> =
                logits.chunks_exact(classes).zip(&walkers).map(|(z, w)| losses::margin(z, label(w))).collect();
            if observe(AttackStep { step, losses: &margins }) == Control::Stop {
                return Err(AttackError::Interrupted);
            }
            if step > self.steps {
                break;
            }
            let mut standing: Vec<Vec<f64>> = logits.chunks_exact(classes).map(<[f64]>::to_vec).collect();
            let mut going = standing.iter().zip(&walkers).map(|(z, w)| match request.goal {
                Goal::Untargeted => losses::prediction(z) == Some(label(w)),
                Goal::Targeted => losses::prediction(z).is_some_and(|p| p != label(w)),
            });
            let going: Vec<bool> = going.by_ref().collect();
            let mut flags = going.iter();
            walkers.retain(|_| flags.next().copied().unwrap_or(false));
            let mut flags = going.iter();
            standing.retain(|_| flags.next().copied().unwrap_or(false));
            let jacobian = jacobian_rows(oracle, &here(&walkers, &x), walkers.len())?;
            let mut stuck = Vec::with_capacity(walkers.len());
            for (i, walker) in walkers.iter_mut().enumerate() {
                let z = &standing[i];
                walker.learn(z, (least, most));
                let y = request.labels[walker.position] as usize;
                let row = |k: usize| jacobian.get(k).and_then(|j| j.get(i * d..(i + 1) * d)).unwrap_or_default();
                let Some(aim) = self.aim(z, y, request.goal, walker, norm, &row) else {
                    stuck.push(true);
                    continue;
                };
                walker.pair = (self.rival == Rival::Worst).then_some(aim.pair);
                let length = ((1.0 + OVERSHOOT) * aim.distance).min(walker.radius);
                let to = row_mut(&mut x, walker.position, d);
                let before = to.to_vec();
                geometry::add_steepest_ascent(norm, &aim.slope, length, to);
                to.iter_mut().for_each(|v| *v = v.clamp(request.threat.lower, request.threat.upper));
                let taken: Vec<f64> = to.iter().zip(&before).map(|(a, b)| a - b).collect();
                let foretold = dot(&aim.slope, &taken);
                walker.last = Some((aim.pair, z[aim.pair.0] - z[aim.pair.1], foretold));
                stuck.push(foretold <= 0.0);
            }
            let mut stuck = stuck.into_iter();
            walkers.retain(|_| !stuck.next().unwrap_or(true));
        }
        Ok(x)
    }
}

/// A boundary to walk to.
struct Aim {
    pair: (usize, usize),
    distance: f64,
    /// ∇(z_rises − z_falls).
    slope: Vec<f64>,
}

impl LinearTrustRegion {
    fn aim<'r>(
        &self,
        z: &[f64],
        y: usize,
        goal: Goal,
        walker: &Walker,
        norm: Norm,
        row: &dyn Fn(usize) -> &'r [f64],
    ) -> Option<Aim> {
        let (lowest, highest) = z.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(*v), b.max(*v)));
        let pairs: Vec<(usize, usize)> = match (goal, walker.pair) {
            (Goal::Targeted, _) => vec![(losses::prediction(z)? as usize, y)],
            (Goal::Untargeted, Some(pair)) => vec![pair],
            (Goal::Untargeted, None) => (0..z.len()).filter(|k| *k != y).map(|k| (y, k)).collect(),
        };
        let mut chosen: Option<Aim> = None;
        for pair in pairs {
            let slope: Vec<f64> = row(pair.1).iter().zip(row(pair.0)).map(|(a, b)| a - b).collect();
            let gap = (z.get(pair.0)? - z.get(pair.1)?).max(0.0) + CROSSING * (highest - lowest);
            let distance = gap / norm.dual().of(&slope);
            let better = |old: &Aim| match self.rival {
                Rival::Best => distance < old.distance,
                Rival::Worst => distance > old.distance,
            };
            if distance.is_finite() && chosen.as_ref().is_none_or(better) {
                chosen = Some(Aim { pair, distance, slope });
            }
        }
        chosen
    }
}

impl Walker {
    /// Lets the radius follow what became of the last step.
    fn learn(&mut self, z: &[f64], (least, most): (f64, f64)) {
        let Some((pair, before, foretold)) = self.last.take() else { return };
        let (Some(falls), Some(rises)) = (z.get(pair.0), z.get(pair.1)) else { return };
        let ratio = (before - (falls - rises)) / foretold;
        if ratio > GOOD {
            self.radius *= FACTOR;
        } else if ratio < POOR {
            self.radius /= FACTOR;
        }
        self.radius = self.radius.clamp(least, most);
    }
}

const OPTIONS: &[OptionSpec] = &[
    OptionSpec { name: "steps", kind: OptionKind::Integer(1), default: "200", help: "the most steps" },
    OptionSpec {
        name: "rival",
        kind: OptionKind::Choice(&["best", "worst"]),
        default: "best",
        help: "which class to reach: the nearest (best) or the farthest (worst)",
    },
    OptionSpec {
        name: "radius",
        kind: OptionKind::Real,
        default: "the largest",
        help: "the first radius as a share of the box's width; published bounds 5e-4..0.05 (l2), 1e-4..0.01 (linf)",
    },
];

fn make(options: &Options) -> Result<Box<dyn Attack>, OptionError> {
    options.check("linear-trust-region", OPTIONS)?;
    let rival = match options.choice("rival", "best", &["best", "worst"])? {
        "worst" => Rival::Worst,
        _ => Rival::Best,
    };
    Ok(Box::new(LinearTrustRegion {
        steps: options.count("steps", 200, 1)?,
        rival,
        radius: options.number("radius", 0.0)?,
    }))
}

hesse_core::submit! {
    AttackEntry {
        name: "linear-trust-region",
        summary: "short steps to the linearised boundary, their length adapting (l2, linf): small perturbations",
        options: OPTIONS,
        license: "MIT OR Apache-2.0",
        make: &make,
    }
}
