//! What the forms above ask of an oracle, for a whole batch at once.

use super::LogitForm;
use crate::attack::{AttackLoss, InputOracle, OracleError, losses};

/// Whether each sample's logits have no curvature: a product with the Hessian of the margin, which is linear in the
/// logits, is exactly zero there. Says so of one direction only, which no smooth network meets by accident, and of the
/// two classes that compete. Cost: one product with the Hessian.
///
/// # Errors
/// Where the oracle fails.
pub fn flat_outputs(oracle: &dyn InputOracle, samples: &[f64], labels: &[u32]) -> Result<Vec<bool>, OracleError> {
    let d: usize = oracle.shape().iter().product();
    if labels.is_empty() {
        return Ok(Vec::new());
    }
    // The same for every sample, so that a sample's answer does not depend on its neighbours.
    let direction: Vec<f64> = (0..d).map(|i| 1.0 + 0.5 * (i as f64 + 1.0).sin()).collect();
    let v = direction.repeat(labels.len());
    let product = oracle.hessian_product(samples, labels, AttackLoss::Margin, &v)?;
    OracleError::check_size("product of the oracle", samples.len(), product.len())?;
    Ok(product.chunks_exact(d.max(1)).map(|row| row.iter().all(|v| *v == 0.0)).collect())
}

/// ∇z_k of every sample: entry k is `N × D`. Cost: C products with the transposed Jacobian.
///
/// # Errors
/// Where the oracle fails.
pub fn jacobian_rows(oracle: &dyn InputOracle, samples: &[f64], n: usize) -> Result<Vec<Vec<f64>>, OracleError> {
    let classes = oracle.classes();
    let row = |k: usize| {
        let u: Vec<f64> = (0..n * classes).map(|i| if i % classes == k { 1.0 } else { 0.0 }).collect();
        let row = oracle.transposed_jacobian_product(samples, &u)?;
        OracleError::check_size("rows of the oracle", samples.len(), row.len())?;
        Ok(row)
    };
    if n == 0 { Ok(Vec::new()) } else { (0..classes).map(row).collect() }
}

/// The closed form of every sample, on a piecewise-linear network; none where a number is not finite. Cost: C products
/// with the transposed Jacobian, and one forward pass, which costs nothing where the oracle keeps logits.
///
/// # Errors
/// Where the oracle fails.
pub fn logit_forms(
    oracle: &dyn InputOracle,
    samples: &[f64],
    labels: &[u32],
) -> Result<Vec<Option<LogitForm>>, OracleError> {
    let d: usize = oracle.shape().iter().product();
    let classes = oracle.classes();
    let rows = jacobian_rows(oracle, samples, labels.len())?;
    let logits = if labels.is_empty() { Vec::new() } else { oracle.logits(samples)? };
    OracleError::check_size("logits of the oracle", labels.len() * classes, logits.len())?;
    let form = |(i, &label): (usize, &u32)| {
        let own: Vec<&[f64]> = rows.iter().map(|k| k.get(i * d..(i + 1) * d).unwrap_or_default()).collect();
        LogitForm::new(logits.get(i * classes..(i + 1) * classes).unwrap_or_default(), label, &own)
    };
    Ok(labels.iter().enumerate().map(form).collect())
}

/// Jᵀ(diag p − ppᵀ)J v of every sample, with p in f64 from the logits: on piecewise-linear networks this is H v, also
/// where a softmax in f32 has vanished. Cost: a product with the Jacobian, one with its transpose, and the logits.
///
/// # Errors
/// Where the oracle fails.
pub fn logit_hessian_product(
    oracle: &dyn InputOracle,
    samples: &[f64],
    labels: &[u32],
    v: &[f64],
) -> Result<Vec<f64>, OracleError> {
    let classes = oracle.classes();
    let logits = oracle.logits(samples)?;
    let moved = oracle.jacobian_product(samples, v)?;
    for (what, found) in [("logits of the oracle", &logits), ("product of the oracle", &moved)] {
        OracleError::check_size(what, labels.len() * classes, found.len())?;
    }
    let mut u = vec![0.0; logits.len()];
    let rows = u.chunks_exact_mut(classes).zip(logits.chunks_exact(classes)).zip(moved.chunks_exact(classes));
    for (((u, z), w), &y) in rows.zip(labels) {
        losses::curvature(AttackLoss::CrossEntropy, z, y, w, u);
    }
    oracle.transposed_jacobian_product(samples, &u)
}
