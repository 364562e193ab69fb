//! Attacks that follow the gradient of a loss with respect to the input, and the random baseline they must beat.
//!
//! | name | what it is | norms |
//! |---|---|---|
//! | `fgsm` | one step of the whole budget; with L2 the L2GRAD of Yao et al. 2018 | L∞, L2, L1 |
//! | `ifgsm` | the same in several steps from the clean sample: FGSM-10 of Yao et al. 2018 | L∞, L2, L1 |
//! | `l2grad` | one step of length ε: the paper's name for the above with L2 | L2 |
//! | `pgd` | projected gradient ascent from a random start, with momentum and restarts | L∞, L2, L1 |
//! | `apgd` | step sizes that adapt to progress; no step size to choose | L∞, L2, L1 |
//! | `apgd-t` | the same towards the best other classes, on the targeted difference-of-logits ratio | L∞, L2, L1 |
//! | `deepfool` | steps to the nearest linearised boundary: small perturbations | L2, L∞ |
//! | `noise` | random points of the ball | L∞, L2, L1 |
//!
//! All of them only propose: the driver of [`hesse_core::attack`] projects, re-evaluates and decides. All random
//! choices come from streams keyed by a sample's position in its data set. A targeted goal lowers the loss of the
//! target instead of raising that of the label. A zero gradient means no step, never NaN.
//!
//! Decided against: one class with hooks for optimiser, loss and projection (every peer's grew until no
//! variant could be read alone); `climb` holds the loop that three attacks share, and nothing else is shared.
//!
//! Sources: Goodfellow, Shlens and Szegedy, *Explaining and Harnessing Adversarial Examples*, ICLR 2015 (FGSM); Madry
//! et al., *Towards Deep Learning Models Resistant to Adversarial Attacks*, ICLR 2018 (PGD); Dong et al., *Boosting
//! Adversarial Attacks with Momentum*, CVPR 2018; Croce and Hein, ICML 2020 (APGD) and *Mind the box*, ICML 2021 (its
//! L1 form); Moosavi-Dezfooli, Fawzi and Frossard, *DeepFool*, CVPR 2016.
#![forbid(unsafe_code)]

mod apgd;
mod climb;
mod deepfool;
mod fgsm;
mod ifgsm;
mod keeper;
mod noise;
mod pgd;
mod restarts;
mod uphill;

pub use apgd::{Apgd, ApgdTargeted};
pub use climb::{Climb, Return, Start};
pub use deepfool::DeepFool;
pub use fgsm::{Fgsm, L2Grad};
pub use ifgsm::{Ifgsm, StepRule};
pub use noise::Noise;
pub use pgd::{Pgd, StepSize};
