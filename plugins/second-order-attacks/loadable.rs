//! This crate as a library that a running program loads. It is a target of its own because several crates that export
//! the same symbol could not be linked into one program.
use hesse_second_order_attacks as _;

hesse_core::export_plugins!();
