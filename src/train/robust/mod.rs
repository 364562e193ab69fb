//! Training against perturbed inputs.
//!
//! | method | objective of a step |
//! |---|---|
//! | adversarial training | the loss, a share of the batch being replaced by examples of any registered attack |
//! | TRADES | loss at x + β·KL(f(x) ‖ f(x')), x' from an ascent on that divergence or from any registered attack |
//! | CURE | loss + λ·‖H_x z‖² with the exact input Hessian, z along the signs of the gradient |
//!
//! Examples are made anew for every batch at the present weights, in eval mode unless asked otherwise: running
//! statistics do not move, and an example does not depend on its neighbours. Their random choices come from a stream for
//! each epoch and sample, so a run that is resumed makes the same ones. What an attack proposes is projected to ball and
//! box before it is trained on, as the driver of `hesse attack` does; the driver's bookkeeping is left out, because three
//! more passes at every step would buy nothing.
//!
//! Sources: Madry et al., ICLR 2018 (PGD-AT); Wong, Rice and Kolter, *Fast is better than free*, ICLR 2020 (FastAT);
//! Zhang et al., ICML 2019 (TRADES); Moosavi-Dezfooli et al., CVPR 2019 (CURE). The share that is replaced, the first
//! samples of a batch, is that of Yao et al. 2018 (1810.01021).

mod adversary;
mod divergence;
mod examples;
mod fast;
mod method;

pub use adversary::{Adversary, Inner};
pub use method::{AttackWords, Method, Robust};

pub(super) use examples::{Examples, Labelled};

use hesse_core::loss::Loss;

/// What a loss lacks for a defence, if it does.
pub(super) fn misfit(robust: &Robust, loss: &Loss) -> Option<&'static str> {
    match (robust, loss) {
        (Robust::Trades { .. }, Loss::CrossEntropy { class_weights: None, ignored_label: None, .. }) => None,
        (Robust::Trades { .. }, _) => Some("cross-entropy without class weights and ignored labels, for TRADES"),
        _ => None,
    }
}
