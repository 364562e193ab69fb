//! The best point of the quadratic model within a radius, taken again where it leads, with a radius for each sample that
//! follows how well the model foretold.
//!
//! Under L2 the subproblem is solved exactly within the radius. Under L∞, where it is NP-hard, the step is the corner of
//! the cube in the direction of the solution within the ball around it, as FHSM takes that of Newton's direction.

use crate::krylov::{KRYLOV, Search};
use crate::local::{Local, locals};
use crate::objective::{self, product, sign, standing};
use crate::one_step::require;
use crate::part::{Part, row_mut, rows};
use crate::secular::trust_region_step;
use hesse_core::attack::{Attack, AttackEntry, AttackError, AttackRequest, AttackStep, InputOracle, Norm, geometry};
use hesse_core::eigen::Control;
use hesse_core::input_hessian::{dot, flat_outputs};
use hesse_core::options::{OptionError, OptionKind, OptionSpec, Options};

/// ρ below which the radius is halved.
const POOR: f64 = 0.25;
/// ρ above which it grows by half.
const GOOD: f64 = 0.75;

/// The trust-region attack. A step is kept where it reaches the goal, or raises the loss; ρ is the rise of the loss over
/// that which the model foretold for the very step taken, projections included. Cost for each step: one gradient, one
/// forward pass, and C products with the transposed Jacobian, or, on a smooth network, the dimensions of the Krylov space
/// and one more product with the Hessian.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrustRegion {
    /// Number of steps.
    pub steps: usize,
    /// The first radius as a share of ε.
    pub radius: f64,
    /// The Krylov space on smooth networks.
    pub search: Search,
}

impl TrustRegion {
    /// Displacements of all samples, projected to the ball and the box, each within its own radius.
    fn steps_from(request: &AttackRequest<'_>, x: &[f64], all: &[Local], radii: &[f64], d: usize) -> Vec<f64> {
        let goal = sign(request);
        let norm = request.threat.norm;
        let mut moved = x.to_vec();
        for (i, (local, &radius)) in all.iter().zip(radii).enumerate() {
            let Some(model) = local.model() else { continue };
            // The ball around a cube of half-width r has radius r √D.
            let reach = if norm == Norm::Linf { radius * (d as f64).sqrt() } else { radius };
            let values: Vec<f64> = model.values.iter().map(|v| goal * v).collect();
            let slopes: Vec<f64> = model.slopes.iter().map(|v| goal * v).collect();
            let step = model.combine(&trust_region_step(&values, &slopes, reach));
            let to = row_mut(&mut moved, i, d);
            if norm == Norm::Linf {
                geometry::add_steepest_ascent(norm, &step, radius, to);
            } else {
                to.iter_mut().zip(&step).for_each(|(x, s)| *x += s);
            }
        }
        geometry::project_all(&request.threat, request.epsilon, request.samples, &mut moved, d);
        moved
    }

    /// The rise of the loss that the model foretells for these displacements (`N × D`).
    fn foretold(
        oracle: &dyn InputOracle,
        request: &AttackRequest<'_>,
        x: &[f64],
        (all, gradients): (&[Local], &[f64]),
        displacements: &[f64],
        d: usize,
    ) -> Result<Vec<f64>, AttackError> {
        let goal = sign(request);
        let mut rises: Vec<f64> = all
            .iter()
            .zip(displacements.chunks_exact(d.max(1)))
            .map(|(local, step)| match local {
                Local::Form(form) => {
                    let model = form.model();
                    goal * model.scale * model.change(step)
                }
                _ => f64::NAN,
            })
            .collect();
        let curved = Part::of(request, x, d, |i| matches!(all.get(i), Some(Local::Krylov(_))));
        if !curved.is_empty() {
            let steps = rows(displacements, &curved.positions, d);
            let own = rows(gradients, &curved.positions, d);
            let products = product(oracle, &curved.samples, &curved.labels, &steps)?;
            let each =
                steps.chunks_exact(d.max(1)).zip(own.chunks_exact(d.max(1))).zip(products.chunks_exact(d.max(1)));
            for (&i, ((step, g), h)) in curved.positions.iter().zip(each) {
                rises[i] = goal * (dot(g, step) + 0.5 * dot(h, step));
            }
        }
        Ok(rises)
    }
}

