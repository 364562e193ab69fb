//! The core of Hesse: networks as data, derivatives as programs, and the traits that plugins implement.
//!
//! A [`Model`] records a [`Graph`](graph::Graph) of primitives; [`autodiff`] turns it into derivative graphs; a
//! [`SecondOrderBackend`] compiles and runs them; an [`operator`] sums them over a data set; an [`EigenSolver`]
//! looks at the result. Core names no backend, no model and no file format, because it is compiled into every plugin.
//!
//! Decided against: tensors in the model trait (a plugin would then carry a second copy of a framework's global
//! state), and a framework's own double backward (two frameworks would mean two derivations to trust).
#![deny(unsafe_code)] // but for the plugin boundary

pub mod attack;
pub mod autodiff;
pub mod backend;
pub mod dense;
pub mod device;
pub mod eigen;
pub mod error;
pub mod estimate;
mod frame;
pub mod graph;
pub mod host;
pub mod input_hessian;
pub mod layout;
pub mod loss;
pub mod model;
pub mod operator;
pub mod options;
pub mod planted;
pub mod plugin;
pub mod program;
pub mod random;
pub mod registry;
pub mod solve;
pub mod vectors;

pub use attack::Attack;
pub use backend::SecondOrderBackend;
pub use eigen::EigenSolver;
pub use model::Model;
pub use operator::LinearOperator;
