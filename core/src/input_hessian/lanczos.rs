//! The extreme eigenvalues of every sample's Hessian, by Lanczos processes that advance together.
//!
//! One batched product moves all processes on by a step. A sample that is done is left out as soon as half of those
//! that are asked for are done (another set of samples costs the primal part of the program again, so not at once).
//! When its wanted pairs have converged by their estimates, each is multiplied once more: value and residual that are
//! returned are those of the fresh product.
//!
//! A Krylov space sees an eigenvalue of higher multiplicity once. So where several pairs of an end are wanted and a basis
//! becomes invariant, the process goes on from another random vector, until that changes no wanted value.

use super::{Krylov, add_scaled, dot};
use crate::attack::Norm;
use crate::eigen::Control;
use crate::random::{Purpose, Stream};

/// What is wanted of each sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LanczosRequest {
    /// How many of the algebraically largest eigenvalues.
    pub largest: usize,
    /// How many of the algebraically smallest.
    pub smallest: usize,
    /// Bound on ‖Hv − λv‖ / |λ₁|, with λ₁ the sample's own eigenvalue of largest modulus.
    pub tolerance: f64,
    /// The most products for each sample, the last ones that check residuals included.
    pub max_products: usize,
    /// Relative error of a product; see [`Krylov::new`].
    pub noise: f64,
    /// Seed of the starting vectors.
    pub seed: u64,
}

/// One eigenvalue of one sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SamplePair {
    /// The Rayleigh quotient of the unit vector.
    pub value: f64,
    /// ‖Hv − λv‖ / |λ₁|, by a fresh product.
    pub residual: f64,
    /// Whether it is within the tolerance.
    pub converged: bool,
}

/// What was found of one sample.
#[derive(Debug, Clone, PartialEq)]
pub struct SampleSpectrum {
    /// Falling.
    pub largest: Vec<SamplePair>,
    /// Rising.
    pub smallest: Vec<SamplePair>,
    /// Eigenvectors of these, one after the other, each D long.
    pub vectors: Vec<f64>,
    /// Every Ritz value, falling.
    pub ritz: Vec<f64>,
    /// Whether the basis became invariant: then the Ritz values are all distinct eigenvalues of H.
    pub complete: bool,
    /// Products spent on this sample.
    pub products: usize,
}

impl SampleSpectrum {
    /// Ritz values of modulus above `share` of the largest. By interlacing H has at least as many such eigenvalues;
    /// where [`complete`](Self::complete), it has exactly these but for multiplicity.
    pub fn rank_above(&self, share: f64) -> usize {
        let most = Norm::Linf.of(&self.ritz);
        self.ritz.iter().filter(|v| v.abs() > share * most).count()
    }
}

struct Process {
    krylov: Krylov,
    draws: u64,
    /// The wanted values when the basis became invariant last.
    settled: Option<Vec<f64>>,
    /// Wanted Ritz pairs have converged, or nothing more can be done.
    done: bool,
    spent: usize,
}

/// Multiplies the operators at some positions, rising, with one row each.
pub type SomeProducts<'a, E> = dyn FnMut(&[usize], &[f64]) -> Result<Vec<f64>, E> + 'a;

