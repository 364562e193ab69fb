//! Where libtorch computes, and how.

use hesse_core::device::CudaName;
use tch::Device;

/// A device with the settings of whoever computes on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub device: Device,
    /// Of the CPU.
    pub threads: usize,
    /// libtorch's operations even where there are loops of our own; see `cpp/route.h`.
    pub plain: bool,
    /// Whether products of f32 may round their operands.
    pub tf32: bool,
    /// Whether sums keep their order.
    pub deterministic: bool,
}

impl Place {
    /// The CPU with so many threads.
    pub fn cpu(threads: usize) -> Self {
        Place { device: Device::Cpu, threads, plain: false, tf32: false, deterministic: true }
    }

    /// A CUDA device; the CPU works for it with so many threads.
    pub fn cuda(name: CudaName, threads: usize) -> Self {
        let (device, deterministic) = (Device::Cuda(name.ordinal), !name.nondeterministic);
        Place { device, threads, plain: false, tf32: name.tf32, deterministic }
    }
}
