// Reading TorchScript archives and running them.
//
// A module runs in eval mode and without the optimising executor of TorchScript: that one specialises a program after its
// first runs, so that results could change between them, and its own symbolic derivatives go only once.

#include <ATen/core/ivalue.h>
#include <ATen/core/jit_type.h>
#include <c10/core/InferenceMode.h>
#include <c10/core/GradMode.h>
#include <ATen/ops/empty.h>
#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/passes/inliner.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/csrc/jit/serialization/import.h>

#include <algorithm>
#include <memory>
#include <set>
#include <sstream>

#include "guard.h"
#include "script.h"

namespace {

using Object = c10::intrusive_ptr<c10::ivalue::Object>;

// A module's own parameters, then its buffers, then its children: the order of a state dict.
void collect(const Object &object, const std::string &prefix, std::set<const void *> &seen, hesse::Script &script) {
  if (!seen.insert(object.get()).second) return;
  const auto type = object->type();
  for (const bool parameters : {true, false}) {
    for (size_t i = 0; i < type->numAttributes(); i++) {
      if (!(parameters ? type->is_parameter(i) : type->is_buffer(i))) continue;
      const auto &value = object->getSlot(i);
      // A bias that is left out is None; counters are integers and stay what they are.
      if (!value.isTensor() || !value.toTensor().defined() || !value.toTensor().is_floating_point()) continue;
      auto &all = parameters ? script.parameters : script.buffers;
      const auto tensor = value.toTensor();
      // Tied weights share their memory; in a file they need not be one tensor.
      const auto tied = [&](const hesse::Held &h) {
        return tensor.numel() > 0 && h.value.data_ptr() == tensor.data_ptr() && h.value.sizes() == tensor.sizes() &&
               h.value.strides() == tensor.strides() && h.value.scalar_type() == tensor.scalar_type();
      };
      auto known = std::find_if(all.begin(), all.end(), tied);
      if (known == all.end()) known = all.insert(all.end(), {prefix + type->getAttributeName(i), tensor, {}});
      known->places.emplace_back(object, i);
    }
  }
  for (size_t i = 0; i < type->numAttributes(); i++) {
    if (type->getAttribute(i)->is_module() && object->getSlot(i).isObject()) {
      collect(object->getSlot(i).toObject(), prefix + type->getAttributeName(i) + ".", seen, script);
    }
  }
}

// A traced module carries the mode it was traced in as a constant, which `eval` cannot reach.
void refuse_train_mode(const torch::jit::Block *block) {
  for (const auto *node : block->nodes()) {
    for (const auto *inner : node->blocks()) refuse_train_mode(inner);
    const auto *schema = node->maybeSchema();
    if (schema == nullptr) continue;
    for (size_t i = 0; i < schema->arguments().size() && i < node->inputs().size(); i++) {
      const auto &name = schema->arguments()[i].name();
      if (name != "training" && name != "train") continue;
      const auto constant = torch::jit::toIValue(node->inputs()[i]);
      TORCH_CHECK(!constant || !constant->isBool() || !constant->toBool(), "the module was traced in train mode: ",
                  node->kind().toQualString(),
                  " is told to train by a constant; call eval() on the module before torch.jit.trace");
    }
  }
}

torch::jit::Module read(const char *bytes, size_t size, c10::Device device) {
  std::istringstream stream(std::string(bytes, size));
  std::string why;
  try {
    return torch::jit::load(stream, device);
  } catch (const c10::Error &e) {
    why = e.what_without_backtrace();
  } catch (const std::exception &e) {
    why = e.what();
  }
  TORCH_CHECK(false, "unreadable: ", why);
}

const hesse::Held &held(const hesse::Script *script, int which, size_t i) {
  const auto &all = which == 0 ? script->parameters : script->buffers;
  TORCH_CHECK(i < all.size(), "no such value");
  return all[i];
}

}  // namespace

