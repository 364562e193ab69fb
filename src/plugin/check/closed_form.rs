//! A network whose every derivative is known in closed form: softmax regression, z = Wx + b.

use hesse_core::attack::{AttackLoss, InputOracle, LossGradient, OracleError, losses};
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
        Ok(logits.chunks(CLASSES).map(|z| losses::prediction(z).unwrap_or(0)).collect())
    }

    fn row(&self, class: usize) -> &[f64] {
        let d = self.sample_len();
        self.weights.get(class * d..(class + 1) * d).unwrap_or_default()
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
        OracleError::check_size("samples", samples.len() / d * d, samples.len())?;
        let product = |x: &[f64], c: usize| x.iter().zip(self.row(c)).map(|(a, w)| a * w).sum::<f64>();
        Ok(samples.chunks(d).flat_map(|x| (0..CLASSES).map(move |c| product(x, c) + self.bias[c])).collect())
    }

    fn loss_gradient(&self, samples: &[f64], labels: &[u32], loss: AttackLoss) -> Result<LossGradient, OracleError> {
        OracleError::check_size("labels", samples.len() / self.sample_len(), labels.len())?;
        let logits = self.logits(samples)?;
        let rows = || logits.chunks(CLASSES).zip(labels);
        let mut slopes = vec![0.0; logits.len()];
        slopes.chunks_mut(CLASSES).zip(rows()).for_each(|(slope, (z, y))| losses::gradient(loss, z, *y, slope));
        let losses = rows().map(|(z, y)| losses::value(loss, z, *y)).collect();
        let mut gradient = self.transposed(&slopes);
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
        OracleError::check_size("direction", samples.len(), v.len())?;
        OracleError::check_size("labels", samples.len() / self.sample_len(), labels.len())?;
        // z is linear in x, so Wᵀ (∂²loss/∂z²) W v is the whole of it.
        let (logits, moved) = (self.logits(samples)?, self.jacobian_product(samples, v)?);
        let mut curved = vec![0.0; logits.len()];
        let rows = logits.chunks(CLASSES).zip(labels).zip(moved.chunks(CLASSES));
        let each = curved.chunks_mut(CLASSES).zip(rows);
        each.for_each(|(out, ((z, y), u))| losses::curvature(loss, z, *y, u, out));
        Ok(self.transposed(&curved))
    }

    fn jacobian_product(&self, samples: &[f64], v: &[f64]) -> Result<Vec<f64>, OracleError> {
        OracleError::check_size("direction", samples.len(), v.len())?;
        let d = self.sample_len();
        let product = |x: &[f64], c: usize| x.iter().zip(self.row(c)).map(|(a, w)| a * w).sum::<f64>();
        Ok(v.chunks(d).flat_map(|x| (0..CLASSES).map(move |c| product(x, c))).collect())
    }

    fn transposed_jacobian_product(&self, samples: &[f64], u: &[f64]) -> Result<Vec<f64>, OracleError> {
        OracleError::check_size("cotangent", samples.len() / self.sample_len() * CLASSES, u.len())?;
        Ok(self.transposed(u))
    }
}
