//! Conjugate gradients on H d = g for all samples of a batch at once: the paper's inexact Newton step.
//!
//! From d = 0, so that on a Hessian of low rank d stays in its range and ends as H⁺g, after at most C − 1 steps on a
//! piecewise-linear network. A sample ends on its own: by its relative residual, by its iterations, or where the
//! curvature along a direction is not positive.
//!
//! Sources: Hestenes and Stiefel 1952; Dembo and Steihaug, *Truncated-Newton algorithms*, Math. Program. 26 (1983) 190
//! (what is returned where the first curvature is not positive: the gradient).

use hesse_core::attack::Norm;
use hesse_core::input_hessian::{add_scaled, dot};

/// What happens where the curvature along a direction is negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Indefinite {
    /// The last point is the result: truncated Newton.
    Stop,
    /// The iteration goes on; on an indefinite Hessian it converges, if it does, to H⁻¹g.
    Continue,
}

/// How the system is solved.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Conjugate {
    /// Bound on ‖Hd − g‖/‖g‖.
    pub tolerance: f64,
    /// The most iterations, each one product.
    pub iterations: usize,
    /// δ I is added to H, δ being this share of the curvature along g, gᵀHg/gᵀg.
    pub damping: f64,
    /// What happens at negative curvature.
    pub indefinite: Indefinite,
}

/// What was found for one sample.
#[derive(Debug, Clone, PartialEq)]
pub struct Solution {
    /// d for the gradient at unit length: its direction is what counts.
    pub direction: Vec<f64>,
    /// Products that went into it.
    pub iterations: usize,
    /// ‖Hd − g‖/‖g‖ by the recurrence.
    pub residual: f64,
}

struct State {
    solution: Solution,
    residual: Vec<f64>,
    search: Vec<f64>,
    /// ‖residual‖².
    square: f64,
    damping: f64,
    done: bool,
}

impl State {
    fn new(gradient: &[f64]) -> Self {
        let length = Norm::L2.of(gradient);
        // A unit right-hand side: squares of the gradients of a confident softmax vanish.
        let usable = length > 0.0 && length.is_finite();
        let unit: Vec<f64> = gradient.iter().map(|g| if usable { g / length } else { 0.0 }).collect();
        State {
            solution: Solution { direction: vec![0.0; unit.len()], iterations: 0, residual: 1.0 },
            residual: unit.clone(),
            search: unit,
            square: 1.0,
            damping: 0.0,
            done: !usable,
        }
    }

    fn step(&mut self, options: &Conjugate, mut product: Vec<f64>) {
        let first = self.solution.iterations == 0;
        if first {
            self.damping = options.damping * dot(&self.search, &product).max(0.0);
        }
        add_scaled(&mut product, self.damping, &self.search);
        let curvature = dot(&self.search, &product);
        let usable = match options.indefinite {
            Indefinite::Stop => curvature > 0.0,
            Indefinite::Continue => curvature != 0.0,
        };
        let along = self.square / curvature;
        if !usable || !along.is_finite() {
            self.done = true;
            if first {
                self.solution.direction.copy_from_slice(&self.search);
            }
            return;
        }
        add_scaled(&mut self.solution.direction, along, &self.search);
        add_scaled(&mut self.residual, -along, &product);
        let square = dot(&self.residual, &self.residual);
        self.solution.iterations += 1;
        self.solution.residual = square.sqrt();
        let again = square / self.square;
        self.square = square;
        self.search.iter_mut().zip(&self.residual).for_each(|(p, r)| *p = r + again * *p);
        self.done = self.solution.residual.is_nan()
            || self.solution.residual <= options.tolerance
            || self.solution.iterations >= options.iterations;
    }
}

/// Multiplies all N matrices with one row each, `N × D`.
pub type AllProducts<'a, E> = dyn FnMut(&[f64]) -> Result<Vec<f64>, E> + 'a;

/// Solves H_i d_i = g_i for the N samples of which `gradients` holds the right-hand sides, `N × D`. `product(v)`
/// multiplies all of them. A gradient of zero gives zero; where the first curvature is not positive the direction is the
/// gradient's own. Cost: products until the slowest sample ends.
///
/// # Errors
/// Those of `product`.
pub fn conjugate_gradients<E>(
    product: &mut AllProducts<'_, E>,
    gradients: &[f64],
    dimension: usize,
    options: &Conjugate,
) -> Result<Vec<Solution>, E> {
    let mut states: Vec<State> = gradients.chunks_exact(dimension.max(1)).map(State::new).collect();
    for _ in 0..options.iterations {
        if states.iter().all(|s| s.done) {
            break;
        }
        let directions: Vec<f64> = states.iter().flat_map(|s| &s.search).copied().collect();
        let products = product(&directions)?;
        let rows = states.iter_mut().zip(products.chunks_exact(dimension.max(1)));
        rows.filter(|(s, _)| !s.done).for_each(|(state, row)| state.step(options, row.to_vec()));
    }
    Ok(states.into_iter().map(|s| s.solution).collect())
}
