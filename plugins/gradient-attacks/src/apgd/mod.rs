//! Auto-PGD: ascent with momentum whose step size follows the progress of each sample.
//!
//! The published schedule: N steps; the first step is 2ε (L1: ε); the new point is 3/4 of the way of the gradient step
//! plus 1/4 of the last move, projected; at checkpoints (`schedule.rs`) the step of a sample without progress is halved
//! and the sample goes back to its best point. Under L1 the step is sparse, and its sparsity follows that of the best
//! perturbation.
//!
//! Two departures, both towards the publication's text and away from its code: "fewer than 3/4" is strict, and the
//! first interval is judged against the loss of the starting point. A third is ours: under L1, entries that the box
//! holds back do not take part in a step.
//!
//! `shrink` is the published schedule of radii for L1 (*Mind the box*, §4.3): three climbs with 3ε, 2ε and ε, of 30, 30
//! and 40 % of the steps, each from the best point of the one before; what counts is the last.

mod schedule;
mod targeted;

pub use targeted::ApgdTargeted;

use crate::keeper::Keeper;
use crate::restarts::{RANDOM_START, RESTARTS, repeated, starts_of};
use crate::uphill::{OBJECTIVE, objective_of};
use hesse_core::attack::{
    Aim, Attack, AttackEntry, AttackError, AttackRequest, AttackStep, InputOracle, LossGradient, Norm, Objective,
    geometry,
};
use hesse_core::eigen::Control;
use hesse_core::options::{OptionError, OptionKind, OptionSpec, Options};
use hesse_core::random::{Purpose, Stream};
use schedule::{Checkpoints, Progress, Sparsity};

/// Weight of the gradient step against the last move, from the second step on.
const MOMENTUM: f64 = 0.75;

/// Auto-PGD. Returns the iterate that fools the network with the highest loss, else the one with the highest loss.
/// Cost: `steps` + 1 gradients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Apgd {
    /// What is raised.
    pub loss: Objective,
    /// N.
    pub steps: usize,
    /// Whether to begin at a random point: with L∞ one whose largest change is ε, with L2 one of length ε, with L1 a
    /// projected normal vector. Else at the clean sample.
    pub random_start: bool,
    /// Whether an L1 climb begins in larger balls.
    pub shrink: bool,
}

/// What the schedule knows of the samples.
struct Best {
    /// Where the loss was highest, `N × D`.
    samples: Vec<f64>,
    gradient: Vec<f64>,
    losses: Vec<f64>,
}

impl Best {
    fn take(&mut self, i: usize, row: std::ops::Range<usize>, x: &[f64], found: &LossGradient) {
        if found.losses[i] > self.losses[i] {
            self.losses[i] = found.losses[i];
            self.samples[row.clone()].copy_from_slice(&x[row.clone()]);
            self.gradient[row.clone()].copy_from_slice(&found.gradient[row]);
        }
    }
}

impl Apgd {
    fn start(&self, request: &AttackRequest<'_>, d: usize) -> Vec<f64> {
        let mut x = request.samples.to_vec();
        if !self.random_start {
            return x;
        }
        let rows = x.chunks_exact_mut(d).zip(request.samples.chunks_exact(d)).zip(request.indices);
        for ((x, clean), &index) in rows {
            let mut stream = Stream::new(request.seed, Purpose::AttackStart, index as u64);
            let norm = request.threat.norm;
            x.iter_mut()
                .for_each(|x| *x = if norm == Norm::Linf { 2.0 * stream.uniform() - 1.0 } else { stream.normal() });
            let length = norm.of(x);
            if norm != Norm::L1 && length > 0.0 {
                x.iter_mut().for_each(|x| *x *= request.epsilon / length);
            }
            x.iter_mut().zip(clean).for_each(|(x, c)| *x += c);
            geometry::project(&request.threat, request.epsilon, clean, x);
        }
        x
    }
}

/// One sample's step.
struct Step<'a> {
    request: &'a AttackRequest<'a>,
    /// Length as a share of ε.
    size: f64,
    /// Share of the entries that an L1 step moves.
    share: f64,
    /// Weight of the gradient step.
    weight: f64,
}

impl Step<'_> {
    /// Moves `x` and writes where it was to `old`.
    fn take(&self, clean: &[f64], g: &[f64], x: &mut [f64], old: &mut [f64]) {
        let (threat, epsilon) = (&self.request.threat, self.request.epsilon);
        let mut next = x.to_vec();
        let length = self.size * epsilon;
        match threat.norm {
            Norm::L1 => geometry::add_sparse_ascent(threat, g, length, self.share, &mut next),
            norm => geometry::add_steepest_ascent(norm, g, length, &mut next),
        }
        geometry::project(threat, epsilon, clean, &mut next);
        if threat.norm != Norm::L1 {
            for ((next, x), old) in next.iter_mut().zip(x.iter()).zip(old.iter()) {
                *next = x + (*next - x) * self.weight + (x - old) * (1.0 - self.weight);
            }
            geometry::project(threat, epsilon, clean, &mut next);
        }
        old.copy_from_slice(x);
        x.copy_from_slice(&next);
    }
}

