//! The libtorch backend: runs Hesse's programs with the kernels of PyTorch's C++ library, through `tch` and a small C++
//! part (`cpp/`) for what tch does not offer.
//!
//! Derivatives are Hesse's programs; libtorch's autograd is off while they run and serves in tests, as an independent
//! oracle, and for networks that come as TorchScript files (`torchscript:FILE`), which only libtorch can differentiate. Images lie with their channels last where convolutions are faster so. Chains of cheap element-wise primitives
//! run in one pass of our own, because libtorch makes a pass over memory of each.
//!
//! This is the only crate that links libtorch. It is built as a library of its own, which the program opens when it is
//! asked for (`--backend tch`), so that the program runs where there is no libtorch.

mod backend;
mod lower;
mod run;
mod script;
mod shim;
mod space;

pub use backend::TchBackend;

hesse_core::submit! {
    hesse_core::registry::BackendEntry {
        name: backend::NAME,
        summary: "libtorch's kernels (PyTorch 2.11), without its autograd; a library that is opened when asked for",
        license: "MIT OR Apache-2.0",
        devices: &backend::devices,
        open: &backend::open,
    }
}

hesse_core::export_plugins!();