/// The wanted eigenvalues of n operators of dimension d. `product(which, v)` multiplies the operators `which` (positions
/// below n, rising) with the rows of v; `indices` are the samples' positions in their data set, which random vectors
/// depend on; `observe` is told how many products each process has made, and may stop. Cost: products until the slowest
/// sample has converged; memory 8 n d bytes for each.
///
/// # Errors
/// Those of `product`, and none of its own; stopped, it returns none.
pub fn extremes<E>(
    product: &mut SomeProducts<'_, E>,
    indices: &[usize],
    dimension: usize,
    request: &LanczosRequest,
    observe: &mut dyn FnMut(usize) -> Control,
) -> Result<Option<Vec<SampleSpectrum>>, E> {
    let request = LanczosRequest {
        largest: request.largest.min(dimension),
        smallest: request.smallest.min(dimension),
        ..*request
    };
    let mut all: Vec<Process> = indices
        .iter()
        .map(|&index| {
            let krylov = Krylov::new(&draw(request.seed, index, 0, dimension), request.noise);
            Process { krylov, draws: 1, settled: None, done: dimension == 0, spent: 0 }
        })
        .collect();
    let checks = request.largest + request.smallest;
    let budget = request.max_products.saturating_sub(checks).max(1);
    let mut asked: Vec<usize> = (0..all.len()).collect();
    let mut steps = 0;
    loop {
        let going = asked.iter().filter(|&&i| !all[i].done).count();
        if going == 0 {
            break;
        }
        if 2 * going <= asked.len() {
            asked.retain(|&i| !all[i].done);
        }
        let mut directions = Vec::with_capacity(asked.len() * dimension);
        for &i in &asked {
            match all[i].krylov.direction() {
                Some(q) => directions.extend_from_slice(q),
                None => directions.resize(directions.len() + dimension, 0.0),
            }
        }
        let products = product(&asked, &directions)?;
        steps += 1;
        for (&i, row) in asked.iter().zip(products.chunks_exact(dimension.max(1))) {
            let process = &mut all[i];
            process.spent += 1;
            if process.done {
                continue;
            }
            process.krylov.absorb(row.to_vec());
            process.settle(&request, budget, indices[i], dimension);
        }
        if observe(steps) == Control::Stop {
            return Ok(None);
        }
    }
    let mut found: Vec<Found> = all.iter().map(|p| Found::of(p, &request)).collect();
    let everyone: Vec<usize> = (0..all.len()).collect();
    for k in 0..found.iter().map(|f| f.vectors.len()).max().unwrap_or(0) {
        let zero = vec![0.0; dimension];
        let rows: Vec<f64> = found.iter().flat_map(|f| f.vectors.get(k).unwrap_or(&zero)).copied().collect();
        let products = product(&everyone, &rows)?;
        for (f, row) in found.iter_mut().zip(products.chunks_exact(dimension.max(1))) {
            f.check(k, row);
        }
        steps += 1;
        if observe(steps) == Control::Stop {
            return Ok(None);
        }
    }
    Ok(Some(found.into_iter().zip(&all).map(|(f, p)| f.finish(p.spent, &request)).collect()))
}

/// A random vector of one sample.
fn draw(seed: u64, index: usize, number: u64, dimension: usize) -> Vec<f64> {
    // A seed for each draw, so that draws of one sample do not collide with those of another.
    let seed = if number == 0 { seed } else { Stream::new(seed, Purpose::Restart, number).bits() };
    let mut stream = Stream::new(seed, Purpose::StartVector, index as u64);
    (0..dimension).map(|_| stream.normal()).collect()
}

impl Process {
    /// Decides whether this process is done, and gives it another vector where it must go on from an invariant basis.
    fn settle(&mut self, request: &LanczosRequest, budget: usize, index: usize, dimension: usize) {
        let (m, wanted) = (self.krylov.len(), request.largest + request.smallest);
        if self.krylov.direction().is_none() {
            // Invariant, or the whole space, or not finite.
            let single = request.largest <= 1 && request.smallest <= 1;
            let enough = m >= budget || (m >= wanted && (single || self.is_settled(request)));
            self.done = enough || {
                let fresh = draw(request.seed, index, self.draws, dimension);
                self.draws += 1;
                !self.krylov.continue_with(&fresh)
            };
            return;
        }
        if m >= budget {
            self.done = true;
            return;
        }
        // A check costs O(m²): at every step while that is little, then less often.
        if m < wanted || (m > 16 && !m.is_multiple_of(4)) {
            return;
        }
        let mut values = self.krylov.ritz_values();
        values.sort_by(|a, b| b.0.total_cmp(&a.0));
        let most = values.iter().map(|v| v.0.abs()).fold(0.0, f64::max);
        let settled = |v: &(f64, f64)| v.1 <= 0.3 * request.tolerance * most;
        let ends = values.iter().take(request.largest).chain(values.iter().rev().take(request.smallest));
        // One step more than pairs wanted, so that a start that happens to lie among them is not taken for the end.
        self.done = m > wanted && ends.clone().all(settled);
    }

    /// Whether the wanted values are those of the last time, which they become.
    fn is_settled(&mut self, request: &LanczosRequest) -> bool {
        let mut values: Vec<f64> = self.krylov.ritz_values().iter().map(|v| v.0).collect();
        values.sort_by(|a, b| b.total_cmp(a));
        let most = Norm::Linf.of(&values);
        let wanted: Vec<f64> =
            values.iter().take(request.largest).chain(values.iter().rev().take(request.smallest)).copied().collect();
        let close = |(a, b): (&f64, &f64)| (a - b).abs() <= request.tolerance * most;
        let same = self.settled.as_ref().is_some_and(|old| old.iter().zip(&wanted).all(close));
        self.settled = Some(wanted);
        same
    }
}

