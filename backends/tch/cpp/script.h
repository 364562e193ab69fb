// A TorchScript module whose parameters and buffers are given for each call, and what is kept of a call.
#pragma once

#include <ATen/core/Tensor.h>
#include <torch/csrc/jit/api/module.h>

#include <string>
#include <vector>

namespace hesse {

// A parameter or buffer with every attribute that holds it: tied weights have several.
struct Held {
  std::string name;
  at::Tensor value;
  std::vector<std::pair<c10::intrusive_ptr<c10::ivalue::Object>, size_t>> places;
};

struct Script {
  torch::jit::Module module;
  std::vector<Held> parameters, buffers;
};

// One evaluation. Operands are all parameters, all buffers, and the samples.
struct Tape {
  std::vector<at::Tensor> leaves;
  at::Tensor result;
  // The first gradients, ⟨c, f⟩ by operand, with a graph of their own: `cotangent` is the leaf, `given` what it was copied
  // from (none where any will do), and `slopes` has a place for each operand.
  at::Tensor cotangent, given;
  std::vector<at::Tensor> slopes;
  std::vector<bool> asked;
};

}  // namespace hesse
