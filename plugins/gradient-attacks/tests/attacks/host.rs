//! Oracles on the host: a linear classifier, whose attacks have closed forms, and broken ones.

use hesse_core::attack::{AttackLoss, InputOracle, LossGradient, OracleError, losses};

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
