//! A quadratic loss, whose trust-region problem is solved by whoever satisfies the conditions of optimality.

use crate::{length, propose_for};
use hesse_core::attack::{AttackLoss, AttackRequest, Goal, InputOracle, LossGradient, Norm, OracleError, ThreatModel};
use hesse_core::input_hessian::{dot, symmetric_eigen};
use hesse_core::random::{Purpose, Stream};

/// L(x) = shift + bᵀx + ½ xᵀQx, told as the cross-entropy of two logits (0, t) at label 0: log(1 + eᵗ) = L.
struct Quadratic {
    q: Vec<f64>,
    b: Vec<f64>,
    shape: Vec<usize>,
    shift: f64,
}

impl Quadratic {
    /// An indefinite one; with `hard`, b is orthogonal to the top eigenvector.
    fn new(d: usize, hard: bool) -> Self {
        let mut s = Stream::new(8, Purpose::Probe, d as u64);
        let mut q = vec![0.0; d * d];
        for i in 0..d {
            for j in i..d {
                q[i * d + j] = s.normal();
                q[j * d + i] = q[i * d + j];
            }
        }
        let mut b: Vec<f64> = (0..d).map(|_| 0.3 * s.normal()).collect();
        if hard {
            let eigen = symmetric_eigen(&q, d);
            let along = dot(&b, eigen.vector(0));
            b.iter_mut().zip(eigen.vector(0)).for_each(|(b, v)| *b -= along * v);
        }
        Quadratic { q, b, shape: vec![d], shift: 30.0 }
    }
    fn multiply(&self, v: &[f64]) -> Vec<f64> {
        let d = self.b.len();
        v.chunks(d).flat_map(|v| self.q.chunks(d).map(|row| dot(row, v)).collect::<Vec<f64>>()).collect()
    }
    fn loss(&self, x: &[f64]) -> f64 {
        self.shift + dot(&self.b, x) + 0.5 * dot(x, &self.multiply(x))
    }
}

impl InputOracle for Quadratic {
    fn shape(&self) -> &[usize] {
        &self.shape
    }
    fn classes(&self) -> usize {
        2
    }
    fn logits(&self, samples: &[f64]) -> Result<Vec<f64>, OracleError> {
        // log(e^L − 1) = L + log(1 − e^{−L}).
        let t = |x: &[f64]| self.loss(x) + (-(-self.loss(x)).exp()).ln_1p();
        Ok(samples.chunks(self.b.len()).flat_map(|x| [0.0, t(x)]).collect())
    }
    fn loss_gradient(&self, samples: &[f64], _: &[u32], _: AttackLoss) -> Result<LossGradient, OracleError> {
        let d = self.b.len();
        let mut gradient = self.multiply(samples);
        gradient.chunks_mut(d).for_each(|g| g.iter_mut().zip(&self.b).for_each(|(g, b)| *g += b));
        Ok(LossGradient { losses: samples.chunks(d).map(|x| self.loss(x)).collect(), gradient })
    }
    fn hessian_product(&self, _: &[f64], _: &[u32], _: AttackLoss, v: &[f64]) -> Result<Vec<f64>, OracleError> {
        Ok(self.multiply(v))
    }
    fn jacobian_product(&self, _: &[f64], v: &[f64]) -> Result<Vec<f64>, OracleError> {
        Ok(vec![0.0; 2 * v.len() / self.b.len()])
    }
    fn transposed_jacobian_product(&self, samples: &[f64], _: &[f64]) -> Result<Vec<f64>, OracleError> {
        Ok(vec![0.0; samples.len()])
    }
}

fn ask(oracle: &Quadratic, x: &[f64], epsilon: f64, name: &str, goal: Goal) -> Vec<f64> {
    let threat = ThreatModel { norm: Norm::L2, lower: -1e6, upper: 1e6 };
    let n = x.len() / oracle.b.len();
    let (labels, indices) = (vec![0; n], (0..n).collect::<Vec<usize>>());
    let request = AttackRequest { samples: x, labels: &labels, goal, threat, epsilon, indices: &indices, seed: 1 };
    propose_for(oracle, &request, name)
}

#[test]
fn the_step_satisfies_the_conditions_of_the_global_maximum() {
    for (d, hard) in [(12, false), (12, true), (3, true), (30, false)] {
        let oracle = Quadratic::new(d, hard);
        let top = symmetric_eigen(&oracle.q, d).values[0];
        let points: Vec<f64> = (0..4 * d).map(|i| if hard { 0.0 } else { 0.1 * (i as f64).sin() }).collect();
        for epsilon in [0.02, 0.7, 2.0] {
            let name = format!("trust-region:steps=1,krylov={d}");
            let moved = ask(&oracle, &points, epsilon, &name, Goal::Untargeted);
            let g = oracle.loss_gradient(&points, &[], AttackLoss::CrossEntropy).unwrap().gradient;
            for ((x, y), g) in points.chunks(d).zip(moved.chunks(d)).zip(g.chunks(d)) {
                let step: Vec<f64> = y.iter().zip(x).map(|(y, x)| y - x).collect();
                let product = oracle.multiply(&step);
                let mu = (dot(&step, &product) + dot(&step, g)) / dot(&step, &step);
                // (H − μI) d = −g with μ ≥ λ_max and μ (‖d‖ − ε) = 0 is sufficient.
                let residual: Vec<f64> = (0..d).map(|i| product[i] - mu * step[i] + g[i]).collect();
                let scale = length(g) + top * epsilon;
                assert!(length(&residual) < 1e-8 * scale, "D {d}, hard {hard}, ε {epsilon}: {}", length(&residual));
                assert!(mu >= top * (1.0 - 1e-8), "D {d}, hard {hard}, ε {epsilon}: μ {mu} below {top}");
                assert!((length(&step) / epsilon - 1.0).abs() < 1e-8);
            }
        }
    }
}

#[test]
fn towards_a_target_the_loss_is_lowered_as_far_as_it_goes() {
    let d = 10;
    let mut oracle = Quadratic::new(d, false);
    // Positive definite: the minimum lies inside a large ball.
    for i in 0..d {
        oracle.q[i * d + i] += 12.0;
    }
    let x = vec![0.2; d];
    let name = format!("trust-region:steps=1,krylov={d}");
    let moved = ask(&oracle, &x, 50.0, &name, Goal::Targeted);
    let g = oracle.loss_gradient(&moved, &[0], AttackLoss::CrossEntropy).unwrap().gradient;
    assert!(length(&g) < 1e-9, "the gradient at the minimum is {}", length(&g));
}

#[test]
fn a_few_dimensions_come_close_and_more_steps_never_lower_the_loss() {
    let d = 60;
    let oracle = Quadratic::new(d, false);
    let x: Vec<f64> = (0..d).map(|i| 0.1 * (i as f64).cos()).collect();
    let rise = |name: &str| oracle.loss(&ask(&oracle, &x, 0.8, name, Goal::Untargeted)) - oracle.loss(&x);
    let exact = rise("trust-region:steps=1,krylov=60");
    let few = rise("trust-region:steps=1,krylov=20,random=4");
    assert!(few <= exact * (1.0 + 1e-9) && few > 0.99 * exact, "{few} and {exact}");
    // Small radii reach the same by several steps; the model is exact, so the radius grows.
    let mut last = 0.0;
    for steps in [1, 2, 4, 8, 40] {
        let now = rise(&format!("trust-region:steps={steps},radius=0.1"));
        assert!(now >= last, "{steps} steps: {now} after {last}");
        last = now;
    }
    assert!(last > 0.95 * exact, "{last} and {exact}");
}
