//! The parts that every result names alike: which model, which data, which backend.

use hesse_core::backend::BackendInfo;
use hesse_core::device::Accelerator;
use serde::Serialize;

/// The network of a result.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ModelPart {
    /// As registered.
    pub name: String,
    /// The options given, `key=value,…`; absent where there are none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub options: String,
    /// Trainable numbers.
    pub parameters: usize,
}

/// The samples of a result.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DataPart {
    /// The set's name.
    pub name: String,
    /// `train` or `test`.
    pub split: String,
    /// How many samples were used.
    pub samples: usize,
    /// Which: half-open, in file order.
    pub range: [usize; 2],
    /// How many the split has.
    pub available: usize,
}

/// The machine of a result.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BackendPart {
    /// As registered.
    pub name: String,
    /// `cpu`, `cuda:0`, …
    pub device: String,
    /// `f32` or `f64`.
    pub dtype: String,
    /// Model, driver, memory and flags of the device; absent where it is the CPU.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accelerator: Option<Accelerator>,
}

impl From<BackendInfo> for BackendPart {
    fn from(info: BackendInfo) -> Self {
        BackendPart {
            name: info.name.to_string(),
            device: info.device,
            dtype: info.precision.to_string(),
            accelerator: Accelerator::of_details(&info.details),
        }
    }
}
