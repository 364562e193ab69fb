// Inner products and combinations of columns, accumulated in double whatever the stored type. Sums are over blocks of
// fixed length, so they do not depend on the number of threads.

#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <vector>

#include "guard.h"
#include "route.h"
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

// Entries of f64 that a step below makes on a device besides the vectors themselves.
constexpr int64_t kRoom = int64_t{1} << 24;

int64_t piece_length(int64_t columns) { return std::max<int64_t>(1, kRoom / std::max<int64_t>(1, columns)); }

// With libtorch's operations: products of pieces in double. One copy to the host, of the small result.
void plain_gram(const at::Tensor &x, const at::Tensor &y, double *products) {
  const int64_t k = x.size(0), m = y.size(0), n = x.size(1), length = piece_length(k + m);
  auto sum = at::zeros({m, k}, x.options().dtype(at::kDouble));
  for (int64_t at = 0; at < n; at += length) {
    const int64_t here = std::min(length, n - at);
    const auto a = x.narrow(1, at, here).to(at::kDouble);
    const auto b = x.is_same(y) ? a : y.narrow(1, at, here).to(at::kDouble);
    sum.add_(at::matmul(b, a.t()));
  }
  const auto host = sum.cpu().contiguous();
  std::copy_n(host.const_data_ptr<double>(), k * m, products);
}

// Columns of y one after the other where some factors are zero: those must forget, also what is not finite.
void plain_combine(const at::Tensor &y, double beta, const at::Tensor &x, const double *c) {
  const int64_t k = x.size(0), m = y.size(0), n = y.size(1), length = piece_length(k + m);
  const bool all = std::none_of(c, c + k * m, [](double f) { return f == 0; });
  const auto host = at::TensorOptions().dtype(at::kDouble);
  for (int64_t first = 0; first < m; first += all ? m : 1) {
    const int64_t count = all ? m : 1;
    std::vector<double> factors;
    std::vector<int64_t> used;
    for (int64_t i = 0; i < k; i++) {
      if (all || c[first * k + i] != 0) used.push_back(i);
    }
    for (int64_t j = 0; j < count; j++) {
      for (const int64_t i : used) factors.push_back(c[(first + j) * k + i]);
    }
    const auto some = static_cast<int64_t>(used.size());
    const auto f = at::from_blob(factors.data(), {count, some}, host).to(x.device(), false, true);
    const auto to_rows = y.narrow(0, first, count);
    const bool whole = some == k;
    const auto index = at::from_blob(used.data(), {some}, at::TensorOptions().dtype(at::kLong)).to(x.device(), false, true);
    for (int64_t at = 0; at < n; at += length) {
      const int64_t here = std::min(length, n - at);
      const auto to = to_rows.narrow(1, at, here);
      auto result = beta == 0 ? at::zeros({count, here}, x.options().dtype(at::kDouble)) : to.to(at::kDouble, false, true).mul_(beta);
      if (some > 0) {
        auto from = x.narrow(1, at, here);
        if (!whole) from = from.index_select(0, index);
        result.add_(at::matmul(f, from.to(at::kDouble)));
      }
      to.copy_(result);
    }
  }
}

}  // namespace

extern "C" hesse_error hesse_gram(hesse_tensor x, hesse_tensor y, double *products) {
  return hesse::guard([&] {
    if (!hesse::own_loops(*x)) return plain_gram(*x, *y, products);
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
    if (!hesse::own_loops(*y)) return plain_combine(*y, beta, *x, c);
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
