// Which way a primitive is computed.
//
// Some primitives have loops of our own over the processor's memory. Everywhere else, on a CUDA device above all, they are
// computed with libtorch's operations alone, which run wherever their tensors are. So that those can be tested without
// such a device, a thread may ask for them on the CPU too.
#pragma once

#include <ATen/core/Tensor.h>

namespace hesse {

// Whether this thread has asked for libtorch's operations everywhere; set by `hesse_enter`.
extern thread_local bool plain;

// Whether loops over the processor's memory may be used.
inline bool own_loops(const at::Tensor &t) { return t.device().is_cpu() && !plain; }

// Checks that every index is below `size`. Elsewhere than on the CPU an index out of range is the end of the device's
// context, so those that a user may have given are looked at first. They are few: one for each sample or token; many
// indices are positions that a primitive of ours has found.
void check_indices(const at::Tensor &index, int64_t size, const char *what);

}  // namespace hesse
