//! Opening an NVIDIA device.
//!
//! Everything goes through Candle and the safe part of `cudarc`, which Candle computes with. One stream is made for the
//! device and used by all threads: the default one of each thread would let threads overtake each other.

use super::CandleTensors;
use candle_core::Device;
use candle_core::cuda_backend::cudarc::driver::{CudaContext, DriverError};
use candle_core::cuda_backend::set_gemm_reduced_precision_f32;
use hesse_core::device::{Accelerator, CudaName, DeviceError, driver_release};
use hesse_core::vectors::Precision;

/// The version of CUDA that the program is built with.
const NEEDS: &str = "13.0";

/// The driver's devices.
pub(crate) fn devices() -> Vec<String> {
    let count = CudaContext::device_count().ok().and_then(|n| usize::try_from(n).ok());
    (0..count.unwrap_or(0)).map(|n| format!("cuda:{n}")).collect()
}

/// The driver's words, where it has some.
fn words(error: &DriverError) -> String {
    let name = format!("{:?}", error.0);
    match error.error_string() {
        Ok(text) => format!("{name}: {}", text.to_string_lossy()),
        // Its stand-in for linkers answers nothing.
        Err(_) => name,
    }
}

fn refused(error: &DriverError) -> DeviceError {
    let cause = words(error);
    match cause.contains("STUB_LIBRARY") {
        true => DeviceError::NoDriver { cause: format!("{cause}, a stub stands in for its library"), needs: NEEDS },
        false => DeviceError::NoDevice { cause },
    }
}

/// Opens the device of this number.
pub(crate) fn open(name: CudaName, precision: Precision) -> Result<CandleTensors, DeviceError> {
    let ordinal = name.ordinal;
    let devices = CudaContext::device_count().map_err(|e| refused(&e))?;
    let devices = usize::try_from(devices).unwrap_or(0);
    if devices == 0 {
        return Err(DeviceError::NoDevice { cause: "it counts none".into() });
    }
    if ordinal >= devices {
        return Err(DeviceError::OutOfRange { ordinal, devices });
    }
    let unusable = |cause: String| DeviceError::Unusable { cause };
    let told = |e: DriverError| unusable(words(&e));
    let context = CudaContext::new(ordinal).map_err(told)?;
    let (major, minor) = context.compute_capability().map_err(told)?;
    let memory = context.total_mem().map_err(told)?;
    let model = context.name().map_err(told)?;
    // A setting of the process; whoever opens a device last has it.
    set_gemm_reduced_precision_f32(name.tf32);
    let candle = |e: candle_core::Error| unusable(super::failure::words(&e));
    let device = Device::new_cuda_with_stream(ordinal).map_err(candle)?;
    try_out(&device).map_err(candle)?;
    let release = std::fs::read_to_string("/proc/driver/nvidia/version").ok();
    let accelerator = Accelerator {
        name: model,
        compute_capability: format!("{major}.{minor}"),
        memory_bytes: memory as u64,
        driver: release.and_then(|text| driver_release(&text)),
        cuda: None,
        tf32: name.tf32,
        // Nothing here sums in an order that could change; see the module's first lines.
        deterministic: true,
    };
    let details = format!("candle-core 0.11, built for CUDA {NEEDS}{}", accelerator.lines());
    Ok(CandleTensors::new(format!("cuda:{ordinal}"), device, precision, details))
}

/// Makes the device compute something, and waits for it: its kernels must be there for this very device.
fn try_out(device: &Device) -> candle_core::Result<()> {
    let ones = candle_core::Tensor::ones((2, 2), candle_core::DType::F64, device)?;
    let sum = ones.matmul(&ones)?.sum_all()?.to_scalar::<f64>()?;
    if sum == 8.0 { Ok(()) } else { Err(candle_core::Error::Msg(format!("expected 8, found {sum}"))) }
}
