//! The L2 attack of Carlini and Wagner.
//!
//! Minimises ‖x − x₀‖² + c·max(κ − m(x), 0), m being the margin by which the goal is reached, over w with
//! x = ½(tanh w + 1) in the box, by Adam from the sample itself; c is found by a binary search for each sample. What is
//! returned is the nearest success of all iterates of all searches.
//!
//! As in the authors' code: w begins at artanh of 0.999999 times the sample, so that it is finite; c grows tenfold until
//! there is a success; a search ends early where a tenth of its steps has not lowered the objective by a ten-thousandth.
//! There the whole batch decides together; here every sample does for itself, so that neighbours do not matter.
//!
//! Two things are added. Adam turns about the boundary in steps of about its rate, so that the nearest iterate of a sample
//! that lies near the boundary may be much farther than the boundary is (1.7 times on a linear classifier): so the rate
//! falls linearly to zero within a search. And the way from the sample to the nearest success is halved a few times, as
//! the refinement of boundary attacks does (Brendel et al., ICLR 2018). `decay=false,refine=0` is the published attack.

use hesse_core::attack::{
    Aim, Attack, AttackEntry, AttackError, AttackLoss, AttackRequest, AttackStep, Budget, InputOracle, Norm, Picked,
};
use hesse_core::eigen::Control;
use hesse_core::options::{OptionError, OptionKind, OptionSpec, Options};

/// Shrinks the sample so that artanh is finite.
const INSIDE: f64 = 0.999_999;
/// A search looks for progress so many times.
const CHECKS: usize = 10;
/// The objective must fall below this share of what it was.
const PROGRESS: f64 = 0.9999;

/// The attack. Cost: at most `searches` × `steps` gradients, and `refine` forward passes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CarliniWagner {
    /// Values of c tried.
    pub searches: usize,
    /// Steps for each.
    pub steps: usize,
    /// Adam's step, in w.
    pub rate: f64,
    /// κ: how far the logits must be apart for a success.
    pub confidence: f64,
    /// The first c.
    pub constant: f64,
    /// Whether a search without progress ends early.
    pub abort_early: bool,
    /// Whether Adam's step falls linearly to zero within a search.
    pub decay: bool,
    /// How often the way to the nearest iterate is halved.
    pub refine: usize,
}

/// One sample over all searches.
struct Sample {
    c: f64,
    /// Largest c without a success, smallest with one.
    bracket: (f64, f64),
    norm: f64,
}

/// One sample within a search: w and Adam's moments.
struct Adam {
    w: Vec<f64>,
    mean: Vec<f64>,
    square: Vec<f64>,
    succeeded: bool,
    /// The objective at the last check, and now.
    objective: (f64, f64),
}

impl Adam {
    fn step(&mut self, rate: f64, t: i32, gradient: impl Iterator<Item = f64>) {
        const BETA: (f64, f64) = (0.9, 0.999);
        let (first, second) = (1.0 - BETA.0.powi(t), 1.0 - BETA.1.powi(t));
        let moments = self.mean.iter_mut().zip(&mut self.square);
        for ((w, (m, v)), g) in self.w.iter_mut().zip(moments).zip(gradient) {
            *m = BETA.0 * *m + (1.0 - BETA.0) * g;
            *v = BETA.1 * *v + (1.0 - BETA.1) * g * g;
            *w -= rate * (*m / first) / ((*v / second).sqrt() + 1e-8);
        }
    }
}

