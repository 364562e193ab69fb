// What libtorch offers and tch does not, as plain C functions.
//
// Every function returns null, or a text that `hesse_free_text` frees; no exception leaves. Tensors are those of tch:
// a `hesse_tensor` is an `at::Tensor *`, and one that is returned belongs to the caller.
#pragma once

#include <cstddef>
#include <cstdint>

namespace at {
class Tensor;
}
using hesse_tensor = at::Tensor *;
using hesse_error = char *;

namespace hesse {
struct Script;
struct Tape;
}
using hesse_script = hesse::Script *;
using hesse_tape = hesse::Tape *;

// As in `hesse_core::graph::Convolution`.
struct HesseConvolution {
  int64_t input[2], kernel[2], stride[2], padding[2], dilation[2], groups;
};

// As in `hesse_core::graph::Window`.
struct HesseWindow {
  int64_t input[2], kernel[2], stride[2], padding[2];
};

// One step of an element-wise chain, on a stack of blocks; see chain.cpp.
struct HesseInstruction {
  int32_t code;
  int32_t operand;
  double number;
};

// How this thread computes, until it leaves.
struct HesseMode {
  int32_t threads;
  // libtorch's operations even where there are loops of our own; see route.h.
  bool plain;
  // For CUDA devices.
  bool cuda, tf32, deterministic;
};

extern "C" {
void hesse_free_text(char *text);

// mode.cpp
hesse_error hesse_set_up();
hesse_error hesse_enter(const HesseMode *mode, void **guard);
void hesse_leave(void *guard);
hesse_error hesse_describe(char **text);
void hesse_trim();
void hesse_meter_begin();
int64_t hesse_meter_end();

// route.cpp
hesse_error hesse_check_indices(hesse_tensor index, int64_t size);

// device.cpp
void hesse_cuda_prepare();
hesse_error hesse_cuda_devices(int *count);
hesse_error hesse_cuda_try(int device);
hesse_error hesse_cuda_describe(char **text);
hesse_error hesse_cuda_bytes(int device, int64_t *bytes);

// script.cpp; `device`: negative for the CPU; `which`: 0 for parameters, 1 for buffers
hesse_error hesse_script_open(const char *bytes, size_t size, bool twice, int device, hesse_script *script);
void hesse_script_close(hesse_script script);
size_t hesse_script_count(hesse_script script, int which);
hesse_error hesse_script_value(hesse_script script, int which, size_t i, char **name, hesse_tensor *value);
hesse_error hesse_script_forget(hesse_script script);
hesse_error hesse_script_run(hesse_script script, const hesse_tensor *operands, const bool *moves, size_t count,
                             hesse_tape *tape);

// tape.cpp: directions one after the other, `sizes[k]` operands `moved` with their `tangents` in each; `wanted` names an
// operand, or is negative for the differential itself.
void hesse_tape_free(hesse_tape tape);
hesse_error hesse_tape_differentials(hesse_tape tape, hesse_tensor cotangent, const int64_t *sizes, size_t directions,
                                     const int64_t *moved, const hesse_tensor *tangents, const int64_t *wanted,
                                     size_t count, hesse_tensor *results);

// convolution.cpp; `last`: images lie with their channels last
hesse_error hesse_conv(hesse_tensor x, hesse_tensor w, const HesseConvolution *c, bool last,
                       hesse_tensor *y);
hesse_error hesse_conv_input_grad(hesse_tensor gy, hesse_tensor w, const HesseConvolution *c, bool last,
                                  hesse_tensor *x);
hesse_error hesse_conv_weight_grad(hesse_tensor x, hesse_tensor gy, const HesseConvolution *c, bool last,
                                   hesse_tensor *w);
hesse_error hesse_channels_last(hesse_tensor x, hesse_tensor *y);

// pooling.cpp
hesse_error hesse_max_pool_index(hesse_tensor x, const HesseWindow *w, hesse_tensor *index);
hesse_error hesse_average_pool(hesse_tensor x, const HesseWindow *w, bool count_padding, hesse_tensor *y);
hesse_error hesse_average_pool_grad(hesse_tensor g, const HesseWindow *w, bool count_padding, hesse_tensor *x);

// indexing.cpp
hesse_error hesse_gather(hesse_tensor x, hesse_tensor index, hesse_tensor *y);
hesse_error hesse_scatter_add(hesse_tensor g, hesse_tensor index, int64_t size, hesse_tensor *y);

// numbers.cpp; `kind` as in src/shim/mod.rs
hesse_error hesse_with_number(int kind, hesse_tensor x, double number, hesse_tensor *y);
hesse_error hesse_index_equals(hesse_tensor i, int64_t value, bool twice, hesse_tensor *y);
hesse_error hesse_index_replace(hesse_tensor i, int64_t from, int64_t to, hesse_tensor *y);

// softmax.cpp; `kind` as in src/shim/ffi.rs
hesse_error hesse_softmax(int kind, hesse_tensor a, hesse_tensor b, hesse_tensor *y);

// chain.cpp
hesse_error hesse_chain(const HesseInstruction *code, size_t count, const hesse_tensor *operands, size_t operand_count,
                        const int64_t *sizes, size_t rank, hesse_tensor *y);

// vectors.cpp: columns are rows of contiguous `[columns, n]` tensors of f32 or f64.
hesse_error hesse_gram(hesse_tensor x, hesse_tensor y, double *products);
hesse_error hesse_combine(hesse_tensor y, double beta, hesse_tensor x, const double *c);
}
