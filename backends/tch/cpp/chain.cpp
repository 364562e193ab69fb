// A chain of element-wise primitives in one pass over memory.
//
// libtorch runs one primitive at a time, each with a pass over memory and a result of its own; derivatives are chains of
// ten and more, so most of their time would be memory traffic. Here a chain runs as a stack machine over blocks that stay
// in the first cache. Operands are read where they lie: dense, or repeated along axes (a broadcast needs no memory).
// Only cheap functions are done here; exponentials and the like are libtorch's.

#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/abs.h>
#include <ATen/ops/add.h>
#include <ATen/ops/clone.h>
#include <ATen/ops/div.h>
#include <ATen/ops/empty_strided.h>
#include <ATen/ops/full.h>
#include <ATen/ops/gt.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/reciprocal.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/sign.h>
#include <ATen/ops/sqrt.h>
#include <ATen/ops/sub.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "guard.h"
#include "route.h"
#include "wide.h"

namespace {

// As in src/shim/ffi.rs.
enum Code : int32_t {
  kLoad,
  kConstant,
  kRelu,
  kStep,
  kAbs,
  kSign,
  kSqrt,
  kReciprocal,
  kScale,
  kShift,
  kAdd,
  kSub,
  kMul,
  kDiv,
  kGreater,
};

constexpr int64_t kBlock = 512;
constexpr int kDepth = 16;

// The entry at position i is `data[i]`, or `data[(i / inner) % period]`.
template <class T>
struct Operand {
  const T *data;
  bool dense;
  int64_t inner, period;
};

template <class T>
inline void repeat(const Operand<T> &o, int64_t at, int64_t n, T *to) {
  int64_t done = 0;
  while (done < n) {
    const int64_t q = at + done;
    if (o.inner == 1) {
      const int64_t p = q % o.period, run = std::min(o.period - p, n - done);
      for (int64_t i = 0; i < run; i++) to[done + i] = o.data[p + i];
      done += run;
    } else {
      const T value = o.data[q / o.inner % o.period];
      const int64_t run = std::min(o.inner - q % o.inner, n - done);
      for (int64_t i = 0; i < run; i++) to[done + i] = value;
      done += run;
    }
  }
}

#define HESSE_MAP(expression)                        \
  for (int64_t i = 0; i < n; i++) {                  \
    const T x = a[i];                                \
    to[i] = (expression);                            \
  }                                                  \
  break
#define HESSE_ZIP(expression)                        \
  for (int64_t i = 0; i < n; i++) {                  \
    const T x = a[i], y = b[i];                      \
    to[i] = (expression);                            \
  }                                                  \
  break

// Entries `at .. at + n` of the result.
template <class T>
HESSE_WIDE void block(const HesseInstruction *code, size_t count, const Operand<T> *operands, int64_t at, int64_t n,
                      T *out, T (*room)[kBlock]) {
  const T *stack[kDepth];
  int top = 0;
  for (size_t s = 0; s < count; s++) {
    const HesseInstruction &step = code[s];
    const bool pushes = step.code == kLoad || step.code == kConstant, pair = step.code >= kAdd;
    const int level = pushes ? top : top - (pair ? 2 : 1);
    // The last step writes the result itself.
    T *to = s + 1 == count ? out : room[level];
    const T *a = pushes ? nullptr : stack[level];
    const T *b = pair ? stack[level + 1] : nullptr;
    const T c = static_cast<T>(step.number);
    const T *value = to;
    switch (step.code) {
      case kLoad: {
        const Operand<T> &o = operands[step.operand];
        if (!o.dense) {
          repeat(o, at, n, to);
        } else if (s + 1 == count) {
          std::copy(o.data + at, o.data + at + n, to);
        } else {
          value = o.data + at;
        }
        break;
      }
      case kConstant:
        for (int64_t i = 0; i < n; i++) to[i] = c;
        break;
      case kRelu:
        HESSE_MAP(x < 0 ? T(0) : x);
      case kStep:
        HESSE_MAP(x > 0 ? T(1) : T(0));
      case kAbs:
        HESSE_MAP(x < 0 ? -x : (x == 0 ? T(0) : x));
      case kSign:
        HESSE_MAP((x > 0 ? T(1) : T(0)) - (x < 0 ? T(1) : T(0)));
      case kSqrt:
        HESSE_MAP(std::sqrt(x));
      case kReciprocal:
        HESSE_MAP(T(1) / x);
      case kScale:
        HESSE_MAP(x * c);
      case kShift:
        HESSE_MAP(x + c);
      case kAdd:
        HESSE_ZIP(x + y);
      case kSub:
        HESSE_ZIP(x - y);
      case kMul:
        HESSE_ZIP(x * y);
      case kDiv:
        HESSE_ZIP(x / y);
      default:
        HESSE_ZIP(x > y ? T(1) : T(0));
    }
    stack[level] = value;
    top = level + 1;
  }
}

// Axes from the outermost in memory to the innermost.
std::vector<int64_t> memory_order(at::IntArrayRef strides) {
  std::vector<int64_t> order(strides.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return strides[a] > strides[b]; });
  return order;
}

std::vector<int64_t> row_major(at::IntArrayRef sizes) {
  std::vector<int64_t> strides(sizes.size(), 1);
  for (size_t i = sizes.size(); i-- > 1;) strides[i - 1] = strides[i] * std::max<int64_t>(sizes[i], 1);
  return strides;
}

