//! Plugins across the boundary: what is linked in and what is loaded must not differ, and nothing that a library does
//! may bring the program down.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test that cannot go on has failed

mod built;
mod c;
mod command_line;
mod conformance;
mod failures;
mod header;
mod life;
mod loading;
mod packaged;
mod page;
mod parity;

use hesse as _; // links the built-in crates
