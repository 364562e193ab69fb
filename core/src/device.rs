//! The names of devices, what is known of an accelerator, and why it cannot be used.
//!
//! It is here because every backend reads the same names and says the same of the same failures. Core itself computes on
//! no device. The flags of an accelerator are part of its name (`cuda:1+tf32`) and not options of a backend: they are what
//! results depend on, so they belong into the same word of a command line and of a manifest, and a name crosses every
//! boundary as it is.

use crate::backend::BackendError;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// A device as the command line names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceName {
    /// `cpu`.
    Cpu,
    /// `cuda`, `cuda:1`, `cuda:1+tf32+nondeterministic`.
    Cuda(CudaName),
}

/// A CUDA device and how it may compute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CudaName {
    /// The driver's number.
    pub ordinal: usize,
    /// Products of f32 may round their operands to ten bits (TensorFloat-32); off unless asked for.
    pub tf32: bool,
    /// Algorithms whose sums have no fixed order are allowed; off unless asked for.
    pub nondeterministic: bool,
}

impl fmt::Display for CudaName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cuda:{}", self.ordinal)?;
        if self.tf32 {
            f.write_str("+tf32")?;
        }
        if self.nondeterministic {
            f.write_str("+nondeterministic")?;
        }
        Ok(())
    }
}

impl fmt::Display for DeviceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DeviceName::Cpu => f.write_str("cpu"),
            DeviceName::Cuda(cuda) => cuda.fmt(f),
        }
    }
}

impl FromStr for DeviceName {
    type Err = DeviceError;

    fn from_str(text: &str) -> Result<Self, DeviceError> {
        let mut parts = text.split('+');
        let place = parts.next().unwrap_or_default();
        let (kind, ordinal) = match place.split_once(':') {
            None => (place, 0),
            Some((kind, number)) => {
                // `parse` would take a sign, too.
                let digits = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
                let ordinal = number.parse().ok().filter(|_| digits);
                (kind, ordinal.ok_or(DeviceError::Unknown)?)
            }
        };
        let mut cuda = CudaName { ordinal, ..CudaName::default() };
        for flag in parts {
            match flag {
                "tf32" => cuda.tf32 = true,
                "nondeterministic" => cuda.nondeterministic = true,
                _ => return Err(DeviceError::Flag { flag: flag.escape_debug().to_string() }),
            }
        }
        match kind {
            "cuda" => Ok(DeviceName::Cuda(cuda)),
            "cpu" if text == "cpu" => Ok(DeviceName::Cpu),
            _ => Err(DeviceError::Unknown),
        }
    }
}

/// Why a device cannot be used, and what would help.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DeviceError {
    /// No device is called so.
    #[error("expected cpu, cuda or cuda:N, and behind a cuda device +tf32 or +nondeterministic")]
    Unknown,
    /// A flag that no device has.
    #[error("flag '{flag}': expected tf32 or nondeterministic")]
    Flag {
        /// As given.
        flag: String,
    },
    /// The backend was built for other devices.
    #[error("this build computes on the CPU alone; {mend}")]
    NotBuilt {
        /// The command that builds one.
        mend: &'static str,
    },
    /// There is no driver.
    #[error("no NVIDIA driver ({cause}); install one that supports CUDA {needs}, or compute with --device cpu")]
    NoDriver {
        /// In the system's words.
        cause: String,
        /// The least version of CUDA.
        needs: &'static str,
    },
    /// There is a driver, and it does not start or has no device.
    #[error(
        "the NVIDIA driver has no device to offer ({cause}); `nvidia-smi` lists them, CUDA_VISIBLE_DEVICES may hide them"
    )]
    NoDevice {
        /// In the driver's words.
        cause: String,
    },
    /// The driver is older than what was built.
    #[error("the NVIDIA driver supports CUDA {found}, expected {needs} or later; install a newer driver")]
    OldDriver {
        /// Its version of CUDA.
        found: String,
        /// The least version of CUDA.
        needs: &'static str,
    },
    /// Its number is too large.
    #[error("expected a number below {devices}, found {ordinal}; `nvidia-smi` lists the devices")]
    OutOfRange {
        /// As given.
        ordinal: usize,
        /// How many there are.
        devices: usize,
    },
    /// The library with the backend's CUDA kernels is nowhere.
    #[error("no {library} in {}; {mend}", places.join(", "))]
    NoLibrary {
        /// The file looked for.
        library: &'static str,
        /// Where.
        places: Vec<String>,
        /// What would help.
        mend: &'static str,
    },
    /// That library does not load.
    #[error("{file} does not load ({cause}); {mend}")]
    Library {
        /// Which.
        file: String,
        /// In the loader's words.
        cause: String,
        /// What would help.
        mend: &'static str,
    },
    /// Everything is there, and the device does not work.
    #[error("the device does not answer ({cause}); `nvidia-smi` tells whether it works")]
    Unusable {
        /// In the library's words.
        cause: String,
    },
}