extern "C" hesse_error hesse_script_open(const char *bytes, size_t size, bool twice, int device,
                                         hesse_script *script) {
  return hesse::guard([&] {
    const c10::InferenceMode normal(false);
    const auto index = static_cast<c10::DeviceIndex>(device);
    auto module = read(bytes, size, device < 0 ? c10::Device(c10::kCPU) : c10::Device(c10::kCUDA, index));
    module.eval();
    const auto method = module.find_method("forward");
    TORCH_CHECK(method.has_value(), "the module has no method `forward`");
    size_t wanted = 0;
    for (const auto &argument : method->function().getSchema().arguments()) wanted += argument.default_value() ? 0 : 1;
    TORCH_CHECK(wanted == 2, "forward: expected one argument, the samples, found ", wanted == 0 ? 0 : wanted - 1);
    const auto graph = method->graph()->copy();
    torch::jit::Inline(*graph);
    refuse_train_mode(graph->block());
    auto made = std::make_unique<hesse::Script>(hesse::Script{module, {}, {}});
    std::set<const void *> seen;
    collect(module._ivalue(), "", seen, *made);
    for (auto *all : {&made->parameters, &made->buffers}) {
      for (auto &one : *all) {
        one.value = one.value.detach().to(twice ? at::kDouble : at::kFloat).contiguous();
        for (auto &[object, slot] : one.places) object->setSlot(slot, one.value);
      }
    }
    TORCH_CHECK(!made->parameters.empty(), "the module has no parameters: was it frozen, which makes them constants?");
    *script = made.release();
  });
}

extern "C" void hesse_script_close(hesse_script script) { delete script; }

extern "C" size_t hesse_script_count(hesse_script script, int which) {
  return which == 0 ? script->parameters.size() : script->buffers.size();
}

extern "C" hesse_error hesse_script_value(hesse_script script, int which, size_t i, char **name, hesse_tensor *value) {
  return hesse::guard([&] {
    const auto &found = held(script, which, i);
    *value = new at::Tensor(found.value.detach().contiguous());
    *name = hesse::text(found.name.c_str());
  });
}

extern "C" hesse_error hesse_script_run(hesse_script script, const hesse_tensor *operands, const bool *moves, size_t count,
                                        hesse_tape *tape) {
  return hesse::guard([&] {
    const size_t parameters = script->parameters.size(), buffers = script->buffers.size();
    TORCH_CHECK(count == parameters + buffers + 1, "expected ", parameters + buffers + 1, " operands, found ", count);
    // Tensors of inference mode cannot be kept for a derivative, so operands are copied.
    const c10::InferenceMode normal(false);
    const torch::jit::GraphOptimizerEnabledGuard plain(false);
    auto made = std::make_unique<hesse::Tape>();
    bool any = false;
    for (size_t i = 0; i < count; i++) {
      auto leaf = operands[i]->clone(at::MemoryFormat::Contiguous);
      if (moves[i]) leaf.requires_grad_(true);
      any = any || moves[i];
      made->leaves.push_back(std::move(leaf));
    }
    const c10::AutoGradMode grad(any);
    // Tapes belong to calls, not to the module: it lets go of the operands at the end, also after an exception.
    struct Lent {
      hesse::Script *script;
      void set(const std::vector<at::Tensor> *values) {
        size_t at = 0;
        for (auto *all : {&script->parameters, &script->buffers}) {
          for (auto &one : *all) {
            const auto tensor = values == nullptr ? one.value : (*values)[at];
            for (auto &[object, slot] : one.places) object->setSlot(slot, tensor);
            at++;
          }
        }
      }
      ~Lent() { set(nullptr); }
    } lent{script};
    lent.set(&made->leaves);
    const auto result = script->module.forward({made->leaves.back()});
    TORCH_CHECK(result.isTensor(), "forward: expected a tensor, found ", result.tagKind());
    made->result = result.toTensor();
    TORCH_CHECK(made->result.defined() && made->result.scalar_type() == made->leaves.back().scalar_type(),
                "forward: expected a result of type ", made->leaves.back().scalar_type(), ", found ",
                made->result.scalar_type());
    made->slopes.resize(count);
    made->asked.resize(count);
    *tape = made.release();
  });
}

// Values that a caller gives in every call need not be held twice.
extern "C" hesse_error hesse_script_forget(hesse_script script) {
  return hesse::guard([&] {
    const c10::InferenceMode normal(false);
    for (auto *all : {&script->parameters, &script->buffers}) {
      for (auto &one : *all) {
        one.value = at::empty({0}, one.value.options());
        for (auto &[object, slot] : one.places) object->setSlot(slot, one.value);
      }
    }
  });
}
