// Convolution and its two gradients, each by itself: autograd forms them together, the programs here do not.
//
// In single precision oneDNN computes them, and spends much of its time on reordering images whose channels come first;
// with channels last it reads them as they are. In double precision libtorch unfolds images, channels first.

#include <ATen/core/Tensor.h>
#include <ATen/ops/convolution.h>
#include <ATen/ops/convolution_backward.h>
#include <ATen/ops/empty.h>

#include <array>

#include "guard.h"

namespace {

at::IntArrayRef pair(const int64_t (&values)[2]) { return {values, 2}; }

at::Tensor lying(const at::Tensor &x, bool last) {
  return x.contiguous(last ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous);
}

// With one channel or one pixel both layouts are the same to libtorch, and it answers in the other one.
hesse_tensor answer(at::Tensor &&x, bool last) { return new at::Tensor(lying(x, last)); }

}  // namespace

extern "C" hesse_error hesse_conv(hesse_tensor x, hesse_tensor w, const HesseConvolution *c, bool last,
                                  hesse_tensor *y) {
  return hesse::guard([&] {
    *y = answer(at::convolution(lying(*x, last), *w, {}, pair(c->stride), pair(c->padding), pair(c->dilation), false,
                                {0, 0}, c->groups),
                last);
  });
}

extern "C" hesse_error hesse_conv_input_grad(hesse_tensor gy, hesse_tensor w, const HesseConvolution *c,
                                             bool last, hesse_tensor *x) {
  return hesse::guard([&] {
    // The transposed convolution. What the last stride leaves over of the input is its output padding, which libtorch
    // wants smaller than stride or dilation; as a remainder of a division by the stride it always is.
    int64_t rest[2];
    for (int i = 0; i < 2; i++) {
      const int64_t reached =
          (gy->size(2 + i) - 1) * c->stride[i] - 2 * c->padding[i] + c->dilation[i] * (c->kernel[i] - 1) + 1;
      rest[i] = c->input[i] - reached;
    }
    *x = answer(at::convolution(lying(*gy, last), *w, {}, pair(c->stride), pair(c->padding), pair(c->dilation), true,
                                pair(rest), c->groups),
                last);
  });
}

extern "C" hesse_error hesse_conv_weight_grad(hesse_tensor x, hesse_tensor gy, const HesseConvolution *c,
                                              bool last, hesse_tensor *w) {
  return hesse::guard([&] {
    // Only the sizes and the layout of the weights are read.
    const auto like = at::empty({gy->size(1), x->size(1) / c->groups, c->kernel[0], c->kernel[1]}, x->options());
    auto all = at::convolution_backward(lying(*gy, last), lying(*x, last), like, c10::nullopt, pair(c->stride), pair(c->padding),
                                        pair(c->dilation), false, {0, 0}, c->groups, {false, true, false});
    *w = new at::Tensor(std::move(std::get<1>(all)));
  });
}

extern "C" hesse_error hesse_channels_last(hesse_tensor x, hesse_tensor *y) {
  return hesse::guard([&] { *y = new at::Tensor(lying(*x, true)); });
}