impl DeviceError {
    /// The error of a backend.
    pub fn of(self, backend: &'static str, device: &str) -> BackendError {
        BackendError::Device { backend, device: device.to_string(), cause: self.to_string() }
    }
}

/// What is known of an accelerator; part of every result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Accelerator {
    /// The model, as its driver says.
    pub name: String,
    /// `9.0`, for which kernels were chosen.
    pub compute_capability: String,
    /// Bytes of its memory.
    pub memory_bytes: u64,
    /// Release of the driver; absent where the system does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub driver: Option<String>,
    /// The version of CUDA that the driver supports; absent where it does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cuda: Option<String>,
    /// Whether products of f32 round their operands to ten bits.
    pub tf32: bool,
    /// Whether the same run gives the same bits.
    pub deterministic: bool,
}

/// What stands before each fact in [`BackendInfo::details`](crate::backend::BackendInfo::details).
const FACT: &str = "accelerator ";

impl Accelerator {
    /// The facts as lines of a backend's details, by which they cross the boundary of a library.
    pub fn lines(&self) -> String {
        let mut lines = String::new();
        let mut add = |key: &str, value: &dyn fmt::Display| {
            // A name with a line break would be two facts.
            let value = value.to_string().replace(['\n', '\r'], " ");
            lines.push_str(&format!("\n{FACT}{key}: {value}"));
        };
        add("name", &self.name);
        add("compute capability", &self.compute_capability);
        add("memory bytes", &self.memory_bytes);
        if let Some(driver) = &self.driver {
            add("driver", driver);
        }
        if let Some(cuda) = &self.cuda {
            add("CUDA", cuda);
        }
        add("TF32", &self.tf32);
        add("deterministic", &self.deterministic);
        lines
    }

    /// The facts in a backend's details, where it has an accelerator.
    pub fn of_details(details: &str) -> Option<Self> {
        let fact = |key: &str| {
            let lines = details.lines().filter_map(|line| line.strip_prefix(FACT)?.split_once(": "));
            lines.filter(|(name, _)| *name == key).map(|(_, value)| value.to_string()).next()
        };
        Some(Accelerator {
            name: fact("name")?,
            compute_capability: fact("compute capability")?,
            memory_bytes: fact("memory bytes")?.parse().ok()?,
            driver: fact("driver"),
            cuda: fact("CUDA"),
            tf32: fact("TF32")? == "true",
            deterministic: fact("deterministic")? == "true",
        })
    }
}

impl fmt::Display for Accelerator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {:.1} GB", self.name, self.memory_bytes as f64 / 1e9)?;
        if let Some(driver) = &self.driver {
            write!(f, ", driver {driver}")?;
        }
        if let Some(cuda) = &self.cuda {
            write!(f, ", CUDA {cuda}")?;
        }
        let (tf32, order) = (if self.tf32 { "on" } else { "off" }, if self.deterministic { "" } else { "non" });
        write!(f, ", TF32 {tf32}, {order}deterministic")
    }
}

