// Pooling. The programs want positions of maxima without the maxima, and libtorch bounds the padding by half the window;
// the definition does not.

#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/avg_pool2d.h>
#include <ATen/ops/avg_pool2d_backward.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/div.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/max_pool2d_with_indices.h>
#include <ATen/ops/remainder.h>
#include <ATen/ops/ones.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "guard.h"
#include "route.h"

namespace {

at::IntArrayRef pair(const int64_t (&values)[2]) { return {values, 2}; }

int64_t windows(const HesseWindow &w, int axis) {
  return (w.input[axis] + 2 * w.padding[axis] - w.kernel[axis]) / w.stride[axis] + 1;
}

// The entries of an axis that window `at` covers.
struct Range {
  int64_t from, to;
};
Range covered(const HesseWindow &w, int axis, int64_t at) {
  const int64_t first = at * w.stride[axis] - w.padding[axis];
  return {std::max<int64_t>(first, 0), std::min(first + w.kernel[axis], w.input[axis])};
}

// Position within the plane of the largest entry of each window; the first wins. `step` is the distance in memory of
// neighbours of a row, `line` of neighbours of a column, `out` of results.
template <class T>
void plane(const HesseWindow &w, const T *x, int64_t line, int64_t step, int64_t *index, int64_t out) {
  const int64_t rows = windows(w, 0), columns = windows(w, 1);
  for (int64_t i = 0; i < rows; i++) {
    const Range h = covered(w, 0, i);
    for (int64_t j = 0; j < columns; j++) {
      const Range v = covered(w, 1, j);
      int64_t best = h.from * w.input[1] + v.from;
      T largest = x[h.from * line + v.from * step];
      for (int64_t a = h.from; a < h.to; a++) {
        for (int64_t b = v.from; b < v.to; b++) {
          const T value = x[a * line + b * step];
          if (value > largest) {
            largest = value;
            best = a * w.input[1] + b;
          }
        }
      }
      index[(i * columns + j) * out] = best;
    }
  }
}

bool fits(const HesseWindow &w) { return w.padding[0] * 2 <= w.kernel[0] && w.padding[1] * 2 <= w.kernel[1]; }

std::vector<int64_t> border(const HesseWindow &w, int64_t sign) {
  return {sign * w.padding[1], sign * w.padding[1], sign * w.padding[0], sign * w.padding[0]};
}

// How many entries each window covers.
at::Tensor counts(const HesseWindow &w, const at::Tensor &like) {
  const auto ones = at::ones({1, 1, w.input[0], w.input[1]}, like.options());
  const auto padded = at::constant_pad_nd(ones, border(w, 1), 0);
  const int64_t window = w.kernel[0] * w.kernel[1];
  return at::avg_pool2d(padded, pair(w.kernel), pair(w.stride)).mul_(window).round_();
}

// The same with libtorch's operations, which bound the padding: beyond that, of an image with a border that never wins.
at::Tensor plain_max_pool_index(const at::Tensor &x, const HesseWindow &w) {
  if (fits(w)) return std::get<1>(at::max_pool2d_with_indices(x, pair(w.kernel), pair(w.stride), pair(w.padding)));
  const double never = -std::numeric_limits<double>::infinity();
  const auto padded = at::constant_pad_nd(x, border(w, 1), never);
  const auto found = std::get<1>(at::max_pool2d_with_indices(padded, pair(w.kernel), pair(w.stride)));
  const int64_t columns = w.input[1] + 2 * w.padding[1];
  const auto row = at::div(found, columns, "floor").sub(w.padding[0]).clamp(0, w.input[0] - 1);
  const auto column = at::remainder(found, columns).sub(w.padding[1]).clamp(0, w.input[1] - 1);
  return row.mul(w.input[1]).add(column);
}

}  // namespace

extern "C" hesse_error hesse_max_pool_index(hesse_tensor x, const HesseWindow *w, hesse_tensor *index) {
  return hesse::guard([&] {
    if (!hesse::own_loops(*x)) {
      *index = new at::Tensor(plain_max_pool_index(*x, *w));
      return;
    }
    const int64_t batch = x->size(0), channels = x->size(1), rows = windows(*w, 0), columns = windows(*w, 1);
    const bool last = x->is_contiguous(at::MemoryFormat::ChannelsLast) && !x->is_contiguous();
    const auto format = last ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous;
    const auto dense = x->contiguous(format);
    auto result = at::empty({batch, channels, rows, columns}, x->options().dtype(at::kLong), format);
    const int64_t area = w->input[0] * w->input[1], out = rows * columns;
    AT_DISPATCH_FLOATING_TYPES(dense.scalar_type(), "max_pool_index", [&] {
      const auto *from = dense.const_data_ptr<scalar_t>();
      auto *to = result.mutable_data_ptr<int64_t>();
      const int64_t grain = std::max<int64_t>(1, 16384 / std::max<int64_t>(1, area));
      at::parallel_for(0, batch * channels, grain, [&](int64_t begin, int64_t end) {
        for (int64_t p = begin; p < end; p++) {
          const int64_t n = p / channels, c = p % channels;
          if (last) {
            plane(*w, from + n * area * channels + c, w->input[1] * channels, channels, to + n * out * channels + c,
                  channels);
          } else {
            plane(*w, from + p * area, w->input[1], int64_t{1}, to + p * out, int64_t{1});
          }
        }
      });
    });
    *index = new at::Tensor(std::move(result));
  });
}

extern "C" hesse_error hesse_average_pool(hesse_tensor x, const HesseWindow *w, bool count_padding, hesse_tensor *y) {
  return hesse::guard([&] {
    if (fits(*w)) {
      *y = new at::Tensor(
          at::avg_pool2d(*x, pair(w->kernel), pair(w->stride), pair(w->padding), false, count_padding));
      return;
    }
    auto mean = at::avg_pool2d(at::constant_pad_nd(*x, border(*w, 1), 0), pair(w->kernel), pair(w->stride));
    if (!count_padding) mean = mean.mul_(w->kernel[0] * w->kernel[1]).div_(counts(*w, *x));
    *y = new at::Tensor(std::move(mean));
  });
}

extern "C" hesse_error hesse_average_pool_grad(hesse_tensor g, const HesseWindow *w, bool count_padding,
                                               hesse_tensor *x) {
  return hesse::guard([&] {
    // Only the sizes of the input are read; no memory is made for it.
    const auto like = [&](int64_t rows, int64_t columns) {
      return at::empty({1}, g->options()).expand({g->size(0), g->size(1), rows, columns});
    };
    if (fits(*w)) {
      *x = new at::Tensor(at::avg_pool2d_backward(*g, like(w->input[0], w->input[1]), pair(w->kernel), pair(w->stride),
                                                  pair(w->padding), false, count_padding, c10::nullopt));
      return;
    }
    const auto spread = count_padding ? *g : g->div(counts(*w, *g)).mul_(w->kernel[0] * w->kernel[1]);
    const int64_t rows = w->input[0] + 2 * w->padding[0], columns = w->input[1] + 2 * w->padding[1];
    const auto padded = at::avg_pool2d_backward(spread, like(rows, columns), pair(w->kernel), pair(w->stride), {0, 0},
                                                false, true, c10::nullopt);
    *x = new at::Tensor(at::constant_pad_nd(padded, border(*w, -1), 0));
  });
}
