// Functions of a tensor and a number. tch has them, but where such a call fails it panics: its number is freed while the
// error still waits to be read.

#include <ATen/core/Tensor.h>
#include <ATen/ops/add.h>
#include <ATen/ops/eq.h>
#include <ATen/ops/gt.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/pow.h>
#include <ATen/ops/where.h>
#include <ATen/ops/scalar_tensor.h>

#include "guard.h"

// `kind` as in src/shim/mod.rs.
extern "C" hesse_error hesse_with_number(int kind, hesse_tensor x, double number, hesse_tensor *y) {
  return hesse::guard([&] {
    switch (kind) {
      case 0:
        *y = new at::Tensor(at::mul(*x, number));
        return;
      case 1:
        *y = new at::Tensor(at::add(*x, number));
        return;
      case 2:
        *y = new at::Tensor(at::pow(*x, number));
        return;
      case 3:
        *y = new at::Tensor(at::gt(*x, number).to(x->scalar_type()));
        return;
      default:
        TORCH_CHECK(false, "no function of a number has the code ", kind);
    }
  });
}

extern "C" hesse_error hesse_index_equals(hesse_tensor i, int64_t value, bool twice, hesse_tensor *y) {
  return hesse::guard([&] { *y = new at::Tensor(at::eq(*i, value).to(twice ? at::kDouble : at::kFloat)); });
}

extern "C" hesse_error hesse_index_replace(hesse_tensor i, int64_t from, int64_t to, hesse_tensor *y) {
  return hesse::guard([&] {
    *y = new at::Tensor(at::where(at::eq(*i, from), at::scalar_tensor(to, i->options()), *i));
  });
}