impl CarliniWagner {
    /// One search over all samples; what beats the best is written to `best`.
    fn search(
        &self,
        oracle: &dyn InputOracle,
        request: &AttackRequest<'_>,
        samples: &mut [Sample],
        best: &mut [f64],
        observe: &mut dyn FnMut(&[f64]) -> Control,
    ) -> Result<(), AttackError> {
        let n = request.labels.len();
        let d = request.samples.len() / n.max(1);
        let (middle, half) =
            (0.5 * (request.threat.upper + request.threat.lower), 0.5 * (request.threat.upper - request.threat.lower));
        let begin = |clean: &[f64]| Adam {
            w: clean.iter().map(|x| (INSIDE * (x - middle) / half).atanh()).collect(),
            mean: vec![0.0; d],
            square: vec![0.0; d],
            succeeded: false,
            objective: (f64::INFINITY, f64::INFINITY),
        };
        let mut states: Vec<Adam> = request.samples.chunks_exact(d.max(1)).map(begin).collect();
        let mut active: Vec<usize> = (0..n).collect();
        let interval = self.steps.div_ceil(CHECKS).max(1);
        let mut t = 0;
        while t < self.steps && !active.is_empty() {
            let picked = Picked::new(request, &active);
            let part = picked.request();
            let aim = Aim::new(oracle, &part, AttackLoss::Margin.into())?;
            for _ in 0..interval.min(self.steps - t) {
                t += 1;
                let left = 1.0 - (t - 1) as f64 / self.steps as f64;
                let rate = if self.decay { self.rate * left } else { self.rate };
                let x: Vec<f64> = active.iter().flat_map(|i| &states[*i].w).map(|w| half * w.tanh() + middle).collect();
                let found = aim.uphill(&x)?;
                if observe(&found.losses) == Control::Stop {
                    return Err(AttackError::Interrupted);
                }
                let rows = x.chunks_exact(d.max(1)).zip(part.samples.chunks_exact(d.max(1)));
                let rows = rows.zip(found.gradient.chunks_exact(d.max(1)).zip(&found.losses));
                for (&i, ((x, clean), (slope, &margin))) in active.iter().zip(rows) {
                    let (state, sample) = (&mut states[i], &mut samples[i]);
                    let change: Vec<f64> = x.iter().zip(clean).map(|(x, c)| x - c).collect();
                    let norm = Norm::L2.of(&change);
                    if margin > 0.0 && margin >= self.confidence {
                        state.succeeded = true;
                        if norm < sample.norm {
                            sample.norm = norm;
                            best[i * d..(i + 1) * d].copy_from_slice(x);
                        }
                    }
                    let short = self.confidence - margin;
                    state.objective.1 = norm * norm + sample.c * short.max(0.0);
                    let pull = if short > 0.0 { sample.c } else { 0.0 };
                    // A gradient that is not finite leads nowhere.
                    let slopes = slope.iter().map(|g| if g.is_finite() { pull * g } else { 0.0 });
                    let entries = change.iter().zip(slopes).zip(x);
                    let chain = |x: &f64| half * (1.0 - ((x - middle) / half).powi(2));
                    let gradient: Vec<f64> = entries.map(|((d, s), x)| (2.0 * d - s) * chain(x)).collect();
                    state.step(rate, t as i32, gradient.into_iter());
                }
            }
            if self.abort_early {
                active.retain(|i| {
                    let (before, now) = states[*i].objective;
                    states[*i].objective.0 = now;
                    now <= PROGRESS * before
                });
            }
        }
        for (sample, state) in samples.iter_mut().zip(&states) {
            let (low, high) = &mut sample.bracket;
            if state.succeeded {
                *high = high.min(sample.c)
            } else {
                *low = low.max(sample.c)
            }
            sample.c = if high.is_finite() { 0.5 * (*low + *high) } else { 10.0 * sample.c };
        }
        Ok(())
    }
}

