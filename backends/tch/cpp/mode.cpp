// The state of libtorch in which programs run: no autograd, no TF32, deterministic, a number of threads, and memory that
// is kept between operations.
//
// The allocator matters: the system's returns large blocks at once and hands out fresh pages, which the kernel clears and
// maps anew for every result. An element-wise pass over 32 MB then costs twice its work. So freed blocks are kept by
// size and handed out again; a program's results have the same sizes in every run. `hesse_trim` gives them back.

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <c10/core/CPUAllocator.h>
#include <c10/core/InferenceMode.h>
#include <c10/core/impl/alloc_cpu.h>
#include <torch/version.h>

#include <map>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "guard.h"
#include "route.h"

namespace hesse {
namespace {

// Bytes that this thread has taken less those it has given back, in blocks of the size that the allocator below keeps.
thread_local int64_t metered = 0;

class KeepingAllocator final : public c10::Allocator {
 public:
  explicit KeepingAllocator(c10::Allocator *system) : system_(system) {}

  c10::DataPtr allocate(size_t wanted) override {
    if (wanted < kSmallest) return system_->allocate(wanted);
    const size_t size = rounded(wanted);
    metered += static_cast<int64_t>(size);
    void *data = take(size);
    if (data == nullptr) {
      try {
        data = c10::alloc_cpu(size);
      } catch (const c10::Error &) {
        // What is kept may be what is missing.
        trim();
        data = c10::alloc_cpu(size);
      }
      std::lock_guard<std::mutex> lock(mutex_);
      sizes_.emplace(data, size);
    }
    return {data, data, &release, c10::Device(c10::DeviceType::CPU)};
  }

  c10::DeleterFnPtr raw_deleter() const override { return &release; }

  void copy_data(void *to, const void *from, size_t count) const override { default_copy_data(to, from, count); }

  void trim() {
    std::lock_guard<std::mutex> lock(mutex_);
    for (auto &[size, blocks] : free_) {
      for (void *block : blocks) {
        sizes_.erase(block);
        c10::free_cpu(block);
      }
    }
    free_.clear();
  }

  static KeepingAllocator &get() {
    // Never destroyed: tensors may be freed after the statics of this library.
    static auto *only = new KeepingAllocator(c10::GetDefaultCPUAllocator());
    return *only;
  }

 private:
  static constexpr size_t kSmallest = 64 * 1024;

  // To an eighth of the leading power of two: sizes that differ little share blocks.
  static size_t rounded(size_t wanted) {
    size_t step = kSmallest / 8;
    while (step * 16 < wanted) step *= 2;
    return (wanted + step - 1) / step * step;
  }

  void *take(size_t size) {
    std::lock_guard<std::mutex> lock(mutex_);
    auto found = free_.find(size);
    if (found == free_.end() || found->second.empty()) return nullptr;
    void *data = found->second.back();
    found->second.pop_back();
    return data;
  }

  static void release(void *data) {
    if (data == nullptr) return;
    auto &self = get();
    std::lock_guard<std::mutex> lock(self.mutex_);
    auto found = self.sizes_.find(data);
    if (found == self.sizes_.end()) {
      c10::free_cpu(data);
    } else {
      self.free_[found->second].push_back(data);
      metered -= static_cast<int64_t>(found->second);
    }
  }

  c10::Allocator *system_;
  std::mutex mutex_;
  std::unordered_map<void *, size_t> sizes_;
  std::map<size_t, std::vector<void *>> free_;
};

}  // namespace
}  // namespace hesse

extern "C" void hesse_free_text(char *text) {
  // The text of a failure without memory is no memory of its own.
  if (text != nullptr && *text != 0) std::free(text);
}

extern "C" hesse_error hesse_set_up() {
  return hesse::guard([] {
    static std::once_flag once;
    std::call_once(once, [] {
      auto &context = at::globalContext();
      context.setFloat32MatmulPrecision("highest");
      context.setAllowTF32CuBLAS(false);
      context.setAllowTF32CuDNN(false);
      context.setBenchmarkCuDNN(false);
      context.setDeterministicCuDNN(true);
      // Fused attention has no second derivative; the plain one has all.
      context.setSDPUseFlash(false);
      context.setSDPUseMemEfficient(false);
      context.setSDPUseCuDNN(false);
      c10::SetCPUAllocator(&hesse::KeepingAllocator::get(), 1);
    });
  });
}

namespace {

struct Entered {
  c10::InferenceMode mode;
  bool plain;  // as it was
};

}  // namespace

// The guard belongs to the calling thread.
extern "C" hesse_error hesse_enter(const HesseMode *mode, void **guard) {
  return hesse::guard([&] {
    // These are libtorch's, not ours: another backend of this process may have set them since.
    if (at::get_num_threads() != mode->threads) at::set_num_threads(mode->threads);
    if (mode->cuda) {
      auto &context = at::globalContext();
      context.setFloat32MatmulPrecision(mode->tf32 ? "high" : "highest");
      context.setAllowTF32CuBLAS(mode->tf32);
      context.setAllowTF32CuDNN(mode->tf32);
      context.setDeterministicCuDNN(mode->deterministic);
      context.setDeterministicAlgorithms(mode->deterministic, false);
      // Filling what is overwritten anyway would cost a pass over memory.
      context.setDeterministicFillUninitializedMemory(false);
    }
    *guard = new Entered{c10::InferenceMode(true), hesse::plain};
    hesse::plain = mode->plain;
  });
}

extern "C" void hesse_leave(void *guard) {
  auto *entered = static_cast<Entered *>(guard);
  if (entered == nullptr) return;
  hesse::plain = entered->plain;
  delete entered;
}

extern "C" hesse_error hesse_describe(char **text) {
  return hesse::guard([&] {
    std::string words = std::string("libtorch ") + TORCH_VERSION + ", " + at::get_cpu_capability();
    words += at::hasMKL() ? ", MKL" : "";
    words += at::hasMKLDNN() ? ", oneDNN" : "";
    *text = hesse::text(words.c_str());
  });
}

extern "C" void hesse_meter_begin() { hesse::metered = 0; }

extern "C" int64_t hesse_meter_end() { return hesse::metered; }

extern "C" void hesse_trim() { hesse::KeepingAllocator::get().trim(); }
