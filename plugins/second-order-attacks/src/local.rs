//! What is known of the loss around every sample of a batch: the closed form where the network is piecewise linear, a
//! Krylov model where it is not.

use crate::krylov::{Search, krylov_models};
use crate::part::{Part, rows};
use hesse_core::attack::{AttackError, AttackRequest, InputOracle};
use hesse_core::input_hessian::{LogitForm, QuadraticModel, logit_forms};

/// One sample's surroundings.
pub(crate) enum Local {
    /// H and g are known exactly.
    Form(Box<LogitForm>),
    /// They are known in a subspace.
    Krylov(QuadraticModel),
    /// Something is not finite.
    Unknown,
}

impl Local {
    /// The quadratic model; none where nothing is known.
    pub fn model(&self) -> Option<QuadraticModel> {
        match self {
            Local::Form(form) => Some(form.model()),
            Local::Krylov(model) => Some(model.clone()),
            Local::Unknown => None,
        }
    }
}

/// The surroundings of every sample of `x`, at its gradient; `flat` says where the network is piecewise linear. Cost: C
/// products with the transposed Jacobian for flat samples, the search's dimensions in products for others.
pub(crate) fn locals(
    oracle: &dyn InputOracle,
    request: &AttackRequest<'_>,
    x: &[f64],
    gradients: &[f64],
    flat: &[bool],
    search: Search,
) -> Result<Vec<Local>, AttackError> {
    let d: usize = oracle.shape().iter().product();
    let is_flat = |i: usize| flat.get(i).copied().unwrap_or(false);
    let mut all: Vec<Local> = request.labels.iter().map(|_| Local::Unknown).collect();
    let straight = Part::of(request, x, d, is_flat);
    if !straight.is_empty() {
        for (&i, form) in straight.positions.iter().zip(logit_forms(oracle, &straight.samples, &straight.labels)?) {
            all[i] = form.map_or(Local::Unknown, |form| Local::Form(Box::new(form)));
        }
    }
    let curved = Part::of(request, x, d, |i| !is_flat(i));
    if !curved.is_empty() {
        let own = rows(gradients, &curved.positions, d);
        let models = krylov_models(oracle, &curved, &own, request.seed, search)?;
        for (&i, model) in curved.positions.iter().zip(models) {
            all[i] = model.map_or(Local::Unknown, Local::Krylov);
        }
    }
    Ok(all)
}
