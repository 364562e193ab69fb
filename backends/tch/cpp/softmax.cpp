// Softmax and cross-entropy along rows, exact where a sample is saturated.
//
// libtorch's own forms subtract: log Σ exp z − z_y and softmax(z) − e_y lose every digit of 1 − p_y once it has been
// rounded into p_y. Here nothing subtracts a probability from 1; differences are sums over the other classes, and logits
// are taken relative to the largest. Rows are short, so sums are kept in double throughout.

#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/gather.h>
#include <ATen/ops/isinf.h>
#include <ATen/ops/log1p.h>
#include <ATen/ops/max.h>
#include <ATen/ops/where.h>

#include <algorithm>
#include <atomic>
#include <cmath>

#include "guard.h"
#include "route.h"

namespace {

enum Kind { kCovariance = 0, kCentre = 1, kLogSumExp = 2, kCrossEntropy = 3, kResidual = 4, kSoftmax = 5 };

// Position of the largest entry: the first wins a tie, NaN counts as the largest.
template <class T>
int64_t largest(const T *row, int64_t n) {
  int64_t best = 0;
  for (int64_t i = 1; i < n; i++) {
    if (row[i] > row[best] || (std::isnan(row[i]) && !std::isnan(row[best]))) best = i;
  }
  return best;
}

// Σ_{j≠m} exp(z_j − z_m).
template <class T>
double rest(const T *z, int64_t n, int64_t m) {
  double sum = 0;
  for (int64_t j = 0; j < n; j++) {
    if (j != m) sum += std::exp(static_cast<double>(z[j]) - static_cast<double>(z[m]));
  }
  return sum;
}

template <class T>
void exponentials(const T *z, int64_t n, int64_t label, T *out) {
  const double top = z[largest(z, n)];
  double sum = 0, others = 0;
  for (int64_t j = 0; j < n; j++) {
    const double e = std::exp(static_cast<double>(z[j]) - top);
    sum += e;
    if (j != label) others += e;
    out[j] = static_cast<T>(e);
  }
  const double scale = 1.0 / sum;
  for (int64_t j = 0; j < n; j++) {
    // From the logit again, so that the result is rounded once.
    const double e = std::exp(static_cast<double>(z[j]) - top);
    out[j] = static_cast<T>((j == label ? -others : e) * scale);
  }
}

template <class T>
void row(int kind, const T *a, const T *b, int64_t label, int64_t n, T *out) {
  switch (kind) {
    case kCovariance:
    case kCentre: {
      // u relative to its entry for the dominant class, which then contributes p_m·0, exactly.
      const double shift = b[largest(a, n)];
      double mean = 0;
      for (int64_t j = 0; j < n; j++) mean += static_cast<double>(a[j]) * (static_cast<double>(b[j]) - shift);
      for (int64_t j = 0; j < n; j++) {
        const double centred = (static_cast<double>(b[j]) - shift) - mean;
        out[j] = static_cast<T>(kind == kCentre ? centred : static_cast<double>(a[j]) * centred);
      }
      return;
    }
    case kLogSumExp: {
      const int64_t m = largest(a, n);
      const double top = a[m];
      // An infinite largest logit is the answer itself; the sum over the others is then not a number.
      *out = std::isinf(top) ? a[m] : static_cast<T>(top + std::log1p(rest(a, n, m)));
      return;
    }
    case kCrossEntropy: {
      const int64_t m = largest(a, n);
      *out = static_cast<T>((static_cast<double>(a[m]) - static_cast<double>(a[label])) + std::log1p(rest(a, n, m)));
      return;
    }
    default:
      exponentials(a, n, label, out);
  }
}

// The same with libtorch's operations, in double.
at::Tensor plain_softmax(int kind, const at::Tensor &a, const at::Tensor *b) {
  const auto z = a.to(at::kDouble);
  const auto ends = at::max(z, -1, true);
  const auto &top = std::get<0>(ends), &place = std::get<1>(ends);
  const auto back = [&](const at::Tensor &t) { return t.to(a.scalar_type()); };
  const auto label = [&] {
    hesse::check_indices(*b, a.size(-1), "labels");
    return b->reshape(top.sizes());
  };
  switch (kind) {
    case kCovariance:
    case kCentre: {
      const auto u = b->to(at::kDouble);
      const auto moved = u.sub(at::gather(u, -1, place));
      const auto centred = moved.sub(moved.mul(z).sum(-1, true));
      return back(kind == kCentre ? centred : centred.mul(z));
    }
    case kLogSumExp: {
      const auto rest = at::exp(z.sub(top)).scatter(-1, place, 0).sum(-1, true);
      // An infinite largest logit is the answer itself; the sum over the others is then not a number.
      return back(at::where(at::isinf(top), top, at::log1p(rest).add(top)).squeeze(-1));
    }
    case kCrossEntropy: {
      const auto rest = at::exp(z.sub(top)).scatter(-1, place, 0).sum(-1, true);
      return back(top.sub(at::gather(z, -1, label())).add(at::log1p(rest)).squeeze(-1));
    }
    case kResidual: {
      const auto e = at::exp(z.sub(top)), scale = e.sum(-1, true);
      const auto index = label();
      const auto others = e.scatter(-1, index, 0).sum(-1, true);
      return back(e.scatter(-1, index, others.neg()).div(scale));
    }
    default: {
      const auto e = at::exp(z.sub(top));
      return back(e.div(e.sum(-1, true)));
    }
  }
}

}  // namespace

