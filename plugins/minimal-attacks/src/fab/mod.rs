//! The fast adaptive boundary attack, and its targeted form.
//!
//! Each step linearises the network at the iterate, takes the nearest of the hyperplanes z_k = z_y, projects onto it both
//! the iterate (d₁) and the clean sample (d₂) within the box, and goes to (1 − α)(x + ηd₁) + α(x₀ + ηd₂) with
//! α = min(‖d₁‖/(‖d₁‖ + ‖d₂‖), α_max). A success is kept if it is the nearest, and the iterate is drawn back towards the
//! sample by β.
//!
//! FAB-T looks at one other class after the other, in the order of the clean logits: one gradient a step instead of one
//! for each class. The final search of the first publication is left out, as in the authors' code since AutoAttack.

mod hyperplane;

pub use hyperplane::onto_hyperplane;

use hesse_core::attack::objective::ranked_rivals;
use hesse_core::attack::{
    Attack, AttackEntry, AttackError, AttackRequest, AttackStep, Budget, Goal, Incumbents, InputOracle, Norm,
    OracleError, losses,
};
use hesse_core::eigen::Control;
use hesse_core::options::{OptionError, OptionKind, OptionSpec, Options};
use hesse_core::random::{Purpose, Stream};

/// α_max.
const MOST_DRAWN: f64 = 0.1;
/// η.
const OVERSHOOT: f64 = 1.05;
/// β.
const BACKWARD: f64 = 0.9;

/// The attack. Cost of a step: C − 1 gradients and two forward passes, with targets one gradient and two forward passes
/// (one of them free where the oracle keeps logits).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fab {
    /// Steps of a run.
    pub steps: usize,
    /// Runs: the first from the sample, further ones from random points at half the radius of the best success, or of ε.
    pub restarts: usize,
    /// FAB-T: the most classes that are aimed at, one after the other; zero for all at once.
    pub targets: usize,
    /// Whether a success within ε is enough, as in AutoAttack, where samples with one are left alone and the budget is
    /// fixed. Else the smallest perturbation is looked for.
    pub within: bool,
}

/// One run on one set of samples.
struct Run<'a> {
    oracle: &'a dyn InputOracle,
    request: &'a AttackRequest<'a>,
    steps: usize,
    /// For every sample the class to leave and the classes to reach. Towards a target the class to leave is the one that
    /// wins at the iterate, beside the target: crossing one boundary does not make it win over all.
    pairs: Vec<(u32, Vec<u32>)>,
}