impl Apgd {
    /// Climbs `aim` from the start that is asked for.
    pub(super) fn climb(
        &self,
        aim: &Aim<'_>,
        request: &AttackRequest<'_>,
        observe: &mut dyn FnMut(AttackStep<'_>) -> Control,
    ) -> Result<Vec<f64>, AttackError> {
        if !(self.shrink && request.threat.norm == Norm::L1) {
            let x = self.start(request, self.dimension(request));
            return Ok(self.phase(aim, request, self.steps, x, observe)?.0);
        }
        let early = (3 * self.steps).div_ceil(10);
        let phases = [(3.0, early), (2.0, early), (1.0, self.steps.saturating_sub(2 * early))];
        let wide = AttackRequest { epsilon: 3.0 * request.epsilon, ..*request };
        let d = self.dimension(request);
        let mut x = self.start(&wide, d);
        let (mut adversarial, mut done) = (x.clone(), 0);
        for (factor, steps) in phases {
            let part = AttackRequest { epsilon: factor * request.epsilon, ..*request };
            geometry::project_all(&part.threat, part.epsilon, part.samples, &mut x, d);
            (adversarial, x) = self.phase(aim, &part, steps, x, &mut |step| {
                observe(AttackStep { step: done + step.step, losses: step.losses })
            })?;
            done += steps;
        }
        Ok(adversarial)
    }

    fn dimension(&self, request: &AttackRequest<'_>) -> usize {
        (request.samples.len() / request.labels.len().max(1)).max(1)
    }

    /// One climb of `steps` steps from `x`: the best iterates by success, then value, and those by value alone.
    fn phase(
        &self,
        aim: &Aim<'_>,
        request: &AttackRequest<'_>,
        steps: usize,
        mut x: Vec<f64>,
        observe: &mut dyn FnMut(AttackStep<'_>) -> Control,
    ) -> Result<(Vec<f64>, Vec<f64>), AttackError> {
        let d = self.dimension(request);
        let (n, norm) = (request.labels.len(), request.threat.norm);
        let mut old = x.clone();
        let mut found = aim.uphill(&x)?;
        let mut keeper = Keeper::new(&x, n);
        keeper.offer(&x, &aim.standing(&x)?);
        let mut best = Best { samples: x.clone(), gradient: found.gradient.clone(), losses: found.losses.clone() };

        let mut sizes = vec![if norm == Norm::L1 { 1.0 } else { 2.0 }; n];
        let mut progress: Vec<Progress> = found.losses.iter().map(|l| Progress::new(*l)).collect();
        let mut sparsity = vec![Sparsity::new(d); n];
        let mut checkpoints = Checkpoints::new(norm, steps);
        for step in 1..=steps {
            let weight = if step > 1 { MOMENTUM } else { 1.0 };
            let rows = x.chunks_exact_mut(d).zip(old.chunks_exact_mut(d)).zip(found.gradient.chunks_exact(d));
            for (i, (((x, old), g), clean)) in rows.zip(request.samples.chunks_exact(d)).enumerate() {
                Step { request, size: sizes[i], share: sparsity[i].share, weight }.take(clean, g, x, old);
            }
            found = aim.uphill(&x)?;
            keeper.offer(&x, &aim.standing(&x)?);
            if observe(AttackStep { step, losses: &found.losses }) == Control::Stop {
                return Err(AttackError::Interrupted);
            }
            let ended = checkpoints.step();
            for i in 0..n {
                let row = i * d..(i + 1) * d;
                progress[i].step(found.losses[i]);
                best.take(i, row.clone(), &x, &found);
                let Some(interval) = ended else { continue };
                let back = if norm == Norm::L1 {
                    let pairs = best.samples[row.clone()].iter().zip(&request.samples[row.clone()]);
                    let changed = pairs.filter(|(a, b)| a != b).count();
                    let (size, back) = sparsity[i].judge(changed, d, sizes[i]);
                    sizes[i] = size;
                    back
                } else {
                    let halve = progress[i].judge(interval, best.losses[i]);
                    sizes[i] /= if halve { 2.0 } else { 1.0 };
                    halve
                };
                if back {
                    x[row.clone()].copy_from_slice(&best.samples[row.clone()]);
                    found.gradient[row.clone()].copy_from_slice(&best.gradient[row]);
                }
            }
        }
        Ok((keeper.samples, best.samples))
    }
}

impl Attack for Apgd {
    fn run(
        &self,
        oracle: &dyn InputOracle,
        request: &AttackRequest<'_>,
        observe: &mut dyn FnMut(AttackStep<'_>) -> Control,
    ) -> Result<Vec<f64>, AttackError> {
        request.check(oracle)?;
        self.climb(&Aim::new(oracle, request, self.loss)?, request, observe)
    }
}

/// The option of the schedule of radii.
const SHRINK: OptionSpec = OptionSpec {
    name: "shrink",
    kind: OptionKind::Bool,
    default: "false",
    help: "with l1, climb in balls of 3ε and 2ε first",
};

const OPTIONS: &[OptionSpec] = &[
    OptionSpec {
        name: "steps",
        kind: OptionKind::Integer(1),
        default: "100",
        help: "number of steps; the schedule is relative to it",
    },
    RESTARTS,
    RANDOM_START,
    SHRINK,
    OBJECTIVE,
];

fn make(options: &Options) -> Result<Box<dyn Attack>, OptionError> {
    options.check("apgd", OPTIONS)?;
    let (restarts, random_start) = starts_of(options)?;
    let loss = objective_of(options, random_start)?;
    let shrink = options.flag("shrink", false)?;
    let attack = Apgd { loss, steps: options.count("steps", 100, 1)?, random_start, shrink };
    Ok(repeated(attack, restarts))
}

hesse_core::submit! {
    AttackEntry {
        name: "apgd",
        summary: "Auto-PGD: step sizes that follow each sample's progress, none to choose",
        options: OPTIONS,
        license: "MIT OR Apache-2.0",
        make: &make,
    }
}