extern "C" hesse_error hesse_softmax(int kind, hesse_tensor a, hesse_tensor b, hesse_tensor *y) {
  return hesse::guard([&] {
    TORCH_CHECK(a->dim() > 0 && a->size(-1) > 0, "expected rows with an entry");
    const int64_t n = a->size(-1), count = a->numel() / n;
    if (!hesse::own_loops(*a)) {
      *y = new at::Tensor(plain_softmax(kind, *a, b));
      return;
    }
    const auto first = a->contiguous();
    const bool labelled = kind == kCrossEntropy || kind == kResidual, reduced = kind == kLogSumExp || kind == kCrossEntropy;
    const auto second = b == nullptr ? at::Tensor() : b->contiguous();
    TORCH_CHECK(!labelled || second.numel() == count, "expected ", count, " labels");
    TORCH_CHECK(kind > kCentre || second.numel() == first.numel(), "expected ", first.numel(), " entries");
    auto result = reduced ? at::empty(a->sizes().slice(0, a->dim() - 1), a->options())
                          : at::empty_like(first, at::MemoryFormat::Contiguous);
    std::atomic<int64_t> wrong{-1};
    const auto *labels = labelled ? second.const_data_ptr<int64_t>() : nullptr;
    AT_DISPATCH_FLOATING_TYPES(a->scalar_type(), "softmax", [&] {
      const auto *x = first.const_data_ptr<scalar_t>();
      const auto *u = second.defined() && !labelled ? second.const_data_ptr<scalar_t>() : nullptr;
      auto *out = result.mutable_data_ptr<scalar_t>();
      at::parallel_for(0, count, std::max<int64_t>(1, 4096 / n), [&](int64_t begin, int64_t end) {
        for (int64_t r = begin; r < end; r++) {
          const int64_t label = labelled ? labels[r] : -1;
          if (labelled && (label < 0 || label >= n)) {
            wrong.store(r, std::memory_order_relaxed);
            continue;
          }
          row(kind, x + r * n, u == nullptr ? u : u + r * n, label, n, out + (reduced ? r : r * n));
        }
      });
    });
    const int64_t at = wrong.load();
    TORCH_CHECK(at < 0, "expected labels below ", n, ", found ", labels[at], " at position ", at);
    *y = new at::Tensor(std::move(result));
  });
}
