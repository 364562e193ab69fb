//! Oracles on the host: a linear classifier, whose attacks have closed forms, and broken ones.

use hesse_core::attack::{
    Attack, AttackError, AttackLoss, AttackRequest, AttackStep, InputOracle, LossGradient, OracleError, losses,
};
use hesse_core::eigen::Control;
use hesse_core::random::{Purpose, Stream};
use std::sync::Mutex;

/// z = W x + b; `scale` multiplies the gradients it reports, so that 0 and NaN break it.
pub struct Linear {
    pub w: Vec<Vec<f64>>,
    pub b: Vec<f64>,
    pub gradient_scale: f64,
    pub shape: Vec<usize>,
}

impl Linear {
    pub fn new(w: Vec<Vec<f64>>, b: Vec<f64>) -> Self {
        let shape = vec![w[0].len()];
        Linear { w, b, gradient_scale: 1.0, shape }
    }
}

impl InputOracle for Linear {
    fn shape(&self) -> &[usize] {
        &self.shape
    }
    fn classes(&self) -> usize {
        self.b.len()
    }
    fn logits(&self, samples: &[f64]) -> Result<Vec<f64>, OracleError> {
        let dot = |w: &Vec<f64>, x: &[f64]| w.iter().zip(x).map(|(w, x)| w * x).sum::<f64>();
        let rows = samples.chunks_exact(self.shape[0]);
        Ok(rows.flat_map(|x| self.w.iter().zip(&self.b).map(|(w, b)| dot(w, x) + b).collect::<Vec<_>>()).collect())
    }
    fn loss_gradient(&self, samples: &[f64], labels: &[u32], loss: AttackLoss) -> Result<LossGradient, OracleError> {
        let z = self.logits(samples)?;
        let mut u = vec![0.0; z.len()];
        let c = self.classes();
        let rows = u.chunks_exact_mut(c).zip(z.chunks_exact(c)).zip(labels);
        rows.for_each(|((u, z), y)| losses::gradient(loss, z, *y, u));
        Ok(LossGradient {
            losses: z.chunks_exact(c).zip(labels).map(|(z, y)| losses::value(loss, z, *y)).collect(),
            gradient: self.transposed_jacobian_product(samples, &u)?,
        })
    }
    fn hessian_product(
        &self,
        samples: &[f64],
        labels: &[u32],
        loss: AttackLoss,
        v: &[f64],
    ) -> Result<Vec<f64>, OracleError> {
        let (z, w) = (self.logits(samples)?, self.jacobian_product(samples, v)?);
        let mut u = vec![0.0; z.len()];
        let c = self.classes();
        let rows = u.chunks_exact_mut(c).zip(z.chunks_exact(c)).zip(w.chunks_exact(c)).zip(labels);
        rows.for_each(|(((u, z), w), y)| losses::curvature(loss, z, *y, w, u));
        self.transposed_jacobian_product(samples, &u)
    }
    fn jacobian_product(&self, _: &[f64], v: &[f64]) -> Result<Vec<f64>, OracleError> {
        let plain =
            Linear { w: self.w.clone(), b: vec![0.0; self.b.len()], gradient_scale: 1.0, shape: self.shape.clone() };
        plain.logits(v)
    }
    fn transposed_jacobian_product(&self, _: &[f64], u: &[f64]) -> Result<Vec<f64>, OracleError> {
        let rows = u.chunks_exact(self.classes());
        Ok(rows
            .flat_map(|u| {
                (0..self.shape[0])
                    .map(|i| self.gradient_scale * u.iter().zip(&self.w).map(|(u, w)| u * w[i]).sum::<f64>())
                    .collect::<Vec<_>>()
            })
            .collect())
    }
}

/// Everything that the linear network answers, except logits and gradients.
macro_rules! like_the_network {
    ($network:tt) => {
        fn shape(&self) -> &[usize] {
            self.$network.shape()
        }
        fn classes(&self) -> usize {
            self.$network.classes()
        }
        fn hessian_product(
            &self,
            samples: &[f64],
            labels: &[u32],
            loss: AttackLoss,
            v: &[f64],
        ) -> Result<Vec<f64>, OracleError> {
            self.$network.hessian_product(samples, labels, loss, v)
        }
        fn jacobian_product(&self, samples: &[f64], v: &[f64]) -> Result<Vec<f64>, OracleError> {
            self.$network.jacobian_product(samples, v)
        }
    };
}

