// See route.h.

#include "route.h"

#include <ATen/ops/aminmax.h>

#include "guard.h"

namespace hesse {

thread_local bool plain = false;

void check_indices(const at::Tensor &index, int64_t size, const char *what) {
  constexpr int64_t kFew = 16384;
  if (index.numel() == 0 || index.numel() > kFew) return;
  const auto ends = at::aminmax(index);
  const auto least = std::get<0>(ends).item<int64_t>(), most = std::get<1>(ends).item<int64_t>();
  TORCH_CHECK(least >= 0 && most < size, "expected ", what, " below ", size, ", found ", least < 0 ? least : most);
}

}  // namespace hesse

extern "C" hesse_error hesse_check_indices(hesse_tensor index, int64_t size) {
  return hesse::guard([&] {
    if (!hesse::own_loops(*index)) hesse::check_indices(*index, size, "an index");
  });
}
