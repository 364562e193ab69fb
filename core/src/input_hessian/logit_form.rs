//! The closed form of a sample's Hessian on a piecewise-linear network under cross-entropy.
//!
//! H = Jᵀ(diag p − ppᵀ)J and g = Jᵀ(p − e_y), with J the C × D Jacobian of the logits. Computed as written, both are lost
//! as soon as a softmax is confident: 1 − p cancels, and all other p vanish. Nothing here cancels or vanishes:
//!
//! * Every class is compared with the class r that wins: B_k = J_k − J_r for k ≠ r. Its row space, of dimension at most
//!   C − 1 and independent of p, holds all of H and g; W is an orthonormal basis of it by pivoted Gram–Schmidt, B = L W.
//! * p_k = τ π_k for k ≠ r, with π = 1 for the runner-up; τ, which may be 1e-300, is a factor of H: H = τ ÂᵀÂ,
//!   Â_k = √π_k (B_k − (1 + √p_r) μ), μ = Σ π_k B_k / Σ π_k. That is the C × C form with its known null vector √p
//!   deflated by a reflection, worked out by hand. Its Gram matrix K = ÂÂᵀ gives the eigenvalues, each to many digits
//!   of its own.
//! * g = Σ_{k≠r} p_k B_k − B_y (B_r = 0).
//! * Where B has full rank C − 1, H⁺g is the shortest d that lowers the label's logit by 1/p_y against all others: B d
//!   is known, its direction does not depend on p at all, and p_y is left out.
//!
//! Source: the structure is that of Yao et al. 2018, Theorem 1 and Lemma 3; the forms are derived here, and tested
//! against dense Hessians.

use super::{QuadraticModel, add_scaled, dot, symmetric_eigen};
use crate::attack::Norm;

/// A row of B that lies within this share of the largest in the span of others adds no dimension: f32 Jacobians are not
/// exact beyond.
const INDEPENDENT: f64 = 1e-6;
/// Logits this far below the runner-up's count as this far: their probability is nothing beside it in any arithmetic.
const FARTHEST: f64 = -600.0;

/// H and g of one sample, in coordinates of the row space of its logit differences.
#[derive(Debug, Clone)]
pub struct LogitForm {
    dimension: usize,
    /// W: `rank × D`.
    basis: Vec<f64>,
    rank: usize,
    /// L: `(C − 1) × rank`, rows in the order of the classes without r.
    heights: Vec<f64>,
    /// Rows of L by which W was built; in this order L is lower triangular.
    pivots: Vec<usize>,
    /// π, by row.
    odds: Vec<f64>,
    /// 1 + √p_r.
    reflection: f64,
    /// τ.
    tau: f64,
    /// The row of the label; none where the label wins.
    label: Option<usize>,
}

impl LogitForm {
    /// The form of a sample with these logits (C), this label, and this Jacobian: row k is ∇z_k, D long. None where
    /// there are fewer than two classes, the label is none, or a number is not finite. Cost: O(C² D).
    pub fn new(logits: &[f64], label: u32, jacobian: &[&[f64]]) -> Option<Self> {
        let (classes, y) = (logits.len(), label as usize);
        let dimension = jacobian.first()?.len();
        let fits = classes >= 2 && y < classes && jacobian.len() == classes;
        let finite = |v: &[f64]| v.iter().all(|v| v.is_finite());
        if !fits || !finite(logits) || !jacobian.iter().all(|row| row.len() == dimension && finite(row)) {
            return None;
        }
        let r = (0..classes).fold(0, |best, k| if logits[k] > logits[best] { k } else { best });
        let others: Vec<usize> = (0..classes).filter(|k| *k != r).collect();
        let second = others.iter().map(|&k| logits[k]).fold(f64::NEG_INFINITY, f64::max);
        let odds: Vec<f64> = others.iter().map(|&k| (logits[k] - second).max(FARTHEST).exp()).collect();
        let rest: f64 = others.iter().map(|&k| (logits[k] - logits[r]).exp()).sum();
        let winner = 1.0 / (1.0 + rest);
        let differences: Vec<Vec<f64>> =
            others.iter().map(|&k| jacobian[k].iter().zip(jacobian[r]).map(|(a, b)| a - b).collect()).collect();
        let (basis, heights, pivots) = span(differences);
        Some(LogitForm {
            dimension,
            rank: pivots.len(),
            basis,
            heights,
            pivots,
            odds,
            reflection: 1.0 + winner.sqrt(),
            tau: (second - logits[r]).exp() * winner,
            label: others.iter().position(|&k| k == y),
        })
    }

