//! From faer's vectors to pairs with residuals of our own.

use faer::MatRef;
use hesse_core::eigen::{EigenPair, EigenRequest, EigenResult, EigenStatistics, SolverError, StopReason};
use hesse_core::operator::LinearOperator;
use hesse_core::vectors::norms;

/// Vectors of both ends.
pub struct Found {
    largest: Vec<Vec<f64>>,
    smallest: Vec<Vec<f64>>,
    dimension: usize,
}

impl Found {
    pub fn new(operator: &dyn LinearOperator) -> Result<Self, SolverError> {
        Ok(Found { largest: Vec::new(), smallest: Vec::new(), dimension: operator.dimension() })
    }

    /// Takes the vectors of one end in; where there are fewer than wanted, the rest was not found.
    pub fn add(&mut self, top: bool, count: usize, values: &[f64], vectors: MatRef<'_, f64>) {
        let mut order: Vec<usize> = (0..values.len().min(count)).collect();
        order.sort_by(|&a, &b| values[b].total_cmp(&values[a]));
        let to = if top { &mut self.largest } else { &mut self.smallest };
        for i in order {
            let mut v: Vec<f64> = vectors.col(i).iter().copied().collect();
            let length = v.iter().map(|x| x * x).sum::<f64>().sqrt();
            if length.is_finite() && length > 0.0 && v.len() == self.dimension {
                v.iter_mut().for_each(|x| *x /= length);
                to.push(v);
            }
        }
    }

    /// Takes both ends out of pairs in any order.
    pub fn add_ends(&mut self, request: &EigenRequest, values: &[f64], vectors: MatRef<'_, f64>) {
        let mut order: Vec<usize> = (0..values.len()).collect();
        order.sort_by(|&a, &b| values[b].total_cmp(&values[a]));
        let column = |i: usize| vectors.col(i).iter().copied().collect::<Vec<f64>>();
        let top = request.largest.min(order.len());
        let bottom = request.smallest.min(order.len() - top);
        self.largest.extend(order.iter().take(top).map(|&i| column(i)));
        self.smallest.extend(order.iter().rev().take(bottom).map(|&i| column(i)));
    }

    /// Rayleigh quotients and residuals by fresh products, one block for both ends.
    pub fn finish(
        self,
        operator: &dyn LinearOperator,
        request: &EigenRequest,
        mut reason: StopReason,
        products: usize,
    ) -> Result<EigenResult, SolverError> {
        let space = operator.space();
        let count = self.largest.len() + self.smallest.len();
        let mut v = space.zeros(count)?;
        for (column, vector) in self.largest.iter().chain(&self.smallest).enumerate() {
            space.write(&mut v, column, vector)?;
        }
        let mut r = space.zeros(count)?;
        let mut pairs = Vec::with_capacity(count);
        if count > 0 {
            operator.apply(v.all(), r.all_mut())?;
        }
        for column in 0..count {
            let value = space.gram(v.view(column..column + 1), r.view(column..column + 1))?[0];
            space.combine(r.view_mut(column..column + 1), 1.0, v.view(column..column + 1), &[-value])?;
            let residual = norms(space, r.view(column..column + 1))?[0];
            pairs.push(EigenPair { value, residual, converged: false, column });
        }
        let scale = pairs.iter().fold(0.0, |m: f64, p| m.max(p.value.abs()));
        for pair in &mut pairs {
            pair.residual = if pair.residual == 0.0 { 0.0 } else { pair.residual / scale };
            pair.converged = pair.residual <= request.tolerance;
        }
        let smallest = pairs.split_off(self.largest.len());
        let all = pairs.iter().chain(&smallest).filter(|p| p.converged).count();
        if reason == StopReason::Converged && all < request.largest + request.smallest {
            reason = StopReason::Stagnated;
        }
        let mut result = EigenResult {
            largest: pairs,
            smallest,
            vectors: v,
            reason,
            statistics: EigenStatistics { products: products + count, norm_estimate: scale, ..Default::default() },
            remarks: Vec::new(),
        };
        result.largest.sort_by(|a, b| b.value.total_cmp(&a.value));
        result.smallest.sort_by(|a, b| a.value.total_cmp(&b.value));
        Ok(result)
    }
}
