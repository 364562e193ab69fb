//! Hesse: the program as a library.
pub mod data;
pub mod pickle;
pub mod study;
pub mod train;
pub mod weights;
