//! Which wheels hold libtorch: those of PyTorch 2.11.0 and of what its metadata pins beside it.

use crate::wheels::Wheel;

/// What the CPU needs.
pub const CPU: &[Wheel] = &[
    Wheel {
        package: "torch",
        version: "2.11.0",
        sha256: "0f68f4ac6d95d12e896c3b7a912b5871619542ec54d3649cf48cc1edd4dd2756",
        megabytes: 531,
        libraries: &["torch/lib/libtorch_cpu.so", "torch/lib/libc10.so", "torch/lib/libgomp.so.1"],
        folder: Some(("torch/include/", "include/")),
    },
    Wheel {
        package: "nvidia-cuda-runtime",
        version: "13.0.96",
        sha256: "7f82250d7782aa23b6cfe765ecc7db554bd3c2870c43f3d1821f1d18aebf0548",
        megabytes: 2,
        libraries: &["nvidia/cu13/lib/libcudart.so.13"],
        folder: None,
    },
    Wheel {
        package: "nvidia-cuda-cupti",
        version: "13.0.85",
        sha256: "4eb01c08e859bf924d222250d2e8f8b8ff6d3db4721288cf35d14252a4d933c8",
        megabytes: 11,
        libraries: &["nvidia/cu13/lib/libcupti.so.13"],
        folder: None,
    },
];

/// The libraries of PyTorch's own wheel that CUDA needs besides.
pub const OF_TORCH: &[&str] = &[
    "torch/lib/libtorch_cuda.so",
    "torch/lib/libtorch_cuda_linalg.so",
    "torch/lib/libtorch_nvshmem.so",
    "torch/lib/libc10_cuda.so",
    "torch/lib/libcaffe2_nvrtc.so",
];