impl CarliniWagner {
    /// Replaces each success by the nearest one that halving the way to it finds.
    fn shorten(
        &self,
        oracle: &dyn InputOracle,
        request: &AttackRequest<'_>,
        samples: &[Sample],
        best: &mut [f64],
    ) -> Result<(), AttackError> {
        let d = (request.samples.len() / request.labels.len().max(1)).max(1);
        let aim = Aim::new(oracle, request, AttackLoss::Margin.into())?;
        let far = best.to_vec();
        let mut shares: Vec<(f64, f64)> = samples.iter().map(|_| (0.0, 1.0)).collect();
        let at = |shares: &mut dyn Iterator<Item = f64>| -> Vec<f64> {
            let rows = request.samples.chunks_exact(d).zip(far.chunks_exact(d)).zip(shares);
            rows.flat_map(|((clean, far), t)| clean.iter().zip(far).map(move |(c, f)| c + t * (f - c))).collect()
        };
        for _ in 0..self.refine {
            let x = at(&mut shares.iter().map(|(low, high)| 0.5 * (low + high)));
            for ((low, high), (success, margin)) in shares.iter_mut().zip(aim.standing(&x)?) {
                let half = 0.5 * (*low + *high);
                if success && margin >= self.confidence { *high = half } else { *low = half }
            }
        }
        let near = at(&mut shares.iter().map(|(_, high)| *high));
        let rows = best.chunks_exact_mut(d).zip(near.chunks_exact(d));
        for ((best, near), ((_, high), sample)) in rows.zip(shares.iter().zip(samples)) {
            if *high < 1.0 && sample.norm.is_finite() {
                best.copy_from_slice(near);
            }
        }
        Ok(())
    }
}

impl Attack for CarliniWagner {
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
        if norm != Norm::L2 {
            return Err(AttackError::Norm { attack: "cw", norm, known: "l2" });
        }
        request.check(oracle)?;
        let mut best = request.samples.to_vec();
        let new = |_: &u32| Sample { c: self.constant, bracket: (0.0, f64::INFINITY), norm: f64::INFINITY };
        let mut samples: Vec<Sample> = request.labels.iter().map(new).collect();
        let mut step = 0;
        for _ in 0..self.searches {
            self.search(oracle, request, &mut samples, &mut best, &mut |losses| {
                step += 1;
                observe(AttackStep { step, losses })
            })?;
        }
        self.shorten(oracle, request, &samples, &mut best)?;
        Ok(best)
    }
}

const OPTIONS: &[OptionSpec] = &[
    OptionSpec { name: "searches", kind: OptionKind::Integer(1), default: "9", help: "weights of the margin tried" },
    OptionSpec { name: "steps", kind: OptionKind::Integer(1), default: "1000", help: "the most steps for each" },
    OptionSpec { name: "rate", kind: OptionKind::Real, default: "0.01", help: "Adam's step" },
    OptionSpec {
        name: "confidence",
        kind: OptionKind::Real,
        default: "0",
        help: "how far the logits must be apart for a success",
    },
    OptionSpec { name: "constant", kind: OptionKind::Real, default: "0.001", help: "first weight of the margin" },
    OptionSpec {
        name: "abort_early",
        kind: OptionKind::Bool,
        default: "true",
        help: "end a search that makes no progress",
    },
    OptionSpec {
        name: "decay",
        kind: OptionKind::Bool,
        default: "true",
        help: "let the step fall to zero within a search; false as published",
    },
    OptionSpec {
        name: "refine",
        kind: OptionKind::Integer(0),
        default: "10",
        help: "how often the way to the result is halved; 0 as published",
    },
];

fn make(options: &Options) -> Result<Box<dyn Attack>, OptionError> {
    options.check("cw", OPTIONS)?;
    let number = |key: &str, default: f64| Ok::<f64, OptionError>(options.number(key, 0.0)?.unwrap_or(default));
    Ok(Box::new(CarliniWagner {
        searches: options.count("searches", 9, 1)?,
        steps: options.count("steps", 1000, 1)?,
        rate: number("rate", 0.01)?,
        confidence: number("confidence", 0.0)?,
        constant: number("constant", 1e-3)?,
        abort_early: options.flag("abort_early", true)?,
        decay: options.flag("decay", true)?,
        refine: options.count("refine", 10, 0)?,
    }))
}

hesse_core::submit! {
    AttackEntry {
        name: "cw",
        summary: "Carlini and Wagner: the smallest perturbation by Adam and a binary search (l2)",
        options: OPTIONS,
        license: "MIT OR Apache-2.0",
        make: &make,
    }
}
