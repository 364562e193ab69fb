//! The networks: one or several for every primitive, small enough for dense second derivatives.

mod activations;
mod convolutions;
mod indices;
mod losses;
mod movements;
mod networks;
mod norms;
mod pools;
mod products;
mod softmaxes;

use super::case::Case;

/// All of them.
pub fn all() -> Vec<Case> {
    [
        activations::cases(),
        products::cases(),
        convolutions::cases(),
        pools::cases(),
        norms::cases(),
        softmaxes::cases(),
        indices::cases(),
        movements::cases(),
        losses::cases(),
        networks::cases(),
    ]
    .concat()
}
