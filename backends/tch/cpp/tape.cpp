// Differentials of a recorded call, through libtorch's autograd.
//
// Φ_k = ⟨c, Dᵏf[t₁ … t_k]⟩ is formed by reverse mode throughout: the gradients of ⟨c, f⟩ once, with a graph; then each
// direction is the cotangent of the next gradient (a Hessian is symmetric). The last pass gives the gradients of Φ_k by
// operands and by c together, and the latter is Dᵏf itself: J·t costs no forward mode, which fewer operations have.

#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <c10/core/InferenceMode.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>

#include "guard.h"
#include "script.h"

namespace {

using Tensors = std::vector<at::Tensor>;

// Gradients by `inputs` of the sum of ⟨cotangent, output⟩; undefined where there is no dependence.
Tensors pull(const Tensors &outputs, const Tensors &cotangents, const Tensors &inputs, bool create) {
  Tensors moving, by;
  for (size_t i = 0; i < outputs.size(); i++) {
    if (outputs[i].defined() && outputs[i].requires_grad()) {
      moving.push_back(outputs[i]);
      by.push_back(cotangents[i]);
    }
  }
  if (moving.empty()) return Tensors(inputs.size());
  return torch::autograd::grad(moving, inputs, by, /*retain_graph=*/true, create, /*allow_unused=*/true);
}

bool same(const at::Tensor &a, const at::Tensor &b) {
  return a.defined() && b.defined() && a.data_ptr() == b.data_ptr() && a.sizes() == b.sizes() &&
         a.strides() == b.strides();
}

// The first gradients by some operands: kept, since in a sweep of products only the directions change.
Tensors slopes(hesse::Tape &tape, const at::Tensor *cotangent, const std::vector<int64_t> &operands) {
  const bool usable = tape.cotangent.defined() && (cotangent == nullptr || same(tape.given, *cotangent));
  if (!usable) {
    tape.given = cotangent == nullptr ? at::Tensor() : *cotangent;
    tape.cotangent = cotangent == nullptr ? at::zeros_like(tape.result, at::MemoryFormat::Contiguous).detach()
                                          : cotangent->clone(at::MemoryFormat::Contiguous);
    tape.cotangent.requires_grad_(true);
    std::fill(tape.slopes.begin(), tape.slopes.end(), at::Tensor());
    std::fill(tape.asked.begin(), tape.asked.end(), false);
  }
  Tensors inputs;
  std::vector<int64_t> missing;
  for (const auto i : operands) {
    if (!tape.asked[i]) {
      missing.push_back(i);
      inputs.push_back(tape.leaves[i]);
    }
  }
  if (!missing.empty()) {
    const auto found = pull({tape.result}, {tape.cotangent}, inputs, true);
    for (size_t j = 0; j < missing.size(); j++) {
      tape.slopes[missing[j]] = found[j];
      tape.asked[missing[j]] = true;
    }
  }
  Tensors out;
  for (const auto i : operands) out.push_back(tape.slopes[i]);
  return out;
}

}  // namespace

extern "C" void hesse_tape_free(hesse_tape tape) { delete tape; }

extern "C" hesse_error hesse_tape_differentials(hesse_tape tape, hesse_tensor cotangent, const int64_t *sizes,
                                                size_t directions, const int64_t *moved, const hesse_tensor *tangents,
                                                const int64_t *wanted, size_t count, hesse_tensor *results) {
  return hesse::guard([&] {
    const c10::InferenceMode normal(false);
    const auto leaf = [&](int64_t i) -> const at::Tensor & {
      TORCH_CHECK(i >= 0 && static_cast<size_t>(i) < tape->leaves.size() && tape->leaves[i].requires_grad(),
                  "operand ", i, " was not recorded to be differentiated");
      return tape->leaves[i];
    };
    Tensors found;
    if (directions == 0 && count == 1 && wanted[0] < 0) {
      found.push_back(tape->result);
    } else {
      std::vector<std::vector<int64_t>> operands(directions);
      std::vector<Tensors> along(directions);
      size_t at = 0;
      for (size_t k = 0; k < directions; k++) {
        for (int64_t j = 0; j < sizes[k]; j++, at++) {
          leaf(moved[at]);
          operands[k].push_back(moved[at]);
          along[k].push_back(tangents[at]->clone(at::MemoryFormat::Contiguous));
        }
      }
      Tensors outputs, by;
      if (directions == 0) {
        TORCH_CHECK(cotangent != nullptr, "expected a cotangent");
        outputs = {tape->result};
        by = {cotangent->clone(at::MemoryFormat::Contiguous)};
      } else {
        outputs = slopes(*tape, cotangent, operands[0]);
        for (size_t k = 0; k + 1 < directions; k++) {
          Tensors inputs;
          for (const auto i : operands[k + 1]) inputs.push_back(leaf(i));
          outputs = pull(outputs, along[k], inputs, true);
        }
        by = along.back();
      }
      Tensors inputs;
      for (size_t i = 0; i < count; i++) inputs.push_back(wanted[i] < 0 ? tape->cotangent : leaf(wanted[i]));
      found = pull(outputs, by, inputs, false);
      for (size_t i = 0; i < count; i++) {
        if (!found[i].defined()) found[i] = at::zeros_like(inputs[i], at::MemoryFormat::Contiguous);
      }
    }
    for (size_t i = 0; i < count; i++) results[i] = new at::Tensor(found[i].detach().contiguous());
  });
}
