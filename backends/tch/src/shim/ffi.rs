//! The declarations of `cpp/shim.h`, one for one.

use std::ffi::{c_char, c_int, c_void};
use torch_sys::C_tensor;

/// A text that [`hesse_free_text`] frees, or null where all went well.
pub(super) type Error = *mut c_char;

#[repr(C)]
pub(super) struct Convolution {
    pub input: [i64; 2],
    pub kernel: [i64; 2],
    pub stride: [i64; 2],
    pub padding: [i64; 2],
    pub dilation: [i64; 2],
    pub groups: i64,
}

#[repr(C)]
pub(super) struct Window {
    pub input: [i64; 2],
    pub kernel: [i64; 2],
    pub stride: [i64; 2],
    pub padding: [i64; 2],
}

/// `HesseMode`.
#[repr(C)]
pub(super) struct Mode {
    pub threads: i32,
    pub plain: bool,
    pub cuda: bool,
    pub tf32: bool,
    pub deterministic: bool,
}

/// The codes are those of `cpp/chain.cpp`.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub(super) struct Instruction {
    pub code: i32,
    pub operand: i32,
    pub number: f64,
}

/// `hesse::Script`, opaque.
#[repr(C)]
pub(super) struct Script {
    _opaque: [u8; 0],
}

/// `hesse::Tape`, opaque.
#[repr(C)]
pub(super) struct Tape {
    _opaque: [u8; 0],
}

unsafe extern "C" {
    pub(super) fn hesse_free_text(text: *mut c_char);

    pub(super) fn hesse_set_up() -> Error;
    pub(super) fn hesse_enter(mode: *const Mode, guard: *mut *mut c_void) -> Error;
    pub(super) fn hesse_leave(guard: *mut c_void);
    pub(super) fn hesse_describe(text: *mut *mut c_char) -> Error;
    pub(super) fn hesse_trim();
    pub(super) fn hesse_meter_begin();
    pub(super) fn hesse_meter_end() -> i64;

    pub(super) fn hesse_check_indices(index: *const C_tensor, size: i64) -> Error;

    pub(super) fn hesse_cuda_prepare();
    pub(super) fn hesse_cuda_devices(count: *mut c_int) -> Error;
    pub(super) fn hesse_cuda_try(device: c_int) -> Error;
    pub(super) fn hesse_cuda_describe(text: *mut *mut c_char) -> Error;
    pub(super) fn hesse_cuda_bytes(device: c_int, bytes: *mut i64) -> Error;

    pub(super) fn hesse_script_open(
        bytes: *const u8,
        size: usize,
        twice: bool,
        device: c_int,
        script: *mut *mut Script,
    ) -> Error;
    pub(super) fn hesse_script_close(script: *mut Script);
    pub(super) fn hesse_script_count(script: *mut Script, which: c_int) -> usize;
    pub(super) fn hesse_script_value(
        script: *mut Script,
        which: c_int,
        i: usize,
        name: *mut *mut c_char,
        value: *mut *mut C_tensor,
    ) -> Error;
    pub(super) fn hesse_script_forget(script: *mut Script) -> Error;
    pub(super) fn hesse_script_run(
        script: *mut Script,
        operands: *const *const C_tensor,
        moves: *const bool,
        count: usize,
        tape: *mut *mut Tape,
    ) -> Error;

    pub(super) fn hesse_tape_free(tape: *mut Tape);
    pub(super) fn hesse_tape_differentials(
        tape: *mut Tape,
        cotangent: *const C_tensor,
        sizes: *const i64,
        directions: usize,
        moved: *const i64,
        tangents: *const *const C_tensor,
        wanted: *const i64,
        count: usize,
        results: *mut *mut C_tensor,
    ) -> Error;

    pub(super) fn hesse_conv(
        x: *const C_tensor,
        w: *const C_tensor,
        c: *const Convolution,
        last: bool,
        y: *mut *mut C_tensor,
    ) -> Error;
    pub(super) fn hesse_conv_input_grad(
        gy: *const C_tensor,
        w: *const C_tensor,
        c: *const Convolution,
        last: bool,
        x: *mut *mut C_tensor,
    ) -> Error;
    pub(super) fn hesse_conv_weight_grad(
        x: *const C_tensor,
        gy: *const C_tensor,
        c: *const Convolution,
        last: bool,
        w: *mut *mut C_tensor,
    ) -> Error;

    pub(super) fn hesse_channels_last(x: *const C_tensor, y: *mut *mut C_tensor) -> Error;

    pub(super) fn hesse_max_pool_index(x: *const C_tensor, w: *const Window, index: *mut *mut C_tensor) -> Error;
    pub(super) fn hesse_average_pool(
        x: *const C_tensor,
        w: *const Window,
        count_padding: bool,
        y: *mut *mut C_tensor,
    ) -> Error;
    pub(super) fn hesse_average_pool_grad(
        g: *const C_tensor,
        w: *const Window,
        count_padding: bool,
        x: *mut *mut C_tensor,
    ) -> Error;

    pub(super) fn hesse_gather(x: *const C_tensor, index: *const C_tensor, y: *mut *mut C_tensor) -> Error;
    pub(super) fn hesse_scatter_add(
        g: *const C_tensor,
        index: *const C_tensor,
        size: i64,
        y: *mut *mut C_tensor,
    ) -> Error;

    pub(super) fn hesse_with_number(kind: c_int, x: *const C_tensor, number: f64, y: *mut *mut C_tensor) -> Error;
    pub(super) fn hesse_index_equals(i: *const C_tensor, value: i64, twice: bool, y: *mut *mut C_tensor) -> Error;
    pub(super) fn hesse_index_replace(i: *const C_tensor, from: i64, to: i64, y: *mut *mut C_tensor) -> Error;

    pub(super) fn hesse_softmax(kind: c_int, a: *const C_tensor, b: *const C_tensor, y: *mut *mut C_tensor) -> Error;

    pub(super) fn hesse_chain(
        code: *const Instruction,
        count: usize,
        operands: *const *const C_tensor,
        operand_count: usize,
        sizes: *const i64,
        rank: usize,
        y: *mut *mut C_tensor,
    ) -> Error;

    pub(super) fn hesse_gram(x: *const C_tensor, y: *const C_tensor, products: *mut f64) -> Error;
    pub(super) fn hesse_combine(y: *const C_tensor, beta: f64, x: *const C_tensor, c: *const f64) -> Error;
}
