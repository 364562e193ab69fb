//! Is the inner problem of robust training free of saddle points? The paper's theorem (its Theorem 1 and Proposition 2),
//! checked sample by sample, and broken on purpose; and its Figure 7.
//!
//! For a network that is piecewise linear in its input, the Hessian H of a sample's cross-entropy with respect to the
//! sample is positive semi-definite almost everywhere, its rank is at most C − 1, and the gradient lies in its range.
//! Each claim is put to H alone, through exact products in f64, and not to the closed form that assumes it:
//!
//! * the smallest eigenvalue, by Lanczos from a random vector: a negative Rayleigh quotient disproves the first claim,
//!   whatever has converged;
//! * the number of Ritz values that are not rounding: a lower bound of the rank, and where the Krylov space has become
//!   invariant all there is but for multiplicities;
//! * the smallest residual ‖Hd − g‖/‖g‖ within the Krylov space of g of C − 1 dimensions: zero if the last two claims
//!   hold.
//!
//! Networks with tanh or softplus, and batch norm in train mode (where the loss of a batch depends on all its samples, and
//! one Hessian of B·D pixels takes the place of B Hessians of D), must fail, or the check is worth nothing.
//!
//! A study's folder holds `study.json`, `table.csv` (every point), the report (`report.html` and its other forms), a folder
//! `network-…` for each training and a folder `cell-…` for each row of the table. A cell that is finished is kept under a
//! hash of what it depends on.

mod cell;
mod coupled;
mod csv;
mod document;
mod estimate;
mod landscape;
mod options;
mod pictures;
#[cfg(test)]
mod pictures_tests;
mod plan;
mod point;
mod report;
mod run;
mod separate;
#[cfg(test)]
mod tests;
mod text;

pub use cell::CellReport as SaddleFreeCell;
pub use document::saddle_free_document;
pub use estimate::saddle_free_plan;
pub use landscape::Landscape;
pub use options::{CellSpec, SaddleFreeOptions};
pub use pictures::saddle_free_figure;
pub use point::{Claims, Point};
pub use report::SaddleFreeReport;
pub use run::{saddle_free, saddle_free_piece, saddle_free_pieces};
pub use text::saddle_free_text;
