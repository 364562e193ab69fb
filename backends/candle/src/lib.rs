//! The Candle backend: runs Hesse's programs on Candle tensors.
//!
//! Every tensor is a Candle tensor and every primitive a Candle custom operation in place, on memory that is planned
//! when a program is compiled; Candle's own backward and its element-wise operations are not used (they have no second
//! order, allocate each result, and run partly on one thread). A program is lowered once per batch size: element-wise
//! chains become one pass over memory, sums of products accumulate in the products' own kernels, and buffers are reused
//! as soon as they are dead, so a product allocates nothing in steady state.
//!
//! That is for the CPU. With the `cuda` feature the same programs run on NVIDIA devices, through Candle's own operations: see
//! [`CandleTensors`].

mod backend;
mod element;
mod fused;
pub mod kernels;
mod lower;
mod plan;
mod run;
mod space;
mod strided;
mod tensor;
mod tensors;

pub use backend::CandleBackend;
pub use tensors::CandleTensors;

hesse_core::submit! {
    hesse_core::registry::BackendEntry {
        name: "candle",
        summary: backend::SUMMARY,
        license: "MIT OR Apache-2.0",
        devices: &backend::devices,
        open: &backend::open,
    }
}