impl Run<'_> {
    /// The slope of z_k − z_from for the j-th class of every sample; samples with fewer classes repeat the last.
    fn slopes(&self, x: &[f64], from: &[u32], j: usize) -> Result<Vec<f64>, AttackError> {
        let classes = self.oracle.classes();
        let mut u = vec![0.0; self.pairs.len() * classes];
        for (u, (from, (_, to))) in u.chunks_exact_mut(classes).zip(from.iter().zip(&self.pairs)) {
            if let Some(k) = to.get(j).or(to.last()) {
                u[*k as usize] += 1.0;
                u[*from as usize] -= 1.0;
            }
        }
        let slopes = self.oracle.transposed_jacobian_product(x, &u)?;
        OracleError::check_size("products of the oracle", x.len(), slopes.len())?;
        Ok(slopes)
    }

    fn logits(&self, x: &[f64]) -> Result<Vec<f64>, AttackError> {
        let z = self.oracle.logits(x)?;
        OracleError::check_size("logits of the oracle", self.pairs.len() * self.oracle.classes(), z.len())?;
        Ok(z)
    }

    /// Starts at `x` and returns the nearest successes, the clean sample where there is none.
    fn go(&self, mut x: Vec<f64>, observe: &mut dyn FnMut(&[f64]) -> Control) -> Result<Vec<f64>, AttackError> {
        let (threat, norm, classes) = (&self.request.threat, self.request.threat.norm, self.oracle.classes());
        let clean = self.request.samples;
        let d = (clean.len() / self.pairs.len().max(1)).max(1);
        let (mut best, mut nearest) = (clean.to_vec(), vec![f64::INFINITY; self.pairs.len()]);
        let most = self.pairs.iter().map(|(_, to)| to.len()).max().unwrap_or(0);
        let mut leave: Vec<u32> = self.pairs.iter().map(|(from, _)| *from).collect();
        for _ in 0..self.steps {
            if self.request.goal == Goal::Targeted {
                let z = self.logits(&x)?;
                for ((from, z), target) in leave.iter_mut().zip(z.chunks_exact(classes)).zip(self.request.labels) {
                    *from = losses::rival(z, *target).unwrap_or(*from);
                }
            }
            // Slopes before logits: an oracle that keeps the logits of a product has them for nothing.
            let slopes = (0..most).map(|j| self.slopes(&x, &leave, j)).collect::<Result<Vec<_>, _>>()?;
            let z = self.logits(&x)?;
            let rows = x.chunks_exact_mut(d).zip(clean.chunks_exact(d)).zip(z.chunks_exact(classes)).enumerate();
            for (i, ((x, clean), z)) in rows {
                let row = |j: usize| slopes.get(j).and_then(|s| s.get(i * d..(i + 1) * d)).unwrap_or_default();
                let (from, to) = (&leave[i], &self.pairs[i].1);
                let gap = |k: &u32| z.get(*k as usize).zip(z.get(*from as usize)).map_or(f64::NAN, |(a, b)| a - b);
                // The nearest plane; none where no slope leads anywhere.
                let mut plane: Option<(f64, f64, &[f64])> = None;
                for (j, k) in to.iter().enumerate() {
                    let distance = gap(k).abs() / norm.dual().of(row(j));
                    if distance.is_finite() && plane.is_none_or(|p| distance < p.0) {
                        plane = Some((distance, gap(k), row(j)));
                    }
                }
                let Some((_, gap, w)) = plane else { continue };
                let across: f64 = w.iter().zip(x.iter().zip(clean)).map(|(w, (x, c))| w * (x - c)).sum();
                let first = onto_hyperplane(threat, w, -gap, x);
                let second = onto_hyperplane(threat, w, across - gap, clean);
                let (a, b) = (norm.of(&first), norm.of(&second));
                let alpha = if a > 0.0 { (a / (a + b)).min(MOST_DRAWN) } else { 0.0 };
                for ((x, c), (p, q)) in x.iter_mut().zip(clean).zip(first.iter().zip(&second)) {
                    let to = (1.0 - alpha) * (*x + OVERSHOOT * p) + alpha * (c + OVERSHOOT * q);
                    *x = to.clamp(threat.lower, threat.upper);
                }
            }
            let z = self.logits(&x)?;
            let labels = self.request.labels.iter();
            let margins: Vec<f64> = z.chunks_exact(classes).zip(labels).map(|(z, y)| losses::margin(z, *y)).collect();
            let rows = x.chunks_exact_mut(d).zip(clean.chunks_exact(d)).zip(z.chunks_exact(classes)).enumerate();
            for (i, ((x, clean), z)) in rows {
                if !self.request.goal.reached(z, self.request.labels[i]) {
                    continue;
                }
                let change: Vec<f64> = x.iter().zip(clean).map(|(x, c)| x - c).collect();
                let length = norm.of(&change);
                if length < nearest[i] {
                    nearest[i] = length;
                    best[i * d..(i + 1) * d].copy_from_slice(x);
                }
                x.iter_mut().zip(clean).zip(&change).for_each(|((x, c), v)| *x = c + BACKWARD * v);
            }
            if observe(&margins) == Control::Stop {
                return Err(AttackError::Interrupted);
            }
        }
        Ok(best)
    }
}

/// Random points at half the radius, on the sphere as published.
fn random_start(request: &AttackRequest<'_>, radii: &[f64]) -> Vec<f64> {
    let d = (request.samples.len() / request.labels.len().max(1)).max(1);
    let norm = request.threat.norm;
    let mut x = request.samples.to_vec();
    for ((x, &index), radius) in x.chunks_exact_mut(d).zip(request.indices).zip(radii) {
        let mut stream = Stream::new(request.seed, Purpose::AttackStart, index as u64);
        let mut draw = || if norm == Norm::Linf { 2.0 * stream.uniform() - 1.0 } else { stream.normal() };
        let t: Vec<f64> = x.iter().map(|_| draw()).collect();
        let length = norm.of(&t);
        if length > 0.0 {
            for (x, t) in x.iter_mut().zip(&t) {
                *x = (*x + 0.5 * radius * t / length).clamp(request.threat.lower, request.threat.upper);
            }
        }
    }
    x
}

