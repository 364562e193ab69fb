//! The plugin boundary: everything that crosses between the program and a library loaded at run time.
//!
//! Inside one build, plugins are ordinary Rust traits. Between two builds nothing of Rust can be relied on: a trait
//! object of another core calls the wrong method, a `String` is freed by the wrong allocator, and a panic kills the
//! process. So only the C layouts of [`raw`] cross: numbers, text with a length, tables of functions that begin with
//! their size, status codes, and bytes that carry their own `free`. [`export`] puts a Rust object behind a table,
//! [`import`] implements the Rust trait over a table; an author sees neither, only the trait, [`submit!`](crate::submit)
//! and [`export_plugins!`](crate::export_plugins).
//!
//! Rules that hold on both sides:
//!
//! * A panic is caught by the library that raised it and crosses as a status with its message.
//! * A table begins with its `size`; new functions are appended within a major version; a reader checks the size before it
//!   reads a field, and never forms a reference to a table that may be shorter than it knows.
//! * Blocks and tensors cross as handles that their owner looks up, so a wrong handle is an error and not a crash.
//! * Libraries are never unloaded.
//!
//! Decided against: `abi_stable` (abandoned), `dyn Trait` with a compiler fingerprint (third parties could not build
//! plugins), WebAssembly (no access to a GPU), and separate processes (vectors of 10⁸ numbers for every product).
// Half of the boundary is the program's; a plugin is built without it.
#![cfg_attr(not(feature = "load"), allow(dead_code, unused_imports))]
#![allow(unsafe_code)] // the one boundary of core; each block says why it is sound

mod codes;
pub mod export;
mod guard;
mod handles;
pub mod host;
#[cfg(feature = "load")]
mod image;
pub mod import;
#[cfg(feature = "load")]
pub mod load;
pub mod raw;
mod text;

pub use guard::{Foreign, panic_message};
pub use host::{log, threads};
pub use text::is_name;
