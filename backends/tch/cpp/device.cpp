// CUDA devices as libtorch sees them.
//
// The CUDA part of libtorch is a library of its own that nothing here is linked with: `src/shim/cuda` opens it. Everything
// below goes through the interfaces by which that library announces itself.

#include <ATen/Context.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <ATen/ops/zeros.h>
#include <c10/core/CachingDeviceAllocator.h>

#include <cstdlib>
#include <string>

#include "guard.h"

// Before the CUDA library is opened: cuBLAS reads this when it starts, and is deterministic only with it.
extern "C" void hesse_cuda_prepare() {
#ifndef _WIN32
  setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", 0);
#endif
}

// How many devices libtorch can use, or -1 where its CUDA part has not announced itself.
extern "C" hesse_error hesse_cuda_devices(int *count) {
  return hesse::guard([&] {
    const auto &hooks = at::detail::getCUDAHooks();
    *count = hooks.hasCUDART() ? static_cast<int>(hooks.getNumGPUs()) : -1;
  });
}

// Makes the device compute something, and waits for it.
extern "C" hesse_error hesse_cuda_try(int device) {
  return hesse::guard([&] {
    const auto place = c10::Device(c10::DeviceType::CUDA, static_cast<c10::DeviceIndex>(device));
    const auto sum = at::zeros({2, 2}, at::TensorOptions().dtype(at::kDouble).device(place)).add_(1).sum().item<double>();
    TORCH_CHECK(sum == 4, "expected 4, found ", sum);
  });
}

extern "C" hesse_error hesse_cuda_describe(char **text) {
  return hesse::guard([&] {
    const auto &hooks = at::detail::getCUDAHooks();
    std::string words = "CUDA runtime " + std::to_string(hooks.versionCUDART());
    if (hooks.hasCuDNN()) words += ", cuDNN " + std::to_string(hooks.versionRuntimeCuDNN());
    *text = hesse::text(words.c_str());
  });
}

// Bytes that tensors hold on the device.
extern "C" hesse_error hesse_cuda_bytes(int device, int64_t *bytes) {
  return hesse::guard([&] {
    auto *allocator = at::getDeviceAllocator(c10::DeviceType::CUDA);
    const auto stats = allocator->getDeviceStats(static_cast<c10::DeviceIndex>(device));
    *bytes = stats.allocated_bytes[static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE)].current;
  });
}
