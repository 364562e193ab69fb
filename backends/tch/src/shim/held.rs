//! A tensor that may be seen from several threads.

use tch::Tensor;

/// tch marks its tensors as movable between threads but not as shared, because its methods that change a tensor take it
/// by shared reference in places. Here a shared tensor is only read; what changes one asks for `&mut`.
#[derive(Debug)]
pub(crate) struct Held(Tensor);

// SAFETY: an `at::Tensor` is a pointer with an atomic count; libtorch allows any number of threads to read one. Methods of
// `tch::Tensor` that write through `&self` (`copy_` of views, `set_data` and the like) are called in this crate only on
// tensors reached through `Held::writable`, which needs the exclusive borrow.
unsafe impl Sync for Held {}

impl Held {
    pub fn new(tensor: Tensor) -> Self {
        Held(tensor)
    }

    /// The tensor, to be read.
    pub fn tensor(&self) -> &Tensor {
        &self.0
    }

    /// The tensor, to be written.
    pub fn writable(&mut self) -> &mut Tensor {
        &mut self.0
    }
}