/// A backend's details without the facts that are written as fields elsewhere: one line for people.
pub fn words(details: &str) -> String {
    let own = details.lines().filter(|line| !line.starts_with(FACT)).collect::<Vec<_>>().join(", ");
    match Accelerator::of_details(details) {
        Some(accelerator) => format!("{own}, {accelerator}"),
        None => own,
    }
}

/// `13000` → `13.0`: how CUDA writes its versions.
pub fn cuda_version(number: u32) -> String {
    format!("{}.{}", number / 1000, number % 1000 / 10)
}

/// The release of the NVIDIA driver in the text that its kernel module offers (`/proc/driver/nvidia/version`).
pub fn driver_release(text: &str) -> Option<String> {
    let line = text.lines().find(|l| l.starts_with("NVRM version:"))?;
    let is_release = |w: &&str| w.contains('.') && w.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    line.split_whitespace().find(is_release).map(str::to_string)
}

/// A failure of CUDA that needs a word of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CudaFailure {
    /// Memory was short by so many bytes; 0 where that was not told.
    Memory(usize),
    /// The device or its context is gone: everything that follows fails too.
    Lost,
}

/// What a library's message about CUDA means, if it is one of those.
pub fn cuda_failure(message: &str) -> Option<CudaFailure> {
    let short = [
        "CUDA out of memory",
        "CUDA_ERROR_OUT_OF_MEMORY",
        "CUDA error: out of memory",
        "CUBLAS_STATUS_ALLOC_FAILED",
        "CUDNN_STATUS_ALLOC_FAILED",
        "DEVICE_ALLOCATION_FAILED",
    ];
    if short.iter().any(|words| message.contains(words)) {
        let wanted = message.split("Tried to allocate ").nth(1).and_then(size);
        return Some(CudaFailure::Memory(wanted.unwrap_or(0)));
    }
    let lost = ["CUDA error", "CUDA_ERROR_", "CUBLAS_STATUS_EXECUTION_FAILED", "CUBLAS_STATUS_NOT_INITIALIZED"];
    // A kernel that the library does not have is no fault of the device.
    let own =
        ["CUDA_ERROR_NOT_FOUND", "CUDA_ERROR_INVALID_VALUE", "invalid configuration argument", "invalid argument"];
    let is_lost = lost.iter().any(|words| message.contains(words)) && !own.iter().any(|words| message.contains(words));
    is_lost.then_some(CudaFailure::Lost)
}

/// `20.00 MiB. GPU 0 …` in bytes.
fn size(text: &str) -> Option<usize> {
    let mut words = text.split_whitespace();
    let (number, unit) = (words.next()?.parse::<f64>().ok()?, words.next()?.trim_end_matches(['.', ',']));
    let scale = match unit {
        "bytes" | "B" => 1.0,
        "KiB" => 1024.0,
        "MiB" => 1024.0 * 1024.0,
        "GiB" => 1024.0 * 1024.0 * 1024.0,
        _ => return None,
    };
    Some((number * scale) as usize)
}

