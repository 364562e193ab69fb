//! The wheels, pinned: version, hash, and which of their files are wanted.

/// A file of the Python package registry.
pub struct Wheel {
    /// Its project.
    pub package: &'static str,
    /// Its version, complete.
    pub version: &'static str,
    /// SHA-256 of the whole file, in hexadecimal.
    pub sha256: &'static str,
    /// The shared libraries in it that are wanted; they go to `lib`.
    pub libraries: &'static [&'static str],
    /// The folder in it whose files are wanted; it goes to `include`.
    pub headers: Option<&'static str>,
}

/// The Python for which PyTorch's wheel is made. Nothing of it that depends on Python is used, and naming one makes the
/// file, and so its hash, the same everywhere.
pub const PYTHON: &str = "3.12";

/// What the CPU needs; 545 MB.
pub const WHEELS: &[Wheel] = &[
    Wheel {
        package: "torch",
        version: "2.11.0",
        sha256: "0f68f4ac6d95d12e896c3b7a912b5871619542ec54d3649cf48cc1edd4dd2756",
        libraries: &["torch/lib/libtorch_cpu.so", "torch/lib/libc10.so", "torch/lib/libgomp.so.1"],
        headers: Some("torch/include/"),
    },
    Wheel {
        package: "nvidia-cuda-runtime",
        version: "13.0.96",
        sha256: "7f82250d7782aa23b6cfe765ecc7db554bd3c2870c43f3d1821f1d18aebf0548",
        libraries: &["nvidia/cu13/lib/libcudart.so.13"],
        headers: None,
    },
    Wheel {
        package: "nvidia-cuda-cupti",
        version: "13.0.85",
        sha256: "4eb01c08e859bf924d222250d2e8f8b8ff6d3db4721288cf35d14252a4d933c8",
        libraries: &["nvidia/cu13/lib/libcupti.so.13"],
        headers: None,
    },
];

/// The file's name without its folders.
pub fn base(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

impl Wheel {
    /// Where a file of the wheel goes in the folder of libtorch, if it is wanted.
    pub fn place(&self, name: &str) -> Option<String> {
        if self.libraries.contains(&name) {
            return Some(format!("lib/{}", base(name)));
        }
        let header = name.strip_prefix(self.headers?)?;
        // A name that leads out of the folder is not one of PyTorch's.
        let inside = header.split('/').all(|part| !part.is_empty() && part != ".." && part != ".");
        inside.then(|| format!("include/{header}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_and_headers_are_taken_and_nothing_else() {
        let torch = &WHEELS[0];
        assert_eq!(torch.place("torch/lib/libc10.so").as_deref(), Some("lib/libc10.so"));
        assert_eq!(torch.place("torch/include/ATen/Tensor.h").as_deref(), Some("include/ATen/Tensor.h"));
        for other in ["torch/lib/libtorch_cuda.so", "torch/nn/__init__.py", "torch/include/../../x", "torch/include//x"]
        {
            assert_eq!(torch.place(other), None, "{other}");
        }
        assert_eq!(WHEELS[1].place("nvidia/cu13/include/cuda.h"), None);
    }

    #[test]
    fn every_hash_is_a_sha256() {
        assert!(WHEELS.iter().all(|w| w.sha256.len() == 64 && w.sha256.bytes().all(|b| b.is_ascii_hexdigit())));
    }
}
