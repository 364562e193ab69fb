//! An attack without a judge: perturbed samples inside ball and box, whatever the network makes of them.
//!
//! Training on examples and fixed adversarial sets need every sample perturbed, misclassified ones too, and no verdict;
//! the driver of [`hesse_core::attack`] would leave those as they are and spend three more passes.

use hesse_core::Attack;
use hesse_core::attack::{AttackError, AttackRequest, InputOracle, geometry};
use hesse_core::eigen::Control;

/// Runs an attack, replaces what is not finite by the clean entries, and projects to the ball and then to the box.
/// ε = 0 gives the clean samples bit for bit. Cost: that of the attack.
///
/// # Errors
/// Where the attack refuses, fails or returns another number of entries, and where `proceed` says no.
pub fn perturb(
    oracle: &dyn InputOracle,
    attack: &dyn Attack,
    request: &AttackRequest<'_>,
    proceed: &mut dyn FnMut() -> bool,
) -> Result<Vec<f64>, AttackError> {
    let clean = request.samples;
    if request.epsilon == 0.0 || request.labels.is_empty() {
        return Ok(clean.to_vec());
    }
    let mut stopped = false;
    let mut found = attack.run(oracle, request, &mut |_| {
        stopped |= !proceed();
        if stopped { Control::Stop } else { Control::Continue }
    })?;
    if stopped {
        return Err(AttackError::Interrupted);
    }
    if found.len() != clean.len() {
        return Err(AttackError::Request {
            what: "result of the attack",
            expected: format!("{} entries", clean.len()),
            found: found.len().to_string(),
        });
    }
    found.iter_mut().zip(clean).filter(|(x, _)| !x.is_finite()).for_each(|(x, clean)| *x = *clean);
    let dimension = clean.len() / request.labels.len();
    geometry::project_all(&request.threat, request.epsilon, clean, &mut found, dimension);
    Ok(found)
}