    /// Rank of the logit differences: no more than min(C − 1, D), and that of H.
    pub fn rank(&self) -> usize {
        self.rank
    }

    fn height(&self, k: usize) -> &[f64] {
        self.heights.get(k * self.rank..(k + 1) * self.rank).unwrap_or_default()
    }

    /// μ in coordinates.
    fn mean(&self) -> Vec<f64> {
        let total: f64 = self.odds.iter().sum();
        let mut mean = vec![0.0; self.rank];
        for (k, odds) in self.odds.iter().enumerate() {
            add_scaled(&mut mean, odds / total, self.height(k));
        }
        mean
    }

    /// Â in coordinates, `(C − 1) × rank`.
    fn factor(&self) -> Vec<f64> {
        let mean = self.mean();
        let row = |k: usize| {
            let root = self.odds[k].sqrt();
            self.height(k).iter().zip(&mean).map(move |(h, m)| root * (h - self.reflection * m)).collect::<Vec<f64>>()
        };
        (0..self.odds.len()).flat_map(row).collect()
    }

    /// The C − 1 eigenvalues of H that may differ from zero, falling; all others are zero. Cost: O(C³).
    pub fn eigenvalues(&self) -> Vec<f64> {
        let (n, factor) = (self.odds.len(), self.factor());
        let row = |k: usize| factor.get(k * self.rank..(k + 1) * self.rank).unwrap_or_default();
        let gram: Vec<f64> = (0..n * n).map(|e| dot(row(e / n), row(e % n))).collect();
        // What is below zero is rounding of a matrix that has no such eigenvalue.
        symmetric_eigen(&gram, n).values.iter().map(|v| self.tau * v.max(0.0)).collect()
    }

    /// The trace of H.
    pub fn trace(&self) -> f64 {
        let factor = self.factor();
        self.tau * dot(&factor, &factor)
    }

    /// ÂᵀÂ in coordinates, `rank × rank`.
    fn matrix(&self) -> Vec<f64> {
        let (n, factor) = (self.rank, self.factor());
        let mut matrix = vec![0.0; n * n];
        for row in factor.chunks_exact(n.max(1)) {
            for (to, v) in matrix.chunks_exact_mut(n.max(1)).zip(row) {
                add_scaled(to, *v, row);
            }
        }
        matrix
    }

    /// g in coordinates: divided by τ where the label wins, as it is where another class does.
    fn slope(&self) -> Vec<f64> {
        let mut slope = self.mean();
        let total: f64 = self.odds.iter().sum();
        match self.label {
            None => slope.iter_mut().for_each(|v| *v *= total),
            Some(y) => {
                slope.iter_mut().for_each(|v| *v *= self.tau * total);
                add_scaled(&mut slope, -1.0, self.height(y));
            }
        }
        slope
    }

    fn lift(&self, coordinates: &[f64]) -> Vec<f64> {
        let mut v = vec![0.0; self.dimension];
        for (row, c) in self.basis.chunks_exact(self.dimension.max(1)).zip(coordinates) {
            add_scaled(&mut v, *c, row);
        }
        v
    }

    /// g, D long.
    pub fn gradient(&self) -> Vec<f64> {
        let scale = if self.label.is_none() { self.tau } else { 1.0 };
        let mut g = self.lift(&self.slope());
        g.iter_mut().for_each(|v| *v *= scale);
        g
    }