/// The error of a backend whose CUDA device failed, if its library's message says so.
pub fn cuda_error(backend: &'static str, device: &str, program: &str, message: &str) -> Option<BackendError> {
    Some(match cuda_failure(message)? {
        CudaFailure::Memory(bytes) => BackendError::Memory { device: device.to_string(), bytes },
        CudaFailure::Lost => {
            let cause = format!(
                "the device failed while it ran {program} ({message}); nothing more can run on it in this process: look at \
                 `nvidia-smi`, then start again from what was saved"
            );
            BackendError::Device { backend, device: device.to_string(), cause }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(text: &str) -> Result<String, DeviceError> {
        text.parse::<DeviceName>().map(|d| d.to_string())
    }

    #[test]
    fn names_of_devices_are_read_and_written_alike() {
        for (text, meant) in [
            ("cpu", "cpu"),
            ("cuda", "cuda:0"),
            ("cuda:7", "cuda:7"),
            ("cuda+tf32", "cuda:0+tf32"),
            ("cuda:1+nondeterministic+tf32", "cuda:1+tf32+nondeterministic"),
        ] {
            assert_eq!(named(text).unwrap(), meant);
            assert_eq!(named(meant).unwrap(), meant);
        }
    }

    #[test]
    fn other_names_are_refused_with_what_there_is() {
        for text in [
            "",
            "CPU",
            "abacus",
            "cpu:0",
            "cpu+tf32",
            "cuda:",
            "cuda:+1",
            "cuda:-1",
            "cuda:x",
            "cuda:99999999999999999999",
        ] {
            assert_eq!(named(text), Err(DeviceError::Unknown), "{text}");
        }
        let error = named("cuda+fast").unwrap_err();
        assert_eq!(error.to_string(), "flag 'fast': expected tf32 or nondeterministic");
    }

    fn some() -> Accelerator {
        Accelerator {
            name: "NVIDIA H200".into(),
            compute_capability: "9.0".into(),
            memory_bytes: 150_754_820_096,
            driver: Some("580.95.05".into()),
            cuda: Some("13.0".into()),
            tf32: false,
            deterministic: true,
        }
    }

    #[test]
    fn the_facts_of_an_accelerator_survive_as_text_and_people_read_one_line() {
        let details = format!("libtorch 2.11.0, AVX512{}", some().lines());
        assert_eq!(Accelerator::of_details(&details), Some(some()));
        let line =
            "libtorch 2.11.0, AVX512, NVIDIA H200, 150.8 GB, driver 580.95.05, CUDA 13.0, TF32 off, deterministic";
        assert_eq!(words(&details), line);
        assert_eq!(Accelerator::of_details("candle-core 0.11, x86-64 with AVX2"), None);
        let bare = Accelerator { driver: None, cuda: None, ..some() };
        assert_eq!(Accelerator::of_details(&bare.lines()), Some(bare));
    }

    #[test]
    fn the_release_of_a_driver_is_found_in_the_words_of_its_kernel_module() {
        let text = "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.95.05  Release Build  (dvs)\nGCC version: 13.3.0\n";
        assert_eq!(driver_release(text).as_deref(), Some("580.95.05"));
        let text = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.183.01  Sun May 12 19:39:15 UTC 2024\n";
        assert_eq!(driver_release(text).as_deref(), Some("535.183.01"));
        assert_eq!(driver_release("GCC version: 13.3.0"), None);
    }

    #[test]
    fn failures_of_memory_and_of_the_device_are_told_apart() {
        let memory = "CUDA out of memory. Tried to allocate 20.50 MiB. GPU 0 has a total capacity of 79.18 GiB of which 3.1 \
                      MiB is free.";
        assert_eq!(cuda_failure(memory), Some(CudaFailure::Memory(21_495_808)));
        let driver = "DriverError(CUDA_ERROR_OUT_OF_MEMORY, \"out of memory\")";
        assert_eq!(cuda_failure(driver), Some(CudaFailure::Memory(0)));
        assert_eq!(cuda_failure("CUDA error: unspecified launch failure"), Some(CudaFailure::Lost));
        assert_eq!(cuda_failure("DriverError(CUDA_ERROR_ILLEGAL_ADDRESS, \"…\")"), Some(CudaFailure::Lost));
        assert_eq!(cuda_failure("expected 3 channels, found 1"), None);
        let error = cuda_error("b", "cuda:0", "hessian product", driver).unwrap();
        assert!(matches!(error, BackendError::Memory { bytes: 0, .. }), "{error}");
        let error = cuda_error("b", "cuda:0", "hessian product", "CUDA error: device lost").unwrap().to_string();
        assert!(
            error.starts_with("backend b: device 'cuda:0': the device failed while it ran hessian product"),
            "{error}"
        );
    }

    #[test]
    fn versions_of_cuda_are_written_as_its_makers_do() {
        assert_eq!(cuda_version(13000), "13.0");
        assert_eq!(cuda_version(12090), "12.9");
    }
}
