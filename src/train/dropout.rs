//! Dropout masks, drawn on the host: one random stream for each step and sample.
//!
//! So a mask depends neither on the batch size nor on the device, and a resumed run draws what the undisturbed one
//! would have drawn. Entries are 0 or 1/(1 − rate), so that the mean of an activation stays.

use hesse_core::backend::HostTensor;
use hesse_core::graph::DropoutSite;
use hesse_core::random::{Purpose, Stream};

/// The masks of a batch, one tensor for each site; `indices` are the samples' numbers in file order.
pub(super) fn masks(sites: &[DropoutSite], seed: u64, step: u64, indices: &[usize]) -> Vec<HostTensor> {
    if sites.is_empty() {
        return Vec::new();
    }
    let mut streams: Vec<Stream> = indices
        .iter()
        // The high half is the step: see `Purpose::Dropout`.
        .map(|&index| Stream::new(seed, Purpose::Dropout, (step << 32) | (index as u64 & 0xffff_ffff)))
        .collect();
    sites
        .iter()
        .map(|site| {
            let each = site.shape.elements().at(1);
            let kept = 1.0 / (1.0 - site.rate);
            let draw = |s: &mut Stream| if s.uniform() < site.rate { 0.0 } else { kept };
            let entries = streams.iter_mut().flat_map(|s| (0..each).map(|_| draw(s)).collect::<Vec<_>>());
            HostTensor::Real(entries.collect())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use hesse_core::graph::{Dim, Shape};

    fn site(rate: f64, each: usize) -> DropoutSite {
        DropoutSite { rate, shape: Shape::new(vec![Dim::Batch(1), Dim::Fixed(each)]).unwrap() }
    }

    fn reals(tensor: &HostTensor) -> &[f64] {
        match tensor {
            HostTensor::Real(values) => values,
            _ => panic!("a mask is real"),
        }
    }

    #[test]
    fn a_samples_mask_does_not_depend_on_its_batch() {
        let sites = [site(0.5, 4), site(0.2, 3)];
        let (both, second) = (masks(&sites, 1, 9, &[5, 8]), masks(&sites, 1, 9, &[8]));
        assert_eq!(reals(&both[0])[4..], *reals(&second[0]));
        assert_eq!(reals(&both[1])[3..], *reals(&second[1]));
        assert_ne!(masks(&sites, 1, 10, &[8]), second);
    }

    #[test]
    fn a_mask_keeps_the_mean() {
        let mask = masks(&[site(0.25, 40_000)], 1, 0, &[0]);
        let mean = reals(&mask[0]).iter().sum::<f64>() / 40_000.0;
        assert!((mean - 1.0).abs() < 0.01 && reals(&mask[0]).contains(&0.0), "{mean}");
        assert!(masks(&[], 1, 0, &[0]).is_empty());
    }
}