    /// H and g in H's own eigenvectors; exact, because neither has a part outside of them. Cost: O(C³ + C² D).
    pub fn model(&self) -> QuadraticModel {
        let (n, d) = (self.rank, self.dimension);
        let eigen = symmetric_eigen(&self.matrix(), n);
        let slope = self.slope();
        let (scale, factor) = if self.label.is_none() { (self.tau, 1.0) } else { (1.0, self.tau) };
        QuadraticModel {
            scale,
            values: eigen.values.iter().map(|v| factor * v.max(0.0)).collect(),
            slopes: (0..n).map(|i| dot(eigen.vector(i), &slope)).collect(),
            vectors: (0..n).flat_map(|i| self.lift(eigen.vector(i))).collect(),
            dimension: d,
        }
    }

    /// The direction of H⁺g, a positive multiple of it, D long and of any length. Where the logit differences are
    /// independent it does not depend on p, nor on the logits' scale; else it is that of the pseudo-inverse in f64.
    /// Zero where g is.
    pub fn newton_direction(&self) -> Vec<f64> {
        let coordinates =
            if self.rank == self.odds.len() { self.independent_solution() } else { self.damped_direction(0.0, true) };
        self.lift(&coordinates)
    }

    /// The direction of (H + δ λ₁ I)⁻¹g for δ > 0, D long; of H⁺g for δ = 0.
    pub fn damped_newton_direction(&self, damping: f64) -> Vec<f64> {
        if damping > 0.0 { self.lift(&self.damped_direction(damping, false)) } else { self.newton_direction() }
    }

    /// The shortest d with B_k d = −[k = y] + [r = y], in coordinates: forward substitution, L being triangular.
    fn independent_solution(&self) -> Vec<f64> {
        let wanted = |row: usize| match self.label {
            None => 1.0,
            Some(y) if y == row => -1.0,
            Some(_) => 0.0,
        };
        let mut x: Vec<f64> = Vec::with_capacity(self.rank);
        for (j, &row) in self.pivots.iter().enumerate() {
            let height = self.height(row);
            let pivot = height.get(j).copied().unwrap_or(1.0);
            x.push((wanted(row) - dot(&height[..j], &x)) / pivot);
        }
        x
    }

    /// Σ slope_i / (value_i + δ value_1) along the eigenvectors; with `cut`, values that are rounding are left out.
    fn damped_direction(&self, damping: f64, cut: bool) -> Vec<f64> {
        let (n, slope) = (self.rank, self.slope());
        let eigen = symmetric_eigen(&self.matrix(), n);
        let most = eigen.values.first().copied().unwrap_or(0.0);
        let mut x = vec![0.0; n];
        for (i, value) in eigen.values.iter().enumerate() {
            let below = value.max(0.0) + damping * most;
            if below > 0.0 && (!cut || *value > f64::EPSILON * n as f64 * most) {
                add_scaled(&mut x, dot(eigen.vector(i), &slope) / below, eigen.vector(i));
            }
        }
        x
    }
}

