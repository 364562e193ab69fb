//! The Hessians of single samples: eval mode, in which samples do not see each other.

use super::options::SaddleFreeOptions;
use super::point::Point;
use crate::problem::Session;
use crate::spectrum::Event;
use crate::study::StudyError;
use hesse_core::attack::{AttackLoss, InputOracle, NetworkOracle, Norm, OracleError};
use hesse_core::eigen::Control;
use hesse_core::input_hessian::{Krylov, LanczosRequest, extremes};
use hesse_core::operator::batches;

/// Rounding of a product in f64, as a share of ‖H‖.
pub(super) const NOISE: f64 = 1e-13;

/// Checks every sample of a session; none where it was stopped.
pub(super) fn points(
    session: &Session,
    oracle: &NetworkOracle<'_>,
    options: &SaddleFreeOptions,
    observe: &mut dyn FnMut(Event),
    stop: &dyn Fn() -> bool,
) -> Result<Option<Vec<Point>>, StudyError> {
    let (data, first) = (session.dataset(), session.data_part().range[0]);
    let d: usize = oracle.shape().iter().product();
    let bound = oracle.classes().saturating_sub(1);
    let request = LanczosRequest {
        largest: 1,
        smallest: 1,
        // So small that a process ends only where its space is invariant, or its budget spent.
        tolerance: 1e-12,
        max_products: options.max_products,
        noise: NOISE,
        seed: options.seed,
    };
    let mut points = Vec::with_capacity(data.len());
    for range in batches(data.len(), options.measure_batch) {
        let done = range.start;
        let x: Vec<f64> = range.clone().flat_map(|i| data.image(i)).map(|v| f64::from(*v) / 255.0).collect();
        let labels = data.labels.get(range.clone()).unwrap_or_default().to_vec();
        let indices: Vec<usize> = range.clone().map(|i| first + i).collect();
        let found = oracle.loss_gradient(&x, &labels, AttackLoss::CrossEntropy)?;
        let mut product = |which: &[usize], v: &[f64]| -> Result<Vec<f64>, OracleError> {
            let row = |i: &usize| x.get(i * d..(i + 1) * d).unwrap_or_default();
            let samples: Vec<f64> = which.iter().flat_map(row).copied().collect();
            let labels: Vec<u32> = which.iter().filter_map(|&i| labels.get(i)).copied().collect();
            oracle.hessian_product(&samples, &labels, AttackLoss::CrossEntropy, v)
        };
        let mut follow = |products: usize| {
            observe(Event::Inputs { done, total: data.len(), products });
            if stop() { Control::Stop } else { Control::Continue }
        };
        let Some(spectra) = extremes(&mut product, &indices, d, &request, &mut follow)? else { return Ok(None) };
        let mut chains: Vec<Krylov> = found.gradient.chunks_exact(d).map(|g| Krylov::new(g, NOISE)).collect();
        let all: Vec<usize> = (0..chains.len()).collect();
        for step in 0..bound {
            let zero = vec![0.0; d];
            let v: Vec<f64> = chains.iter().flat_map(|c| c.direction().unwrap_or(&zero)).copied().collect();
            let products = product(&all, &v)?;
            chains.iter_mut().zip(products.chunks_exact(d)).for_each(|(c, row)| c.absorb(row.to_vec()));
            if follow(step) == Control::Stop {
                return Ok(None);
            }
        }
        for (i, spectrum) in spectra.iter().enumerate() {
            let norm = Norm::L2.of(found.gradient.get(i * d..(i + 1) * d).unwrap_or_default());
            points.push(Point::new((indices[i], found.losses[i], norm), spectrum, &chains[i], options));
        }
    }
    Ok(Some(points))
}