/// Losses and pulled-back gradients of any network whose logits and Jᵀu are known.
fn loss_gradient(
    oracle: &dyn InputOracle,
    samples: &[f64],
    labels: &[u32],
    loss: AttackLoss,
    round: impl Fn(f64) -> f64,
) -> Result<LossGradient, OracleError> {
    let (z, c) = (oracle.logits(samples)?, oracle.classes());
    let mut u = vec![0.0; z.len()];
    let rows = u.chunks_exact_mut(c).zip(z.chunks_exact(c)).zip(labels);
    rows.for_each(|((u, z), y)| losses::gradient(loss, z, *y, u));
    u.iter_mut().for_each(|u| *u = round(*u));
    Ok(LossGradient {
        losses: z.chunks_exact(c).zip(labels).map(|(z, y)| losses::value(loss, z, *y)).collect(),
        gradient: oracle.transposed_jacobian_product(samples, &u)?,
    })
}

/// Inputs rounded to tenths: a network without slope.
pub struct Staircase(pub Linear);

impl InputOracle for Staircase {
    like_the_network!(0);
    fn logits(&self, samples: &[f64]) -> Result<Vec<f64>, OracleError> {
        self.0.logits(&samples.iter().map(|x| (10.0 * x).round() / 10.0).collect::<Vec<_>>())
    }
    fn loss_gradient(&self, samples: &[f64], labels: &[u32], loss: AttackLoss) -> Result<LossGradient, OracleError> {
        loss_gradient(self, samples, labels, loss, |u| u)
    }
    fn transposed_jacobian_product(&self, samples: &[f64], _: &[f64]) -> Result<Vec<f64>, OracleError> {
        Ok(vec![0.0; samples.len()])
    }
}

/// Logits with noise that is another at every call.
pub struct Noisy {
    network: Linear,
    stream: Mutex<Stream>,
}

impl Noisy {
    pub fn new(network: Linear) -> Self {
        Noisy { network, stream: Mutex::new(Stream::new(1, Purpose::Probe, 0)) }
    }
}

impl InputOracle for Noisy {
    like_the_network!(network);
    fn logits(&self, samples: &[f64]) -> Result<Vec<f64>, OracleError> {
        let mut stream = self.stream.lock().unwrap();
        Ok(self.network.logits(samples)?.into_iter().map(|z| z + 0.1 * stream.normal()).collect())
    }
    fn loss_gradient(&self, samples: &[f64], labels: &[u32], loss: AttackLoss) -> Result<LossGradient, OracleError> {
        self.network.loss_gradient(samples, labels, loss)
    }
    fn transposed_jacobian_product(&self, samples: &[f64], u: &[f64]) -> Result<Vec<f64>, OracleError> {
        self.network.transposed_jacobian_product(samples, u)
    }
}

/// Logits divided by a small temperature, derivatives in single precision: a softmax that saturates.
pub struct Tempered {
    pub network: Linear,
    pub temperature: f64,
}

impl InputOracle for Tempered {
    like_the_network!(network);
    fn logits(&self, samples: &[f64]) -> Result<Vec<f64>, OracleError> {
        Ok(self.network.logits(samples)?.into_iter().map(|z| z / self.temperature).collect())
    }
    fn loss_gradient(&self, samples: &[f64], labels: &[u32], loss: AttackLoss) -> Result<LossGradient, OracleError> {
        loss_gradient(self, samples, labels, loss, |u| f64::from(u as f32))
    }
    fn transposed_jacobian_product(&self, samples: &[f64], u: &[f64]) -> Result<Vec<f64>, OracleError> {
        let pulled = self.network.transposed_jacobian_product(samples, u)?;
        Ok(pulled.into_iter().map(|g| g / self.temperature).collect())
    }
}

/// An attack that takes a step of the whole budget, sees what came of it, and returns the sample as it was.
pub struct Forgetful;

impl Attack for Forgetful {
    fn run(
        &self,
        oracle: &dyn InputOracle,
        request: &AttackRequest<'_>,
        observe: &mut dyn FnMut(AttackStep<'_>) -> Control,
    ) -> Result<Vec<f64>, AttackError> {
        let found = oracle.loss_gradient(request.samples, request.labels, AttackLoss::CrossEntropy)?;
        let step = |(x, g): (&f64, &f64)| (x + request.epsilon * g.signum()).clamp(0.0, 1.0);
        oracle.logits(&request.samples.iter().zip(&found.gradient).map(step).collect::<Vec<_>>())?;
        observe(AttackStep { step: 1, losses: &found.losses });
        Ok(request.samples.to_vec())
    }
}