impl Attack for TrustRegion {
    fn run(
        &self,
        oracle: &dyn InputOracle,
        request: &AttackRequest<'_>,
        observe: &mut dyn FnMut(AttackStep<'_>) -> Control,
    ) -> Result<Vec<f64>, AttackError> {
        require(request.threat.norm, "trust-region", &[Norm::Linf, Norm::L2], "linf, l2")?;
        let d = request.check(oracle)?;
        let mut x = request.samples.to_vec();
        if request.labels.is_empty() {
            return Ok(x);
        }
        let flat = flat_outputs(oracle, request.samples, request.labels)?;
        let mut radii = vec![self.radius * request.epsilon; request.labels.len()];
        let mut here = standing(oracle, request, &x)?;
        for step in 1..=self.steps {
            let found = objective::gradient(oracle, &x, request.labels)?;
            let losses: Vec<f64> = here.iter().map(|s| s.1).collect();
            if observe(AttackStep { step, losses: &losses }) == Control::Stop {
                return Err(AttackError::Interrupted);
            }
            let all = locals(oracle, request, &x, &found.gradient, &flat, self.search)?;
            let moved = Self::steps_from(request, &x, &all, &radii, d);
            let there = standing(oracle, request, &moved)?;
            let rises = if step < self.steps {
                let displacements: Vec<f64> = moved.iter().zip(&x).map(|(a, b)| a - b).collect();
                Self::foretold(oracle, request, &x, (&all, &found.gradient), &displacements, d)?
            } else {
                Vec::new()
            };
            for (i, new) in there.into_iter().enumerate() {
                let old = here[i];
                if let Some(&rise) = rises.get(i) {
                    let ratio = (new.1 - old.1) / rise;
                    radii[i] *= match ratio {
                        // Both are nothing in f64: nothing was learned.
                        r if r.is_nan() => 1.0,
                        r if r > GOOD => 1.5,
                        r if r < POOR => 0.5,
                        _ => 1.0,
                    };
                    radii[i] = radii[i].min(2.0 * request.epsilon);
                }
                // In f64 the loss of a confident softmax may not move; then the model is believed.
                let rises_or_stays = new.1 > old.1 || (new.1 == old.1 && step == 1);
                if (new.0 && !old.0) || (new.0 == old.0 && rises_or_stays) {
                    row_mut(&mut x, i, d).copy_from_slice(moved.get(i * d..(i + 1) * d).unwrap_or_default());
                    here[i] = new;
                }
            }
        }
        Ok(x)
    }
}

const OPTIONS: &[OptionSpec] = &[
    OptionSpec { name: "steps", kind: OptionKind::Integer(1), default: "5", help: "number of steps" },
    OptionSpec {
        name: "radius",
        kind: OptionKind::Real,
        default: "1",
        help: "the first radius as a share of ε; it then follows how well the model foretells",
    },
    KRYLOV[0],
    KRYLOV[1],
];

fn make(options: &Options) -> Result<Box<dyn Attack>, OptionError> {
    options.check("trust-region", OPTIONS)?;
    Ok(Box::new(TrustRegion {
        steps: options.count("steps", 5, 1)?,
        radius: options.number("radius", 0.0)?.unwrap_or(1.0),
        search: Search::read(options)?,
    }))
}

hesse_core::submit! {
    AttackEntry {
        name: "trust-region",
        summary: "the best point of the quadratic model within an adaptive radius, exactly solved (linf, l2)",
        options: OPTIONS,
        license: "MIT OR Apache-2.0",
        make: &make,
    }
}
