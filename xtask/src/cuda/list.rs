//! Which wheels hold the CUDA toolkit: compiler, headers and libraries of CUDA 13.0, as PyTorch 2.11.0 has it too.
//!
//! Compiler, NVVM and runtime headers must be of one release: a newer NVVM emits PTX that this `ptxas` refuses.

use crate::wheels::Wheel;

/// Everything that a toolkit wheel has goes to the same place in the toolkit's folder.
const ALL: Option<(&str, &str)> = Some(("nvidia/cu13/", ""));

/// All of them.
pub const TOOLKIT: &[Wheel] = &[
    Wheel {
        package: "nvidia-cuda-nvcc",
        version: "13.0.88",
        sha256: "56fe502eb77625a12f25172caa3cdddb4e4c8ba2c8c17dba44b164761b380f03",
        megabytes: 37,
        libraries: &[],
        folder: ALL,
    },
    Wheel {
        package: "nvidia-nvvm",
        version: "13.0.88",
        sha256: "c5f41ffeb6466944a026dfa5317d7d85355c119bbec279205d22f1869d1054e0",
        megabytes: 62,
        libraries: &[],
        folder: ALL,
    },
    Wheel {
        package: "nvidia-cuda-crt",
        version: "13.0.88",
        sha256: "2c8043c7c9e02492716426e9919fc78d2c5b3b2a7a768a88e952676b08aa55a4",
        megabytes: 1,
        libraries: &[],
        folder: ALL,
    },
    Wheel {
        package: "nvidia-cuda-runtime",
        version: "13.0.96",
        sha256: "7f82250d7782aa23b6cfe765ecc7db554bd3c2870c43f3d1821f1d18aebf0548",
        megabytes: 2,
        libraries: &[],
        folder: ALL,
    },
    Wheel {
        package: "nvidia-cuda-cccl",
        version: "13.0.85",
        sha256: "e0da7ad981f3a8aff08241b5bfc1af868742a63e2762f53a5171c492ef242649",
        megabytes: 3,
        libraries: &[],
        folder: ALL,
    },
    Wheel {
        package: "nvidia-cuda-nvrtc",
        version: "13.0.88",
        sha256: "ad9b6d2ead2435f11cbb6868809d2adeeee302e9bb94bcf0539c7a40d80e8575",
        megabytes: 90,
        libraries: &[],
        folder: ALL,
    },
    Wheel {
        package: "nvidia-cublas",
        version: "13.1.0.3",
        sha256: "ee8722c1f0145ab246bccb9e452153b5e0515fd094c3678df50b2a0888b8b171",
        megabytes: 423,
        libraries: &[],
        folder: ALL,
    },
    Wheel {
        package: "nvidia-curand",
        version: "10.4.0.35",
        sha256: "1aee33a5da6e1db083fe2b90082def8915f30f3248d5896bcec36a579d941bfc",
        megabytes: 60,
        libraries: &[],
        folder: ALL,
    },
];

/// The files by which a whole toolkit is told from half a one.
pub const NEEDED: &[&str] = &[
    "bin/nvcc",
    "bin/ptxas",
    "nvvm/bin/cicc",
    "include/cuda.h",
    "include/cuda_runtime.h",
    "include/cccl/cuda/std/limits",
    "lib/libcudart.so",
    "lib/libcublas.so",
    "lib/libcublasLt.so",
    "lib/libcurand.so",
    "lib/libnvrtc.so",
    "lib/stubs/libcuda.so",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wheels::tests::is_pinned;

    #[test]
    fn every_wheel_is_pinned_once_and_compiler_and_nvvm_are_of_one_release() {
        is_pinned(&TOOLKIT.iter().collect::<Vec<_>>());
        let version = |package| TOOLKIT.iter().find(|w| w.package == package).map(|w| w.version);
        assert_eq!(version("nvidia-cuda-nvcc"), version("nvidia-nvvm"));
        assert_eq!(version("nvidia-cuda-nvcc"), version("nvidia-cuda-crt"));
    }

    #[test]
    fn files_of_a_toolkit_wheel_keep_their_places_and_others_are_left_out() {
        let nvcc = &TOOLKIT[0];
        assert_eq!(nvcc.place("nvidia/cu13/bin/nvcc").as_deref(), Some("bin/nvcc"));
        for other in ["nvidia/__init__.py", "nvidia/cu13/../../x", "nvidia_cuda_nvcc-13.0.88.dist-info/METADATA"] {
            assert_eq!(nvcc.place(other), None, "{other}");
        }
    }
}