/// What those are linked with.
pub const CUDA: &[Wheel] = &[
    Wheel {
        package: "nvidia-cublas",
        version: "13.1.0.3",
        sha256: "ee8722c1f0145ab246bccb9e452153b5e0515fd094c3678df50b2a0888b8b171",
        megabytes: 423,
        libraries: &["nvidia/cu13/lib/libcublas.so.13", "nvidia/cu13/lib/libcublasLt.so.13"],
        folder: None,
    },
    Wheel {
        package: "nvidia-cuda-nvrtc",
        version: "13.0.88",
        sha256: "ad9b6d2ead2435f11cbb6868809d2adeeee302e9bb94bcf0539c7a40d80e8575",
        megabytes: 90,
        libraries: &["nvidia/cu13/lib/libnvrtc.so.13", "nvidia/cu13/lib/libnvrtc-builtins.so.13.0"],
        folder: None,
    },
    Wheel {
        package: "nvidia-cudnn-cu13",
        version: "9.19.0.56",
        sha256: "d20e1734305e9d68889a96e3f35094d733ff1f83932ebe462753973e53a572bf",
        megabytes: 366,
        libraries: &[
            "nvidia/cudnn/lib/libcudnn.so.9",
            "nvidia/cudnn/lib/libcudnn_adv.so.9",
            "nvidia/cudnn/lib/libcudnn_cnn.so.9",
            "nvidia/cudnn/lib/libcudnn_engines_precompiled.so.9",
            "nvidia/cudnn/lib/libcudnn_engines_runtime_compiled.so.9",
            "nvidia/cudnn/lib/libcudnn_graph.so.9",
            "nvidia/cudnn/lib/libcudnn_heuristic.so.9",
            "nvidia/cudnn/lib/libcudnn_ops.so.9",
        ],
        folder: None,
    },
    Wheel {
        package: "nvidia-cufft",
        version: "12.0.0.61",
        sha256: "6c44f692dce8fd5ffd3e3df134b6cdb9c2f72d99cf40b62c32dde45eea9ddad3",
        megabytes: 214,
        libraries: &["nvidia/cu13/lib/libcufft.so.12"],
        folder: None,
    },
    Wheel {
        package: "nvidia-cufile",
        version: "1.15.1.6",
        sha256: "08a3ecefae5a01c7f5117351c64f17c7c62efa5fffdbe24fc7d298da19cd0b44",
        megabytes: 1,
        libraries: &["nvidia/cu13/lib/libcufile.so.0"],
        folder: None,
    },
    Wheel {
        package: "nvidia-curand",
        version: "10.4.0.35",
        sha256: "1aee33a5da6e1db083fe2b90082def8915f30f3248d5896bcec36a579d941bfc",
        megabytes: 60,
        libraries: &["nvidia/cu13/lib/libcurand.so.10"],
        folder: None,
    },
    Wheel {
        package: "nvidia-cusolver",
        version: "12.0.4.66",
        sha256: "0a759da5dea5c0ea10fd307de75cdeb59e7ea4fcb8add0924859b944babf1112",
        megabytes: 201,
        libraries: &["nvidia/cu13/lib/libcusolver.so.12"],
        folder: None,
    },
    Wheel {
        package: "nvidia-cusparse",
        version: "12.6.3.3",
        sha256: "2b3c89c88d01ee0e477cb7f82ef60a11a4bcd57b6b87c33f789350b59759360b",
        megabytes: 146,
        libraries: &["nvidia/cu13/lib/libcusparse.so.12"],
        folder: None,
    },
    Wheel {
        package: "nvidia-cusparselt-cu13",
        version: "0.8.0",
        sha256: "25e30a8a7323935d4ad0340b95a0b69926eee755767e8e0b1cf8dd85b197d3fd",
        megabytes: 170,
        libraries: &["nvidia/cusparselt/lib/libcusparseLt.so.0"],
        folder: None,
    },
    Wheel {
        package: "nvidia-nccl-cu13",
        version: "2.28.9",
        sha256: "e4553a30f34195f3fa1da02a6da3d6337d28f2003943aa0a3d247bbc25fefc42",
        megabytes: 197,
        libraries: &["nvidia/nccl/lib/libnccl.so.2"],
        folder: None,
    },
    Wheel {
        package: "nvidia-nvjitlink",
        version: "13.0.88",
        sha256: "13a74f429e23b921c1109976abefacc69835f2f433ebd323d3946e11d804e47b",
        megabytes: 41,
        libraries: &["nvidia/cu13/lib/libnvJitLink.so.13"],
        folder: None,
    },
    Wheel {
        package: "nvidia-nvshmem-cu13",
        version: "3.4.5",
        sha256: "290f0a2ee94c9f3687a02502f3b9299a9f9fe826e6d0287ee18482e78d495b80",
        megabytes: 60,
        libraries: &["nvidia/nvshmem/lib/libnvshmem_host.so.3"],
        folder: None,
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wheels::tests::is_pinned;

    #[test]
    fn libraries_and_headers_are_taken_and_nothing_else() {
        let torch = &CPU[0];
        assert_eq!(torch.place("torch/lib/libc10.so").as_deref(), Some("lib/libc10.so"));
        assert_eq!(torch.place("torch/include/ATen/Tensor.h").as_deref(), Some("include/ATen/Tensor.h"));
        for other in ["torch/lib/libtorch_cuda.so", "torch/nn/__init__.py", "torch/include/../../x", "torch/include//x"]
        {
            assert_eq!(torch.place(other), None, "{other}");
        }
        assert_eq!(CPU[1].place("nvidia/cu13/include/cuda.h"), None);
    }

    #[test]
    fn every_wheel_is_pinned_once() {
        is_pinned(&CPU.iter().chain(CUDA).collect::<Vec<_>>());
    }

    /// The names that `readelf -d` gives for the libraries of PyTorch's wheel, less those of every Linux.
    #[test]
    fn all_that_the_cuda_libraries_are_linked_with_is_brought() {
        let needed = [
            "libtorch_nvshmem.so",
            "libc10_cuda.so",
            "libcudart.so.13",
            "libcusparse.so.12",
            "libcufft.so.12",
            "libcufile.so.0",
            "libcusparseLt.so.0",
            "libnccl.so.2",
            "libcurand.so.10",
            "libcublas.so.13",
            "libcublasLt.so.13",
            "libcudnn.so.9",
            "libc10.so",
            "libtorch_cpu.so",
            "libtorch_cuda.so",
            "libcusolver.so.12",
            "libnvshmem_host.so.3",
            "libnvrtc.so.13",
            "libnvJitLink.so.13",
            "libcupti.so.13",
            "libgomp.so.1",
        ];
        let brought: Vec<&str> = super::super::libraries(super::super::Parts::Cuda).map(crate::wheels::base).collect();
        for name in needed {
            assert!(brought.contains(&name), "{name} is in no wheel of the list");
        }
    }
}
