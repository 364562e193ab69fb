//! Charts of what this program measures, from plain numbers: nothing here knows the structures of a command's result.

mod attack;
mod density;
mod histogram;
mod landscape;
mod spectrum;
mod training;

pub use attack::{RobustCurve, robustness};
pub use density::{DensityData, density};
pub use histogram::{Group, bars, histogram};
pub use landscape::{line_landscape, plane_landscape};
pub use spectrum::{EigenBar, eigenvalues};
pub use training::{EpochPoint, training};
