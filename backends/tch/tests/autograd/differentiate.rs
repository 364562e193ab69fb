//! Loss, gradient and Hessian product of an interpreted network by double backward.

use crate::interpret::loss;
use crate::oracle::setting::Setting;
use tch::{Kind, Tensor};

/// What autograd knows.
pub struct Autograd {
    pub loss: f64,
    pub gradient: Vec<f64>,
    pub product: Vec<f64>,
}

pub fn host(t: &Tensor) -> Vec<f64> {
    Vec::try_from(t.to_kind(Kind::Double).contiguous().view([-1])).unwrap()
}

/// The gradient by `x`, to be differentiated again; zeros where the value does not depend on it.
fn gradient(value: &Tensor, x: &Tensor) -> Tensor {
    if !value.requires_grad() {
        return x.zeros_like();
    }
    let found = Tensor::run_backward(&[value], &[x], true, true).remove(0);
    if found.defined() { found } else { x.zeros_like() }
}

impl Autograd {
    /// Differentiates by the flat parameters, or by the samples.
    pub fn of(s: &Setting, by_samples: bool, v: &[f64]) -> Self {
        let parameters = Tensor::from_slice(&s.parameters).set_requires_grad(!by_samples);
        let samples = match &s.samples.entries {
            crate::oracle::value::Entries::Real(x) => Tensor::from_slice(x).set_requires_grad(by_samples),
            crate::oracle::value::Entries::Index(i) => {
                Tensor::from_slice(&i.iter().map(|&i| i64::from(i)).collect::<Vec<_>>())
            }
        };
        let total = loss(s, &parameters, &samples);
        let x = if by_samples { &samples } else { &parameters };
        let slope = gradient(&total, x);
        let along = (&slope * Tensor::from_slice(v)).sum(Kind::Double);
        let product = gradient(&along, x);
        Autograd { loss: total.double_value(&[]), gradient: host(&slope), product: host(&product) }
    }
}
