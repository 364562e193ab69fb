// Gathering and scattering along the last axis. libtorch scatters on one thread on the CPU, because its rows may meet;
// here a row of the result belongs to one row of the operand, so rows run in parallel and in a fixed order.

#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/gather.h>
#include <ATen/ops/scatter_add.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <atomic>

#include "guard.h"
#include "route.h"

namespace {

// `[outer, inner, size]`, with the inner axis last in memory where `swapped` (the layout of images whose channels come
// last): then neighbours in memory are different rows, and a walk over positions first is the fast one.
struct Rows {
  at::Tensor tensor;
  int64_t outer, inner, size;
  bool swapped;
};

bool is_swapped(const at::Tensor &t) {
  return t.dim() == 3 && t.size(1) > 1 && t.size(2) > 1 && !t.is_contiguous() && t.transpose(1, 2).is_contiguous();
}

Rows rows(const at::Tensor &t, bool swapped) {
  const int64_t size = t.dim() == 0 ? 1 : t.size(-1);
  if (swapped) return {t.transpose(1, 2).contiguous().transpose(1, 2), t.size(0), t.size(1), size, true};
  const int64_t count = size == 0 ? 0 : t.numel() / size;
  return {t.contiguous(), count, 1, size, false};
}

at::Tensor result(const at::Tensor &like, int64_t size, bool swapped, bool zero) {
  auto sizes = like.sizes().vec();
  if (sizes.empty()) sizes.push_back(size);
  sizes.back() = size;
  if (swapped) std::swap(sizes[1], sizes[2]);
  auto t = zero ? at::zeros(sizes, like.options()) : at::empty(sizes, like.options());
  return swapped ? t.transpose(1, 2) : t;
}

// Calls `move(position of the long side, position of the short side)` for every index, outer by outer.
template <class F>
void walk(const Rows &index, int64_t size, F move) {
  const auto *i = index.tensor.const_data_ptr<int64_t>();
  std::atomic<int64_t> wrong{-1};
  const int64_t each = std::max<int64_t>(1, index.inner * index.size);
  const int64_t grain = std::max<int64_t>(1, 16384 / each);
  at::parallel_for(0, index.outer, grain, [&](int64_t begin, int64_t end) {
    for (int64_t o = begin; o < end; o++) {
      for (int64_t k = 0; k < index.size; k++) {
        for (int64_t r = 0; r < index.inner; r++) {
          const int64_t at = (o * index.size + k) * index.inner + r;
          const int64_t to = i[at];
          if (to < 0 || to >= size) {
            wrong.store(at, std::memory_order_relaxed);
            continue;
          }
          move((o * size + to) * index.inner + r, at);
        }
      }
    }
  });
  const int64_t at = wrong.load();
  TORCH_CHECK(at < 0, "expected an index below ", size, ", found ", i[at]);
}

}  // namespace

extern "C" hesse_error hesse_gather(hesse_tensor x, hesse_tensor index, hesse_tensor *y) {
  return hesse::guard([&] {
    if (!hesse::own_loops(*x)) {
      hesse::check_indices(*index, x->size(-1), "an index");
      *y = new at::Tensor(at::gather(*x, -1, *index));
      return;
    }
    const bool swapped = is_swapped(*x) && index->dim() == 3;
    const Rows from = rows(*x, swapped), at = rows(*index, swapped);
    TORCH_CHECK(from.outer == at.outer || at.size == 0, "expected ", at.outer, " rows, found ", from.outer);
    auto to = result(*x, at.size, swapped, false);
    AT_DISPATCH_FLOATING_TYPES(x->scalar_type(), "gather", [&] {
      const auto *source = from.tensor.const_data_ptr<scalar_t>();
      auto *target = to.mutable_data_ptr<scalar_t>();
      walk(at, from.size, [=](int64_t wide, int64_t narrow) { target[narrow] = source[wide]; });
    });
    *y = new at::Tensor(std::move(to));
  });
}

extern "C" hesse_error hesse_scatter_add(hesse_tensor g, hesse_tensor index, int64_t size, hesse_tensor *y) {
  return hesse::guard([&] {
    if (!hesse::own_loops(*g)) {
      hesse::check_indices(*index, size, "an index");
      auto sizes = g->sizes().vec();
      sizes.back() = size;
      *y = new at::Tensor(at::scatter_add(at::zeros(sizes, g->options()), -1, *index, *g));
      return;
    }
    const bool swapped = is_swapped(*index) && g->dim() == 3;
    const Rows from = rows(*g, swapped), at = rows(*index, swapped);
    TORCH_CHECK(from.tensor.numel() == at.tensor.numel(), "expected ", at.tensor.numel(), " entries, found ",
                from.tensor.numel());
    auto to = result(*g, size, swapped, true);
    AT_DISPATCH_FLOATING_TYPES(g->scalar_type(), "scatter_add", [&] {
      const auto *source = from.tensor.const_data_ptr<scalar_t>();
      auto *target = to.mutable_data_ptr<scalar_t>();
      walk(at, size, [=](int64_t wide, int64_t narrow) { target[wide] += source[narrow]; });
    });
    *y = new at::Tensor(std::move(to));
  });
}