// How `t` is read in the result's order, or false where it lies too irregularly.
bool reading(const at::Tensor &t, at::IntArrayRef sizes, at::IntArrayRef strides, const std::vector<int64_t> &order,
             bool &dense, int64_t &inner, int64_t &period) {
  dense = true;
  for (size_t d = 0; d < sizes.size(); d++) dense = dense && (sizes[d] == 1 || t.stride(d) == strides[d]);
  if (dense) return true;
  inner = 1;
  period = 1;
  int64_t expected = 1;
  bool inside = false, outside = false;
  for (size_t k = order.size(); k-- > 0;) {
    const int64_t d = order[k], size = sizes[d];
    if (size == 1) continue;
    if (t.stride(d) == 0) {
      if (!inside) inner *= size;
      outside = inside;
      continue;
    }
    if (outside || t.stride(d) != expected) return false;
    inside = true;
    expected *= size;
    period *= size;
  }
  return true;
}

// The same with libtorch's operations, one after the other, in place where a value is a step's own.
at::Tensor plain_chain(const HesseInstruction *code, size_t count, const hesse_tensor *operands, at::IntArrayRef sizes) {
  struct Value {
    at::Tensor tensor;
    bool own;  // nobody else sees its memory, and it has the result's sizes
  };
  std::vector<Value> stack;
  const auto pop = [&] {
    Value top = std::move(stack.back());
    stack.pop_back();
    return top;
  };
  for (size_t s = 0; s < count; s++) {
    const auto &step = code[s];
    const at::Scalar c(step.number);
    if (step.code == kLoad) {
      stack.push_back({operands[step.operand]->expand(sizes), false});
      continue;
    }
    if (step.code == kConstant) {
      stack.push_back({at::full({1}, c, operands[0]->options()).expand(sizes), false});
      continue;
    }
    if (step.code >= kAdd) {
      const Value b = pop(), a = pop();
      const auto &x = a.tensor, &y = b.tensor;
      switch (step.code) {
        case kAdd:
          stack.push_back({a.own ? x.add_(y) : b.own ? y.add_(x) : at::add(x, y), true});
          break;
        case kSub:
          stack.push_back({a.own ? x.sub_(y) : at::sub(x, y), true});
          break;
        case kMul:
          stack.push_back({a.own ? x.mul_(y) : b.own ? y.mul_(x) : at::mul(x, y), true});
          break;
        case kDiv:
          stack.push_back({a.own ? x.div_(y) : at::div(x, y), true});
          break;
        default:
          stack.push_back({at::gt(x, y).to(x.scalar_type()), true});
      }
      continue;
    }
    const Value a = pop();
    const auto &x = a.tensor;
    switch (step.code) {
      case kRelu:
        stack.push_back({a.own ? x.relu_() : at::relu(x), true});
        break;
      case kStep:
        stack.push_back({at::gt(x, 0).to(x.scalar_type()), true});
        break;
      case kAbs:
        stack.push_back({a.own ? x.abs_() : at::abs(x), true});
        break;
      case kSign:
        stack.push_back({a.own ? x.sign_() : at::sign(x), true});
        break;
      case kSqrt:
        stack.push_back({a.own ? x.sqrt_() : at::sqrt(x), true});
        break;
      case kReciprocal:
        stack.push_back({a.own ? x.reciprocal_() : at::reciprocal(x), true});
        break;
      case kScale:
        stack.push_back({a.own ? x.mul_(c) : at::mul(x, c), true});
        break;
      default:
        stack.push_back({a.own ? x.add_(c) : at::add(x, c), true});
    }
  }
  const Value result = pop();
  return result.own ? result.tensor : at::clone(result.tensor, at::MemoryFormat::Contiguous);
}

}  // namespace

extern "C" hesse_error hesse_chain(const HesseInstruction *code, size_t count, const hesse_tensor *operands,
                                   size_t operand_count, const int64_t *sizes_data, size_t rank, hesse_tensor *y) {
  return hesse::guard([&] {
    const at::IntArrayRef sizes(sizes_data, rank);
    if (!hesse::own_loops(*operands[0])) {
      *y = new at::Tensor(plain_chain(code, count, operands, sizes));
      return;
    }
    // The result lies as the first operand that fills its sizes does.
    std::vector<int64_t> strides = row_major(sizes);
    at::TensorOptions options;
    for (size_t i = 0; i < operand_count; i++) options = operands[i]->options();
    for (size_t i = 0; i < operand_count; i++) {
      if (operands[i]->is_non_overlapping_and_dense() && operands[i]->sizes() == sizes) {
        strides = operands[i]->strides().vec();
        break;
      }
    }
    const auto order = memory_order(strides);
    auto result = at::empty_strided(sizes, strides, options);
    std::vector<at::Tensor> held;
    AT_DISPATCH_FLOATING_TYPES(result.scalar_type(), "chain", [&] {
      std::vector<Operand<scalar_t>> reads;
      for (size_t i = 0; i < operand_count; i++) {
        auto t = operands[i]->expand(sizes);
        TORCH_CHECK(t.scalar_type() == result.scalar_type(), "expected ", result.scalar_type(), ", found ",
                    t.scalar_type());
        Operand<scalar_t> o{nullptr, true, 1, 1};
        if (!reading(t, sizes, strides, order, o.dense, o.inner, o.period)) {
          t = at::empty_strided(sizes, strides, options).copy_(t);
          o = {nullptr, true, 1, 1};
        }
        o.data = t.template const_data_ptr<scalar_t>();
        held.push_back(std::move(t));
        reads.push_back(o);
      }
      auto *out = result.mutable_data_ptr<scalar_t>();
      at::parallel_for(0, result.numel(), 16 * kBlock, [&](int64_t begin, int64_t end) {
        alignas(64) scalar_t room[kDepth][kBlock];
        for (int64_t at = begin; at < end; at += kBlock) {
          block(code, count, reads.data(), at, std::min(kBlock, end - at), out + at, room);
        }
      });
    });
    *y = new at::Tensor(std::move(result));
  });
}
