//! The leave-one-out values of XTrace, and a standard error that does not take them for independent.
//!
//! With Q = orth(AΩ), let Q₋ᵢ be the basis without probe i. Its value is eᵢ = tr Q₋ᵢᵀAQ₋ᵢ + the quadratic form of ωᵢ
//! projected away from Q₋ᵢ, and the estimate is their mean. Everything follows from q × q matrices, because
//! Q₋ᵢ = Q(I − sᵢsᵢᵀ) for the unit vector sᵢ that is orthogonal to every column of R but the i-th.
//!
//! **Standard error.** The variance of the mean is (V + (q − 1) C)/q with V = var eᵢ and C = cov(eᵢ, eⱼ), and the
//! deviation s² of the eᵢ estimates V − C; so it is s²/q + C, not s²/q. To estimate C, let f_{i,j} be the value of
//! probe i with a basis that lacks both i and j. Given the other probes, f_{i,j} depends on ωᵢ alone and f_{j,i} on ωⱼ
//! alone, and E[eᵢ | all but ωᵢ] = E[f_{i,j} | all but ωᵢ] = tr A. Therefore
//! E (eᵢ − f_{i,j})(eⱼ − f_{j,i}) = C: the mixed terms vanish, as each has a factor whose mean over one of the two
//! probes is tr A. The mean over all pairs is an estimate of C without bias, and costs no product. Epperly, Tropp and
//! Webber (2024) use s²/q, and say that it is a heuristic; on the spectra of the tests it is 15 to 30 % too small.

use crate::small::Small;

/// The small matrices of a sketch.
pub(crate) struct LeaveOut {
    /// Dimension of the space that probes live in; ‖ω‖² of each.
    pub dimension: f64,
    /// QᵀAQ, r × r.
    pub h: Small,
    /// QᵀΩ, r × q.
    pub w: Small,
    /// (AQ)ᵀΩ, r × q.
    pub t: Small,
    /// R, r × q.
    pub r: Small,
    /// Lost directions, r × q; all zero where nothing is lost.
    pub s: Small,
    /// r.
    pub rank: usize,
    /// Whether a probe less is a direction less.
    pub loses: bool,
}

/// The values and the covariance of two of them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Values {
    pub one: Vec<f64>,
    /// C; may be negative by chance.
    pub covariance: f64,
}

impl LeaveOut {
    /// c·x̃ᵀAx̃ from a form and ‖x‖², on a complement of this rank.
    fn sample(&self, form: f64, projected: f64, rank: usize) -> f64 {
        let free = self.dimension - rank as f64;
        let left = self.dimension - projected;
        // Nothing is left to sample where the basis spans the space.
        if free < 0.5 || left <= 64.0 * f64::EPSILON * self.dimension { 0.0 } else { free / left * form }
    }

    /// All leave-one-out values; the covariance where there are two probes at least.
    pub fn values(&self) -> Values {
        let q = self.w.entries().len() / self.rank.max(1);
        if self.rank == 0 {
            return Values { one: Vec::new(), covariance: 0.0 };
        }
        let trace = self.h.trace();
        let hw = self.h.symmetric_times(&self.w);
        let (wt, whw) = (self.w.transposed_times(&self.t), self.w.transposed_times(&hw));
        let (ww, wr) = (self.w.transposed_times(&self.w), self.w.transposed_times(&self.r));
        if !self.loses {
            let one = (0..q)
                .map(|i| {
                    let form = wr.at(i, i) - 2.0 * wt.at(i, i) + whw.at(i, i);
                    trace + self.sample(form, ww.at(i, i), self.rank)
                })
                .collect();
            return Values { one, covariance: 0.0 };
        }
        let shs = self.s.transposed_times(&self.h.symmetric_times(&self.s));
        let (ss, sw) = (self.s.transposed_times(&self.s), self.s.transposed_times(&self.w));
        let (st, shw) = (self.s.transposed_times(&self.t), self.s.transposed_times(&hw));

        let one: Vec<f64> = (0..q)
            .map(|i| {
                let a = sw.at(i, i);
                let form = wr.at(i, i) - 2.0 * (wt.at(i, i) - a * st.at(i, i)) + whw.at(i, i) - 2.0 * a * shw.at(i, i)
                    + a * a * shs.at(i, i);
                trace - shs.at(i, i) + self.sample(form, ww.at(i, i) - a * a, self.rank - 1)
            })
            .collect();
        // f(i, j): probe i, with a basis that lacks i and j.
        let without = |i: usize, j: usize| {
            let g = ss.at(i, j);
            let determinant = 1.0 - g * g;
            let (a, b) = ((sw.at(i, i) - g * sw.at(j, i)) / determinant, (sw.at(j, i) - g * sw.at(i, i)) / determinant);
            let (ii, jj, ij) = (shs.at(i, i), shs.at(j, j), shs.at(i, j));
            let lost = (ii - 2.0 * g * ij + jj) / determinant;
            let form = wr.at(i, i) - 2.0 * (wt.at(i, i) - a * st.at(i, i) - b * st.at(j, i)) + whw.at(i, i)
                - 2.0 * (a * shw.at(i, i) + b * shw.at(j, i))
                + a * a * ii
                + 2.0 * a * b * ij
                + b * b * jj;
            let projected = ww.at(i, i) - a * sw.at(i, i) - b * sw.at(j, i);
            trace - lost + self.sample(form, projected, self.rank - 2)
        };
        let (mut sum, mut pairs) = (0.0, 0usize);
        for i in 0..q {
            for j in 0..i {
                let g = ss.at(i, j);
                if 1.0 - g * g > 1e-12 {
                    sum += (one[i] - without(i, j)) * (one[j] - without(j, i));
                    pairs += 1;
                }
            }
        }
        Values { one, covariance: if pairs == 0 { 0.0 } else { sum / pairs as f64 } }
    }
}