impl Attack for Fab {
    fn budget(&self) -> Budget {
        if self.within { Budget::Fixed } else { Budget::Minimal }
    }

    fn run(
        &self,
        oracle: &dyn InputOracle,
        request: &AttackRequest<'_>,
        observe: &mut dyn FnMut(AttackStep<'_>) -> Control,
    ) -> Result<Vec<f64>, AttackError> {
        request.check(oracle)?;
        let ranks = ranked_rivals(oracle, request)?;
        let pairs: Vec<(u32, Vec<u32>)> = match request.goal {
            Goal::Targeted => {
                ranks.iter().zip(request.labels).map(|(r, y)| (r.first().copied().unwrap_or(*y), vec![*y])).collect()
            }
            Goal::Untargeted => ranks.into_iter().zip(request.labels).map(|(r, y)| (*y, r)).collect(),
        };
        let all_at_once = self.targets == 0 || request.goal == Goal::Targeted;
        let rounds = if all_at_once { 1 } else { self.targets };
        let mut best = Incumbents::new(oracle, request, self.budget(), request.samples.to_vec())?;
        let mut step = 0;
        for round in 0..rounds {
            for restart in 0..self.restarts {
                let to = |i: usize| -> Vec<u32> {
                    if all_at_once { pairs[i].1.clone() } else { pairs[i].1.get(round).copied().into_iter().collect() }
                };
                let candidates = if self.within { best.standing() } else { (0..request.labels.len()).collect() };
                let positions: Vec<usize> = candidates.into_iter().filter(|i| !to(*i).is_empty()).collect();
                let radius = |i: &usize| {
                    let known = &best.scores()[*i];
                    if known.success { known.norm.min(request.epsilon) } else { request.epsilon }
                };
                let radii: Vec<f64> = positions.iter().map(radius).collect();
                let pairs = positions.iter().map(|&i| (pairs[i].0, to(i))).collect();
                let seed = match restart {
                    0 => request.seed,
                    _ => Stream::new(request.seed, Purpose::Restart, (round * self.restarts + restart) as u64).bits(),
                };
                best.attempt(&positions, seed, |part| {
                    let start = if restart == 0 { part.samples.to_vec() } else { random_start(part, &radii) };
                    Run { oracle, request: part, steps: self.steps, pairs }.go(start, &mut |losses| {
                        step += 1;
                        observe(AttackStep { step, losses })
                    })
                })?;
            }
        }
        Ok(best.into_samples())
    }
}

const OPTIONS: &[OptionSpec] = &[
    OptionSpec { name: "steps", kind: OptionKind::Integer(1), default: "100", help: "steps of a run" },
    OptionSpec {
        name: "restarts",
        kind: OptionKind::Integer(1),
        default: "1",
        help: "runs: the first from the sample, further ones from random points",
    },
    OptionSpec {
        name: "targets",
        kind: OptionKind::Integer(0),
        default: "0",
        help: "FAB-T: the most classes aimed at, one after the other; 0 for all at once",
    },
];

fn make(options: &Options) -> Result<Box<dyn Attack>, OptionError> {
    options.check("fab", OPTIONS)?;
    Ok(Box::new(Fab {
        steps: options.count("steps", 100, 1)?,
        restarts: options.count("restarts", 1, 1)?,
        targets: options.count("targets", 0, 0)?,
        within: false,
    }))
}

hesse_core::submit! {
    AttackEntry {
        name: "fab",
        summary: "fast adaptive boundary attack: small perturbations by projections onto boundaries; FAB-T with targets",
        options: OPTIONS,
        license: "MIT OR Apache-2.0",
        make: &make,
    }
}
