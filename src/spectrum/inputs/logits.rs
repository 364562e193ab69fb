//! A chunk by the closed form: all eigenvalues, the residuals of the first ones through J and Jᵀ.
//!
//! The closed form is built from rows of J by reverse mode; its residuals are those of Jᵀ(diag p − ppᵀ)J v with J v by
//! forward mode. So they check what was computed, and not only the small eigenproblem.

use super::chunk::{Chunk, SampleResult};
use super::options::InputOptions;
use hesse_core::attack::{InputOracle, Norm, OracleError};
use hesse_core::input_hessian::{QuadraticModel, add_scaled, logit_forms, logit_hessian_product};

/// Fills in eigenvalues, residuals, trace and rank. `noise` is the share of λ₁ below which an eigenvalue counts as zero.
pub(super) fn fill(
    oracle: &dyn InputOracle,
    chunk: &Chunk,
    options: &InputOptions,
    noise: f64,
    results: &mut [SampleResult],
) -> Result<(), OracleError> {
    let d: usize = oracle.shape().iter().product();
    let forms = logit_forms(oracle, &chunk.samples, &chunk.labels)?;
    let mut models: Vec<Option<QuadraticModel>> = Vec::with_capacity(forms.len());
    for (form, result) in forms.iter().zip(&mut *results) {
        result.products += oracle.classes();
        models.push(form.as_ref().map(|form| form.model()));
        // A sample without finite logits keeps no eigenvalue, and counts as not converged.
        let Some(form) = form else { continue };
        result.eigenvalues = form.eigenvalues();
        result.trace = Some(form.trace());
        result.rank = result.eigenvalues.iter().filter(|v| **v > noise * result.lambda()).count();
        result.rank_complete = true;
        result.converged = true;
    }
    for k in 0..options.largest.min(oracle.classes().saturating_sub(1)) {
        let zero = vec![0.0; d];
        let vector = |model: &Option<QuadraticModel>| {
            model.as_ref().filter(|m| k < m.values.len()).map_or_else(|| zero.clone(), |m| m.vector(k).to_vec())
        };
        let v: Vec<f64> = models.iter().flat_map(vector).collect();
        let products = logit_hessian_product(oracle, &chunk.samples, &chunk.labels, &v)?;
        for (i, result) in results.iter_mut().enumerate() {
            result.products += 2;
            let Some(&value) = result.eigenvalues.get(k) else { continue };
            let at = i * d..(i + 1) * d;
            let mut residual = products.get(at.clone()).unwrap_or_default().to_vec();
            add_scaled(&mut residual, -value, v.get(at).unwrap_or_default());
            let (length, most) = (Norm::L2.of(&residual), result.lambda());
            let share = if most > 0.0 { length / most } else { length };
            result.residuals.push(share);
            result.converged &= share <= options.tolerance;
        }
    }
    Ok(())
}