/// An orthonormal basis of the rows' span, the rows' coordinates in it, and the rows it was built from, by Gram–Schmidt
/// (twice) on the row of which most is left.
fn span(mut rows: Vec<Vec<f64>>) -> (Vec<f64>, Vec<f64>, Vec<usize>) {
    let n = rows.len();
    let original = rows.clone();
    let mut basis: Vec<Vec<f64>> = Vec::new();
    let mut pivots: Vec<usize> = Vec::new();
    let mut largest = 0.0;
    loop {
        let left = (0..n).filter(|k| !pivots.contains(k)).map(|k| (k, Norm::L2.of(&rows[k])));
        let Some((k, length)) = left.max_by(|a, b| a.1.total_cmp(&b.1)) else { break };
        if pivots.is_empty() {
            largest = length;
        }
        if !(length > INDEPENDENT * largest && length > 0.0) {
            break;
        }
        // Division by the largest entry first: lengths near the smallest numbers have no reciprocal.
        let mut q: Vec<f64> = rows[k].iter().map(|v| v / length).collect();
        for w in &basis {
            let along = dot(w, &q);
            add_scaled(&mut q, -along, w);
        }
        let again = Norm::L2.of(&q);
        q.iter_mut().for_each(|v| *v /= again);
        for row in &mut rows {
            let along = dot(&q, row);
            add_scaled(row, -along, &q);
        }
        pivots.push(k);
        basis.push(q);
    }
    let heights = original.iter().flat_map(|row| basis.iter().map(|q| dot(q, row)).collect::<Vec<f64>>()).collect();
    (basis.concat(), heights, pivots)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attack::{AttackLoss, losses};
    use crate::random::{Purpose, Stream};

    const C: usize = 10;

    struct Case {
        logits: Vec<f64>,
        label: u32,
        jacobian: Vec<Vec<f64>>,
    }

    fn case(d: usize, spread: f64, label: u32) -> Case {
        let mut s = Stream::new(7, Purpose::Probe, d as u64);
        let jacobian = (0..C).map(|_| (0..d).map(|_| s.normal()).collect()).collect();
        let logits = (0..C).map(|_| spread * s.normal()).collect();
        Case { logits, label, jacobian }
    }

    impl Case {
        fn form(&self) -> LogitForm {
            let rows: Vec<&[f64]> = self.jacobian.iter().map(Vec::as_slice).collect();
            LogitForm::new(&self.logits, self.label, &rows).unwrap()
        }
        fn winner(&self) -> u32 {
            losses::prediction(&self.logits).unwrap()
        }
        fn pulled(&self, u: &[f64]) -> Vec<f64> {
            let mut out = vec![0.0; self.jacobian[0].len()];
            self.jacobian.iter().zip(u).for_each(|(row, u)| add_scaled(&mut out, *u, row));
            out
        }
        fn product(&self, v: &[f64]) -> Vec<f64> {
            let moved: Vec<f64> = self.jacobian.iter().map(|row| dot(row, v)).collect();
            let mut u = vec![0.0; C];
            losses::curvature(AttackLoss::CrossEntropy, &self.logits, self.label, &moved, &mut u);
            self.pulled(&u)
        }
        fn gradient(&self) -> Vec<f64> {
            let mut u = vec![0.0; C];
            losses::gradient(AttackLoss::CrossEntropy, &self.logits, self.label, &mut u);
            self.pulled(&u)
        }
        fn dense(&self) -> Vec<f64> {
            let d = self.jacobian[0].len();
            let unit = |i: usize| (0..d).map(|j| if i == j { 1.0 } else { 0.0 }).collect::<Vec<f64>>();
            (0..d).flat_map(|i| self.product(&unit(i))).collect()
        }
        /// H⁺g by the dense eigenvalues.
        fn newton(&self) -> Vec<f64> {
            let d = self.jacobian[0].len();
            let eigen = symmetric_eigen(&self.dense(), d);
            let g = self.gradient();
            let mut x = vec![0.0; d];
            for i in 0..d.min(C - 1) {
                add_scaled(&mut x, dot(eigen.vector(i), &g) / eigen.values[i], eigen.vector(i));
            }
            x
        }
    }

    /// Distance of two directions.
    fn apart(a: &[f64], b: &[f64]) -> f64 {
        let unit = |v: &[f64]| {
            let length = Norm::L2.of(v);
            v.iter().map(move |x| x / length).collect::<Vec<f64>>()
        };
        unit(a).iter().zip(unit(b)).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
    }

    #[test]
    fn everything_is_what_the_dense_hessian_gives() {
        for (d, spread) in [(14, 1.0), (14, 3.0), (9, 1.0), (6, 1.0)] {
            for label in 0..C as u32 {
                let case = case(d, spread, label);
                let form = case.form();
                let dense = symmetric_eigen(&case.dense(), d);
                let values = form.eigenvalues();
                assert_eq!((values.len(), form.rank()), (C - 1, d.min(C - 1)));
                let most = dense.values[0];
                for (a, b) in values.iter().zip(&dense.values) {
                    assert!((a - b).abs() < 1e-13 * most, "{a} and {b}");
                }
                assert!((form.trace() / dense.values.iter().sum::<f64>() - 1.0).abs() < 1e-12);
                let (g, expected) = (form.gradient(), case.gradient());
                assert!(g.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-12 * Norm::L2.of(&expected)));
                let distance = apart(&form.newton_direction(), &case.newton());
                assert!(distance < 1e-9, "D {d}, spread {spread}, label {label}: {distance}");
                let model = form.model();
                let step: Vec<f64> = (0..d).map(|i| (i as f64).cos()).collect();
                let plain = dot(&expected, &step) + 0.5 * dot(&step, &case.product(&step));
                assert!((model.scale * model.change(&step) - plain).abs() < 1e-12 * plain.abs().max(most));
                for i in 0..model.values.len() {
                    let v = model.vector(i);
                    let mut residual = case.product(v);
                    add_scaled(&mut residual, -model.scale * model.values[i], v);
                    assert!(Norm::L2.of(&residual) < 1e-12 * most);
                }
            }
        }
    }

    #[test]
    fn damping_is_relative_to_the_largest_eigenvalue() {
        let case = case(14, 2.0, 3);
        let dense = symmetric_eigen(&case.dense(), 14);
        let g = case.gradient();
        let mut expected = vec![0.0; 14];
        for i in 0..14 {
            let c = dot(dense.vector(i), &g) / (dense.values[i] + 0.1 * dense.values[0]);
            add_scaled(&mut expected, c, dense.vector(i));
        }
        assert!(apart(&case.form().damped_newton_direction(0.1), &expected) < 1e-12);
    }

    #[test]
    fn the_direction_of_newtons_step_does_not_depend_on_the_scale_of_the_logits() {
        for label in 0..C as u32 {
            let plain = case(30, 1.0, label);
            let expected = plain.form().newton_direction();
            for factor in [10.0, 1e3, 1e6] {
                let hot = Case { logits: plain.logits.iter().map(|z| factor * z).collect(), ..case(30, 1.0, label) };
                assert!(apart(&hot.form().newton_direction(), &expected) < 1e-13, "{factor}");
            }
        }
    }

    #[test]
    fn a_confident_softmax_loses_nothing() {
        let mut case = case(12, 1.0, 0);
        case.label = case.winner();
        // Eigenvalues of e^{-200} times those of the odds, which are moderate.
        case.logits[case.label as usize] += 200.0;
        let values = case.form().eigenvalues();
        let mut near = Case { logits: case.logits.clone(), label: case.label, jacobian: case.jacobian.clone() };
        near.logits[case.label as usize] -= 160.0;
        for (a, b) in values.iter().zip(near.form().eigenvalues()) {
            assert!((a / b * 160f64.exp() - 1.0).abs() < 1e-9, "{a} and {b}");
        }
        // And where every probability but one is zero in f64, the model still has its shape.
        case.logits[case.label as usize] += 5000.0;
        let (far, near) = (case.form().model(), near.form().model());
        assert_eq!(far.scale, 0.0);
        assert!(far.values.iter().zip(&near.values).all(|(a, b)| (a / b - 1.0).abs() < 1e-9));
    }

    #[test]
    fn what_has_no_form_is_none() {
        let good = case(5, 1.0, 0);
        let rows: Vec<&[f64]> = good.jacobian.iter().map(Vec::as_slice).collect();
        assert!(LogitForm::new(&good.logits, C as u32, &rows).is_none());
        assert!(LogitForm::new(&[f64::NAN; C], 0, &rows).is_none());
        assert!(LogitForm::new(&[1.0], 0, &rows[..1]).is_none());
        let flat = [0.0; 5];
        let form = LogitForm::new(&good.logits, 0, &[&flat[..]; C]).unwrap();
        assert_eq!((form.rank(), form.newton_direction()), (0, vec![0.0; 5]));
        assert!(form.eigenvalues().iter().all(|v| *v == 0.0) && form.model().values.is_empty());
    }
}
