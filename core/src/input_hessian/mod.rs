//! The Hessian of each sample's own loss with respect to that sample, and its exact spectrum.
//!
//! In eval mode a sample's loss depends on that sample alone, so the Hessian of a batch is block-diagonal and one
//! batched product multiplies every block. Two ways lead to the eigenvalues of all blocks at once:
//!
//! * [`LogitForm`]: where the network is piecewise linear, H = Jᵀ(diag p − ppᵀ)J with J the Jacobian of the logits. All
//!   C − 1 non-zero eigenpairs follow from C backward passes and a small eigenproblem in f64, whatever the softmax does.
//! * [`extremes`]: Lanczos on the products themselves, for any network. The samples advance together, each with its own
//!   tridiagonal matrix.
//!
//! The first cannot say whether the network is piecewise linear; [`flat_outputs`] can, and the second is the check.
//!
//! Decided against: a dense D × D Hessian (D products and D³ work), and an eigensolver per sample behind
//! [`EigenSolver`](crate::EigenSolver), which would multiply one sample at a time where the device wants a batch.
//!
//! Source: Yao et al., NeurIPS 2018, §4 and Theorem 1 (the structure); the forms that do not cancel are derived here.

mod arithmetic;
mod jacobi;
mod krylov;
mod lanczos;
mod logit_form;
mod minimum_residual;
mod model;
mod oracle;
mod tridiagonal;

pub use arithmetic::{add_scaled, dot};
pub use jacobi::{SymmetricEigen, symmetric_eigen};
pub use krylov::Krylov;
pub use lanczos::{LanczosRequest, SamplePair, SampleSpectrum, extremes};
pub use logit_form::LogitForm;
pub use minimum_residual::krylov_residuals;
pub use model::QuadraticModel;
pub use oracle::{flat_outputs, jacobian_rows, logit_forms, logit_hessian_product};
pub use tridiagonal::tridiagonal_eigen;