/// Wanted pairs of one sample.
struct Found {
    ritz: Vec<f64>,
    complete: bool,
    largest: usize,
    vectors: Vec<Vec<f64>>,
    /// Rayleigh quotient and residual length of each.
    checked: Vec<(f64, f64)>,
}

impl Found {
    fn of(process: &Process, request: &LanczosRequest) -> Self {
        let krylov = &process.krylov;
        let (ritz, coefficients) = krylov.ritz();
        let m = ritz.len();
        let (largest, smallest) = (request.largest.min(m), request.smallest.min(m));
        let wanted = (0..largest).chain((0..smallest).map(|k| m - 1 - k));
        let vector = |k: usize| {
            let mut v = krylov.combine(coefficients.get(k * m..(k + 1) * m).unwrap_or_default());
            let length = Norm::L2.of(&v);
            v.iter_mut().for_each(|x| *x /= length);
            v
        };
        let complete = krylov.direction().is_none() && ritz.iter().all(|v| v.is_finite());
        Found { vectors: wanted.map(vector).collect(), ritz, complete, largest, checked: Vec::new() }
    }

    fn check(&mut self, k: usize, product: &[f64]) {
        let Some(v) = self.vectors.get(k) else { return };
        let value = dot(v, product);
        let mut residual = product.to_vec();
        add_scaled(&mut residual, -value, v);
        self.checked.push((value, Norm::L2.of(&residual)));
    }

    fn finish(self, spent: usize, request: &LanczosRequest) -> SampleSpectrum {
        let most = self.ritz.iter().chain(self.checked.iter().map(|c| &c.0)).fold(0.0, |m: f64, v| m.max(v.abs()));
        let pair = |&(value, length): &(f64, f64)| {
            // A zero operator has every vector as an eigenvector.
            let residual = if most > 0.0 { length / most } else { length };
            SamplePair { value, residual, converged: residual <= request.tolerance }
        };
        let (largest, smallest) = self.checked.split_at(self.largest.min(self.checked.len()));
        let mut largest: Vec<SamplePair> = largest.iter().map(pair).collect();
        let mut smallest: Vec<SamplePair> = smallest.iter().map(pair).collect();
        let products = spent + self.checked.len();
        let mut order: Vec<usize> = (0..self.checked.len()).collect();
        let split = self.largest.min(self.checked.len());
        order[..split].sort_by(|&a, &b| self.checked[b].0.total_cmp(&self.checked[a].0));
        order[split..].sort_by(|&a, &b| self.checked[a].0.total_cmp(&self.checked[b].0));
        largest.sort_by(|a, b| b.value.total_cmp(&a.value));
        smallest.sort_by(|a, b| a.value.total_cmp(&b.value));
        let vectors = order.iter().flat_map(|&k| self.vectors[k].clone()).collect();
        SampleSpectrum { largest, smallest, vectors, ritz: self.ritz, complete: self.complete, products }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    /// Diagonal operators, turned by a reflection so that no unit vector is an eigenvector.
    fn planted(spectra: &[Vec<f64>]) -> impl FnMut(&[usize], &[f64]) -> Result<Vec<f64>, Infallible> + '_ {
        |which, v| {
            let d = spectra[0].len();
            let reflect = |x: &mut [f64]| {
                let mean = 2.0 * x.iter().sum::<f64>() / d as f64;
                x.iter_mut().for_each(|x| *x -= mean);
            };
            let mut out = v.to_vec();
            for (row, &i) in out.chunks_mut(d).zip(which) {
                reflect(row);
                row.iter_mut().zip(&spectra[i]).for_each(|(x, s)| *x *= s);
                reflect(row);
            }
            Ok(out)
        }
    }

    fn request(largest: usize, smallest: usize, tolerance: f64) -> LanczosRequest {
        LanczosRequest { largest, smallest, tolerance, max_products: 200, noise: 1e-14, seed: 1 }
    }

