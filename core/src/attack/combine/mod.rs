//! Attacks made of attacks: restarts, and the worst case of several. Both decide on projected samples, as the driver
//! does, so what they return is never worse than what any of their parts would have returned.

mod cascade;
mod ensemble;
mod incumbents;
mod restarts;

pub use cascade::{Cascade, Member, Stage, cascade};
pub use ensemble::Ensemble;
pub use incumbents::Incumbents;
pub use restarts::Restarts;

use super::driver::Candidates;
use super::{AttackError, AttackRequest, InputOracle};

/// What a proposal is worth under a request.
fn evaluate(
    oracle: &dyn InputOracle,
    request: &AttackRequest<'_>,
    proposed: Vec<f64>,
) -> Result<Candidates, AttackError> {
    let clean = (request.samples, request.labels);
    Candidates::evaluate(oracle, &request.threat, request.goal, request.epsilon, clean, proposed)
}
