//! Which other classes are worth aiming at.

use crate::attack::{AttackError, AttackRequest, InputOracle, OracleError};

/// For every sample the classes beside its label by falling logit at the clean sample, the lowest first on a tie. Cost: one
/// forward pass.
///
/// # Errors
/// Where the oracle fails.
pub fn ranked_rivals(oracle: &dyn InputOracle, request: &AttackRequest<'_>) -> Result<Vec<Vec<u32>>, AttackError> {
    let z = oracle.logits(request.samples)?;
    OracleError::check_size("logits of the oracle", request.labels.len() * oracle.classes(), z.len())?;
    let rows = z.chunks_exact(oracle.classes().max(1)).zip(request.labels);
    let ranked = |(z, &label): (&[f64], &u32)| {
        let mut others: Vec<u32> = (0..z.len() as u32).filter(|k| *k != label).collect();
        others.sort_by(|a, b| z[*b as usize].total_cmp(&z[*a as usize]).then(a.cmp(b)));
        others
    };
    Ok(rows.map(ranked).collect())
}
