// Inner products and combinations of columns, accumulated in double whatever the stored type. Sums are over blocks of
// fixed length, so they do not depend on the number of threads.

#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>

#include <algorithm>
#include <vector>

#include "guard.h"
#include "wide.h"

namespace {

constexpr int64_t kGrain = 8192;
constexpr int64_t kPiece = 512;

template <class T>
HESSE_WIDE double dot(const T *a, const T *b, int64_t n) {
  double lanes[8] = {0, 0, 0, 0, 0, 0, 0, 0};
  int64_t i = 0;
  for (; i + 8 <= n; i += 8) {
    for (int l = 0; l < 8; l++) lanes[l] += static_cast<double>(a[i + l]) * static_cast<double>(b[i + l]);
  }
  double sum = 0;
  for (int l = 0; l < 8; l++) sum += lanes[l];
  for (; i < n; i++) sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return sum;
}

// y ← β y + Σ c_i x_i over one piece.
template <class T>
HESSE_WIDE void combine(T *y, double beta, const T *x, int64_t stride, const double *c, int64_t k, int64_t n) {
  double sums[kPiece];
  // A factor of zero forgets, also what is not finite.
  for (int64_t r = 0; r < n; r++) sums[r] = beta == 0 ? 0.0 : beta * static_cast<double>(y[r]);
  for (int64_t i = 0; i < k; i++) {
    if (c[i] == 0) continue;
    for (int64_t r = 0; r < n; r++) sums[r] += c[i] * static_cast<double>(x[i * stride + r]);
  }
  for (int64_t r = 0; r < n; r++) y[r] = static_cast<T>(sums[r]);
}

}  // namespace

extern "C" hesse_error hesse_gram(hesse_tensor x, hesse_tensor y, double *products) {
  return hesse::guard([&] {
    const int64_t k = x->size(0), m = y->size(0), n = x->size(1), tasks = (n + kGrain - 1) / kGrain;
    std::vector<double> partial(static_cast<size_t>(tasks * k * m));
    AT_DISPATCH_FLOATING_TYPES(x->scalar_type(), "gram", [&] {
      const auto *a = x->const_data_ptr<scalar_t>();
      const auto *b = y->const_data_ptr<scalar_t>();
      at::parallel_for(0, tasks, 1, [&](int64_t begin, int64_t end) {
        for (int64_t t = begin; t < end; t++) {
          const int64_t from = t * kGrain, length = std::min(kGrain, n - from);
          for (int64_t j = 0; j < m; j++) {
            for (int64_t i = 0; i < k; i++) {
              partial[static_cast<size_t>((t * m + j) * k + i)] = dot(a + i * n + from, b + j * n + from, length);
            }
          }
        }
      });
    });
    for (int64_t e = 0; e < k * m; e++) {
      products[e] = 0;
      for (int64_t t = 0; t < tasks; t++) products[e] += partial[static_cast<size_t>(t * k * m + e)];
    }
  });
}

extern "C" hesse_error hesse_combine(hesse_tensor y, double beta, hesse_tensor x, const double *c) {
  return hesse::guard([&] {
    const int64_t k = x->size(0), m = y->size(0), n = y->size(1), pieces = (n + kPiece - 1) / kPiece;
    AT_DISPATCH_FLOATING_TYPES(y->scalar_type(), "combine", [&] {
      const auto *from = x->const_data_ptr<scalar_t>();
      auto *to = y->mutable_data_ptr<scalar_t>();
      at::parallel_for(0, pieces, kGrain / kPiece, [&](int64_t begin, int64_t end) {
        for (int64_t p = begin; p < end; p++) {
          const int64_t at = p * kPiece, length = std::min(kPiece, n - at);
          for (int64_t j = 0; j < m; j++) combine(to + j * n + at, beta, from + at, n, c + j * k, k, length);
        }
      });
    });
  });
}
