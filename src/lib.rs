//! Hesse: the program as a library.
pub mod data;
pub mod weights;
