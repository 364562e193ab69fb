//! A network whose every derivative is known in closed form: softmax regression, z = Wx + b.

use hesse_core::attack::{AttackLoss, InputOracle, LossGradient, OracleError};
use hesse_core::random::{Purpose, Stream};

/// Softmax regression on samples of 2×3 entries with four classes.
pub struct Linear {
    /// `C × D`.
    pub weights: Vec<f64>,
    bias: Vec<f64>,
    shape: Vec<usize>,
    /// Whether gradients are zero everywhere: a defence that hides them.
    pub masked: bool,
}

const CLASSES: usize = 4;

impl Linear {
    /// Weights from a fixed stream.
    pub fn new() -> Self {
        let shape = vec![2, 3];
        let d: usize = shape.iter().product();
        let mut stream = Stream::new(5, Purpose::Probe, 0);
        let weights = (0..CLASSES * d).map(|_| stream.normal()).collect();
        let bias = (0..CLASSES).map(|_| 0.1 * stream.normal()).collect();
        Linear { weights, bias, shape, masked: false }
    }

    /// D.
    pub fn sample_len(&self) -> usize {
        self.shape.iter().product()
    }

    /// The class of each sample.
    pub fn classes_of(&self, samples: &[f64]) -> Result<Vec<u32>, OracleError> {
        let logits = self.logits(samples)?;
        let largest = |row: &[f64]| {
            let best = row.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
            best.map_or(0, |(i, _)| i as u32)
        };
        Ok(logits.chunks(CLASSES).map(largest).collect())
    }

    fn check(&self, what: &'static str, found: usize, expected: usize) -> Result<(), OracleError> {
        if found == expected { Ok(()) } else { Err(OracleError::Size { what, expected, found }) }
    }

    fn row(&self, class: usize) -> &[f64] {
        let d = self.sample_len();
        self.weights.get(class * d..(class + 1) * d).unwrap_or_default()
    }

    /// Loss, and its derivative with respect to the logits.
    fn at_logits(z: &[f64], y: usize, loss: AttackLoss) -> (f64, Vec<f64>) {
        let top = z.iter().copied().fold(f64::MIN, f64::max);
        let zy = z.get(y).copied().unwrap_or(0.0);
        if loss == AttackLoss::CrossEntropy {
            let sum: f64 = z.iter().map(|v| (v - top).exp()).sum();
            let mut slope: Vec<f64> = z.iter().map(|v| (v - top).exp() / sum).collect();
            slope.iter_mut().skip(y).take(1).for_each(|p| *p -= 1.0);
            return (top + sum.ln() - zy, slope);
        }
        let other = z.iter().enumerate().filter(|(k, _)| *k != y).max_by(|a, b| a.1.total_cmp(b.1));
        let (k, zk) = other.map_or((0, 0.0), |(k, v)| (k, *v));
        let mut sorted = z.to_vec();
        sorted.sort_by(|a, b| b.total_cmp(a));
        let ratio = loss == AttackLoss::DifferenceOfLogitsRatio;
        // The derivative of the denominator is left out where it only scales: signs are what is compared.
        let scale =
            if ratio { (sorted.first().unwrap_or(&0.0) - sorted.get(2).unwrap_or(&0.0)).max(1e-12) } else { 1.0 };
        let mut slope = vec![0.0; z.len()];
        slope.iter_mut().skip(k).take(1).for_each(|s| *s += 1.0 / scale);
        slope.iter_mut().skip(y).take(1).for_each(|s| *s -= 1.0 / scale);
        ((zk - zy) / scale, slope)
    }

    fn transposed(&self, slopes: &[f64]) -> Vec<f64> {
        let d = self.sample_len();
        let mut out = Vec::with_capacity(slopes.len() / CLASSES * d);
        for slope in slopes.chunks(CLASSES) {
            let column = |j: usize| slope.iter().enumerate().map(|(c, s)| s * self.row(c)[j]).sum::<f64>();
            out.extend((0..d).map(column));
        }
        out
    }
}

impl InputOracle for Linear {
    fn shape(&self) -> &[usize] {
        &self.shape
    }
    fn classes(&self) -> usize {
        CLASSES
    }

    fn logits(&self, samples: &[f64]) -> Result<Vec<f64>, OracleError> {
        let d = self.sample_len();
        self.check("samples", samples.len(), samples.len() / d * d)?;
        let product = |x: &[f64], c: usize| x.iter().zip(self.row(c)).map(|(a, w)| a * w).sum::<f64>();
        Ok(samples.chunks(d).flat_map(|x| (0..CLASSES).map(move |c| product(x, c) + self.bias[c])).collect())
    }

    fn loss_gradient(&self, samples: &[f64], labels: &[u32], loss: AttackLoss) -> Result<LossGradient, OracleError> {
        self.check("labels", labels.len(), samples.len() / self.sample_len())?;
        let logits = self.logits(samples)?;
        let (losses, slopes): (Vec<f64>, Vec<Vec<f64>>) =
            logits.chunks(CLASSES).zip(labels).map(|(z, &y)| Self::at_logits(z, y as usize, loss)).unzip();
        let mut gradient = self.transposed(&slopes.concat());
        if self.masked {
            gradient.fill(0.0);
        }
        Ok(LossGradient { losses, gradient })
    }

    fn hessian_product(
        &self,
        samples: &[f64],
        labels: &[u32],
        loss: AttackLoss,
        v: &[f64],
    ) -> Result<Vec<f64>, OracleError> {
        self.check("direction", v.len(), samples.len())?;
        self.check("labels", labels.len(), samples.len() / self.sample_len())?;
        if loss != AttackLoss::CrossEntropy {
            return Ok(vec![0.0; samples.len()]);
        }
        // Wᵀ (diag p − p pᵀ) W v.
        let (logits, moved) = (self.logits(samples)?, self.jacobian_product(samples, v)?);
        let curved: Vec<f64> = logits
            .chunks(CLASSES)
            .zip(moved.chunks(CLASSES))
            .flat_map(|(z, u)| {
                let top = z.iter().copied().fold(f64::MIN, f64::max);
                let sum: f64 = z.iter().map(|v| (v - top).exp()).sum();
                let p: Vec<f64> = z.iter().map(|v| (v - top).exp() / sum).collect();
                let mean: f64 = p.iter().zip(u).map(|(p, u)| p * u).sum();
                p.into_iter().zip(u).map(|(p, u)| p * (u - mean)).collect::<Vec<_>>()
            })
            .collect();
        Ok(self.transposed(&curved))
    }

    fn jacobian_product(&self, samples: &[f64], v: &[f64]) -> Result<Vec<f64>, OracleError> {
        self.check("direction", v.len(), samples.len())?;
        let d = self.sample_len();
        let product = |x: &[f64], c: usize| x.iter().zip(self.row(c)).map(|(a, w)| a * w).sum::<f64>();
        Ok(v.chunks(d).flat_map(|x| (0..CLASSES).map(move |c| product(x, c))).collect())
    }

    fn transposed_jacobian_product(&self, samples: &[f64], u: &[f64]) -> Result<Vec<f64>, OracleError> {
        self.check("cotangent", u.len(), samples.len() / self.sample_len() * CLASSES)?;
        Ok(self.transposed(u))
    }
}
