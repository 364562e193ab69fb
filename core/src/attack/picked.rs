//! Some of the samples of a request, as a request of their own.

use super::AttackRequest;

/// Copies of the rows at some positions.
pub struct Picked<'a> {
    base: AttackRequest<'a>,
    samples: Vec<f64>,
    labels: Vec<u32>,
    indices: Vec<usize>,
}

impl<'a> Picked<'a> {
    /// The samples at these positions, in this order; positions that do not exist are left out.
    pub fn new(request: &AttackRequest<'a>, positions: &[usize]) -> Self {
        let d = request.samples.len() / request.labels.len().max(1);
        let there = || positions.iter().filter(|i| **i < request.labels.len().min(request.indices.len()));
        Picked {
            base: *request,
            samples: there()
                .flat_map(|i| request.samples.get(i * d..(i + 1) * d).unwrap_or_default())
                .copied()
                .collect(),
            labels: there().map(|i| request.labels[*i]).collect(),
            indices: there().map(|i| request.indices[*i]).collect(),
        }
    }

    /// The request.
    pub fn request(&self) -> AttackRequest<'_> {
        AttackRequest { samples: &self.samples, labels: &self.labels, indices: &self.indices, ..self.base }
    }
}
