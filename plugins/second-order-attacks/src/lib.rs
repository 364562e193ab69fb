//! Attacks that use the Hessian of the loss with respect to the input, and the first-order trust-region attack they are
//! compared with.
//!
//! | name | step | norms |
//! |---|---|---|
//! | `fhsm` | ε·sign(H⁺g), of Yao et al. 2018 | L∞ |
//! | `l2hess` | ε·H⁺g/‖H⁺g‖₂, of Yao et al. 2018 | L2 |
//! | `saddle-free` | along \|H\|⁻¹g | L∞, L2 |
//! | `trust-region` | the best of the quadratic model within a radius that adapts; the one to use | L∞, L2 |
//! | `top-eigenvector` | along the dominant eigenvector, up the gradient | L∞, L2 |
//! | `linear-trust-region` | short steps to the linearised boundary, whose radius adapts (Yao et al. 2019) | L2, L∞ |
//!
//! **Where the network is piecewise linear**, and each sample is asked whether it is so there, H and g follow exactly
//! from the C rows of the logits' Jacobian ([`LogitForm`](hesse_core::input_hessian::LogitForm)): in f64, with no
//! iteration, and whatever a confident softmax does to p. **Elsewhere** they are seen through products H·v: conjugate
//! gradients as in the paper, or a Krylov space of g with a few random directions. All samples of a batch advance
//! together, with numbers of their own, so a sample's result does not depend on its neighbours.
//!
//! On a piecewise-linear network H is positive semi-definite of rank at most C − 1, so H⁻¹ means the pseudo-inverse,
//! |H|⁻¹g is the same, and both are somewhat weaker than the plain gradient: measured, not repaired. On a smooth one H is
//! indefinite and H⁻¹g need not raise the loss at all.
//!
//! A targeted goal lowers the loss of the target: slopes and curvatures change sign. L1 is refused, for no direction
//! here is one of an L1 ball.
//!
//! Decided against: finite differences (H·v is exact here), and damping by default (relative damping is an option).
//!
//! Sources: Yao, Gholami, Lei, Keutzer and Mahoney, NeurIPS 2018 (FHSM, L2HESS); Dauphin et al., NeurIPS 2014
//! (saddle-free); Conn, Gould and Toint, *Trust-Region Methods*, 2000, ch. 7 (the subproblem, its Krylov form, the
//! radius); Li et al. 2018 (dominant eigenvector); Yao, Gholami, Xu, Keutzer and Mahoney, *Trust Region Based
//! Adversarial Attack on Neural Networks*, CVPR 2019.
#![forbid(unsafe_code)]

mod conjugate;
mod krylov;
mod linear_trust_region;
mod local;
mod newton;
mod objective;
mod one_step;
mod part;
mod saddle_free;
mod secular;
mod top_eigenvector;
mod trust_region;

pub use conjugate::{Conjugate, Indefinite, Solution, conjugate_gradients};
pub use krylov::Search;
pub use linear_trust_region::{LinearTrustRegion, Rival};
pub use newton::{Newton, Orientation, Solver};
pub use saddle_free::SaddleFree;
pub use secular::trust_region_step;
pub use top_eigenvector::TopEigenvector;
pub use trust_region::TrustRegion;
