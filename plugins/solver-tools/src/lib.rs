//! What eigensolver plugins share, so that each of them is only its own algorithm.
//!
//! * [`projected`]: small symmetric matrices and their eigenpairs (faer).
//! * [`wanted`]: which Ritz pairs are wanted, and which survive a restart.
//! * [`orthogonal`]: Gram–Schmidt against a basis, done twice, with a threshold for what is rounding.
//! * [`counted`]: an operator that counts, times and checks its products.
//! * [`krylov`]: an orthonormal block-Krylov basis with its projected matrix, contracted and saved.
//! * [`measured`]: acceptance by fresh products; nothing is returned as converged without it.
//! * [`driver`]: budget, observer, stagnation and the result of solvers that iterate on a block.
//! * [`complete`]: the completeness probe, and continuing from known pairs, for every solver.
//! * [`state`]: blocks as bytes, bit for bit.
//!
//! A crate of its own and not part of core, because it links a dense eigensolver, which a model or an attack has no use
//! for. It registers nothing.
#![forbid(unsafe_code)]

pub mod complete;
pub mod counted;
pub mod driver;
pub mod krylov;
pub mod measured;
pub mod orthogonal;
pub mod projected;
pub mod state;
pub mod wanted;