    fn run(spectra: &[Vec<f64>], request: &LanczosRequest) -> Vec<SampleSpectrum> {
        let indices: Vec<usize> = (0..spectra.len()).collect();
        let found = extremes(&mut planted(spectra), &indices, spectra[0].len(), request, &mut |_| Control::Continue);
        found.unwrap().unwrap()
    }

    #[test]
    fn both_ends_of_every_sample_are_found_whatever_its_scale() {
        let spectrum = |scale: f64| (0..60).map(|i| scale * ((f64::from(i) * 0.7).sin() * 5.0 + 1.0)).collect();
        let spectra: Vec<Vec<f64>> = [1e-8, 1.0, 1e8, 1e-200].map(spectrum).to_vec();
        for (found, planted) in run(&spectra, &request(3, 2, 1e-9)).iter().zip(&spectra) {
            let mut sorted = planted.clone();
            sorted.sort_by(|a, b| b.total_cmp(a));
            let most = sorted[0].abs().max(sorted[59].abs());
            for (pair, expected) in found.largest.iter().zip(&sorted) {
                assert!(pair.converged && (pair.value - expected).abs() < 1e-12 * most, "{pair:?} {expected}");
            }
            for (pair, expected) in found.smallest.iter().zip(sorted.iter().rev()) {
                assert!(pair.converged && (pair.value - expected).abs() < 1e-12 * most, "{pair:?} {expected}");
            }
            assert_eq!((found.largest.len(), found.smallest.len(), found.vectors.len()), (3, 2, 300));
        }
    }

    #[test]
    fn an_operator_of_low_rank_ends_the_basis_after_one_step_more() {
        let spectra = vec![(0..40).map(|i| if i < 7 { 1.0 + f64::from(i) } else { 0.0 }).collect::<Vec<f64>>()];
        let found = &run(&spectra, &LanczosRequest { tolerance: 1e-12, ..request(1, 1, 0.0) })[0];
        assert!(found.complete && found.ritz.len() == 8 && found.rank_above(1e-12) == 7, "{found:?}");
        assert!(found.smallest[0].value.abs() < 1e-14);
        // Seven zeros more than one are wanted: the multiplicity is found by fresh vectors.
        let found = &run(&spectra, &request(1, 5, 1e-12))[0];
        assert!(found.smallest.iter().all(|p| p.converged && p.value.abs() < 1e-13), "{found:?}");
    }

    #[test]
    fn zero_operators_and_short_budgets_are_reported_as_they_are() {
        let spectra = vec![vec![0.0; 5], vec![1.0, 2.0, 3.0, 4.0, 5.0]];
        let found = run(&spectra, &LanczosRequest { max_products: 3, ..request(1, 1, 1e-12) });
        assert_eq!((found[0].largest[0].value, found[0].largest[0].converged), (0.0, true));
        assert!(!found[1].largest[0].converged && found[1].largest[0].value <= 5.0);
        assert!(found[1].products <= 3, "{}", found[1].products);
        // All of a small space.
        let found = run(&spectra, &request(5, 0, 1e-10));
        let values: Vec<f64> = found[1].largest.iter().map(|p| p.value).collect();
        assert!(values.iter().zip([5.0, 4.0, 3.0, 2.0, 1.0]).all(|(a, b)| (a - b).abs() < 1e-12), "{values:?}");
    }

    #[test]
    fn a_samples_result_does_not_depend_on_its_neighbours() {
        let spectra: Vec<Vec<f64>> =
            (0..5).map(|k| (0..30).map(|i| (f64::from(i * k) * 0.3).cos() + f64::from(k)).collect()).collect();
        let together = run(&spectra, &request(2, 1, 1e-6));
        for k in 0..5 {
            let mut one = planted(&spectra[k..=k]);
            let alone = extremes(&mut one, &[k], 30, &request(2, 1, 1e-6), &mut |_| Control::Continue);
            let mut alone = alone.unwrap().unwrap();
            alone[0].products = together[k].products;
            assert_eq!(alone[0], together[k]);
        }
    }

    #[test]
    fn a_process_can_be_stopped() {
        let spectra = vec![vec![1.0, 2.0, 3.0]];
        let found = extremes(&mut planted(&spectra), &[0], 3, &request(1, 0, 1e-9), &mut |_| Control::Stop);
        assert!(found.unwrap().is_none());
    }
}
