//! Safe functions over the C++ part: the only place of this crate with `unsafe`.
//!
//! Every failure is a text; C++ exceptions are caught on their side. The tensors passed are borrowed for the call, and the
//! ones returned are owned.
#![allow(unsafe_code, reason = "calls into libtorch")]

pub(crate) mod cuda;
mod ffi;
mod held;
mod place;
mod script;

pub(crate) use held::Held;
pub(crate) use place::Place;
pub(crate) use script::{Script, Tape, Value, Wanted};

use hesse_core::graph::{Convolution, Window};
use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr;
use tch::{Device, TchError, Tensor};
use torch_sys::C_tensor;

/// A result, or why there is none.
pub(crate) type Outcome<T> = Result<T, String>;

/// Takes over an error text.
fn checked(error: ffi::Error) -> Outcome<()> {
    if error.is_null() {
        return Ok(());
    }
    // SAFETY: the C++ part returns null or a text that ends with zero, and this is its only user.
    let text = unsafe {
        let text = CStr::from_ptr(error).to_string_lossy().into_owned();
        ffi::hesse_free_text(error);
        text
    };
    Err(one_line(&text))
}

/// What matters of libtorch's messages, which can carry a stack trace.
fn one_line(text: &str) -> String {
    let text = text.split("\nException raised from").next().unwrap_or(text);
    let line = text.lines().map(str::trim).filter(|l| !l.is_empty()).collect::<Vec<_>>().join(" ");
    if line.is_empty() { "libtorch failed without a word".to_string() } else { line }
}

/// The same for what tch reports.
pub(crate) fn words(error: TchError) -> String {
    match error {
        TchError::Torch(text) => one_line(&text),
        other => one_line(&other.to_string()),
    }
}

/// Runs a function that makes one tensor.
fn made(call: impl FnOnce(*mut *mut C_tensor) -> ffi::Error) -> Outcome<Tensor> {
    let mut result: *mut C_tensor = ptr::null_mut();
    checked(call(&raw mut result))?;
    if result.is_null() {
        return Err("no result".into());
    }
    // SAFETY: without an error, the C++ part has made a tensor for us.
    Ok(unsafe { Tensor::from_ptr(result) })
}

/// Settings of the process, once: no TF32, deterministic, memory kept between operations.
pub(crate) fn set_up() -> Outcome<()> {
    // SAFETY: no arguments.
    checked(unsafe { ffi::hesse_set_up() })
}

/// The version and what it can use of this processor.
pub(crate) fn describe() -> Outcome<String> {
    // SAFETY: the place is valid.
    told(|text| unsafe { ffi::hesse_describe(text) })
}

/// Runs a function that gives a text.
fn told(call: impl FnOnce(*mut *mut c_char) -> ffi::Error) -> Outcome<String> {
    let mut text = ptr::null_mut();
    checked(call(&raw mut text))?;
    if text.is_null() {
        return Err("no answer".into());
    }
    // SAFETY: the text is ours and freed at once.
    unsafe {
        let words = CStr::from_ptr(text).to_string_lossy().into_owned();
        ffi::hesse_free_text(text);
        Ok(words)
    }
}

/// Gives memory that is kept for later results back to the system.
pub(crate) fn trim() {
    // SAFETY: no arguments.
    unsafe { ffi::hesse_trim() }
}

/// The bytes of large blocks that `body` takes on this thread (on a CUDA device, that anybody takes) and still holds at its
/// end.
pub(crate) fn metered<T>(device: Device, body: impl FnOnce() -> T) -> (T, usize) {
    if device.is_cuda() {
        let before = cuda::bytes(device);
        let result = body();
        return (result, cuda::bytes(device).saturating_sub(before));
    }
    // SAFETY: no arguments.
    unsafe { ffi::hesse_meter_begin() };
    let result = body();
    // SAFETY: as above.
    let bytes = unsafe { ffi::hesse_meter_end() };
    (result, usize::try_from(bytes).unwrap_or(0))
}

/// While it lives, this thread runs libtorch without autograd and as its place says.
pub(crate) struct Entered {
    guard: *mut c_void,
}

impl Entered {
    pub fn new(place: Place) -> Outcome<Self> {
        let mut guard = ptr::null_mut();
        let mode = ffi::Mode {
            threads: i32::try_from(place.threads).unwrap_or(i32::MAX),
            plain: place.plain,
            cuda: place.device.is_cuda(),
            tf32: place.tf32,
            deterministic: place.deterministic,
        };
        // SAFETY: both places are valid.
        checked(unsafe { ffi::hesse_enter(&raw const mode, &raw mut guard) })?;
        Ok(Entered { guard })
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        // SAFETY: `enter` made it on this thread: a raw pointer keeps this type from moving to another.
        unsafe { ffi::hesse_leave(self.guard) }
    }
}

fn pair(values: [usize; 2]) -> [i64; 2] {
    values.map(|v| v as i64)
}

fn convolution(c: &Convolution) -> ffi::Convolution {
    ffi::Convolution {
        input: pair(c.input),
        kernel: pair(c.kernel),
        stride: pair(c.stride),
        padding: pair(c.padding),
        dilation: pair(c.dilation),
        groups: c.groups as i64,
    }
}

fn window(w: &Window) -> ffi::Window {
    ffi::Window { input: pair(w.input), kernel: pair(w.kernel), stride: pair(w.stride), padding: pair(w.padding) }
}

/// `(x, w) → y`; `last`: images lie with their channels last, here and in what follows.
pub(crate) fn conv(x: &Tensor, w: &Tensor, c: &Convolution, last: bool) -> Outcome<Tensor> {
    // SAFETY: the tensors live during the call, and so does the geometry.
    made(|y| unsafe { ffi::hesse_conv(x.as_ptr(), w.as_ptr(), &convolution(c), last, y) })
}

/// `(gy, w) → x`.
pub(crate) fn conv_input_grad(gy: &Tensor, w: &Tensor, c: &Convolution, last: bool) -> Outcome<Tensor> {
    // SAFETY: as above.
    made(|x| unsafe { ffi::hesse_conv_input_grad(gy.as_ptr(), w.as_ptr(), &convolution(c), last, x) })
}

/// `(x, gy) → w`.
pub(crate) fn conv_weight_grad(x: &Tensor, gy: &Tensor, c: &Convolution, last: bool) -> Outcome<Tensor> {
    // SAFETY: as above.
    made(|w| unsafe { ffi::hesse_conv_weight_grad(x.as_ptr(), gy.as_ptr(), &convolution(c), last, w) })
}

/// The same image with its channels last in memory.
pub(crate) fn channels_last(x: &Tensor) -> Outcome<Tensor> {
    // SAFETY: as above.
    made(|y| unsafe { ffi::hesse_channels_last(x.as_ptr(), y) })
}

/// Positions of maxima within planes.
pub(crate) fn max_pool_index(x: &Tensor, w: &Window) -> Outcome<Tensor> {
    // SAFETY: as above.
    made(|index| unsafe { ffi::hesse_max_pool_index(x.as_ptr(), &window(w), index) })
}

/// Means over windows.
pub(crate) fn average_pool(x: &Tensor, w: &Window, count_padding: bool) -> Outcome<Tensor> {
    // SAFETY: as above.
    made(|y| unsafe { ffi::hesse_average_pool(x.as_ptr(), &window(w), count_padding, y) })
}

/// The adjoint of [`average_pool`].
pub(crate) fn average_pool_grad(g: &Tensor, w: &Window, count_padding: bool) -> Outcome<Tensor> {
    // SAFETY: as above.
    made(|x| unsafe { ffi::hesse_average_pool_grad(g.as_ptr(), &window(w), count_padding, x) })
}

/// y[…, j] = x[…, i[…, j]].
pub(crate) fn gather(x: &Tensor, index: &Tensor) -> Outcome<Tensor> {
    // SAFETY: as above.
    made(|y| unsafe { ffi::hesse_gather(x.as_ptr(), index.as_ptr(), y) })
}

/// The adjoint of [`gather`], for a last axis of this size.
pub(crate) fn scatter_add(g: &Tensor, index: &Tensor, size: usize) -> Outcome<Tensor> {
    // SAFETY: as above.
    made(|y| unsafe { ffi::hesse_scatter_add(g.as_ptr(), index.as_ptr(), size as i64, y) })
}

/// Whether indices are below `size`, where the device would not survive others: an error that says which is not.
pub(crate) fn check_indices(index: &Tensor, size: usize) -> Outcome<()> {
    // SAFETY: the tensor lives during the call.
    checked(unsafe { ffi::hesse_check_indices(index.as_ptr(), size as i64) })
}

/// A function of a tensor and a number; the numbers are those of `cpp/numbers.cpp`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WithNumber {
    Times = 0,
    Plus = 1,
    Power = 2,
    /// 1 where larger, else 0.
    Above = 3,
}

/// Entry by entry.
pub(crate) fn with_number(kind: WithNumber, x: &Tensor, number: f64) -> Outcome<Tensor> {
    // SAFETY: as above.
    made(|y| unsafe { ffi::hesse_with_number(kind as c_int, x.as_ptr(), number, y) })
}

/// 1 where the index is this one, else 0, in f32 or (`twice` as wide) in f64.
pub(crate) fn index_equals(i: &Tensor, value: i64, twice: bool) -> Outcome<Tensor> {
    // SAFETY: as above.
    made(|y| unsafe { ffi::hesse_index_equals(i.as_ptr(), value, twice, y) })
}

/// The indices with one replaced by another.
pub(crate) fn index_replace(i: &Tensor, from: i64, to: i64) -> Outcome<Tensor> {
    // SAFETY: as above.
    made(|y| unsafe { ffi::hesse_index_replace(i.as_ptr(), from, to, y) })
}

/// The softmax family; the numbers are those of `cpp/softmax.cpp`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Softmax {
    Covariance = 0,
    Centre = 1,
    LogSumExp = 2,
    CrossEntropy = 3,
    Residual = 4,
    Plain = 5,
}

/// A primitive of the softmax family along the last axis.
pub(crate) fn softmax(kind: Softmax, a: &Tensor, b: Option<&Tensor>) -> Outcome<Tensor> {
    let b = b.map_or(ptr::null(), Tensor::as_ptr);
    // SAFETY: as above; the second operand may be null.
    made(|y| unsafe { ffi::hesse_softmax(kind as c_int, a.as_ptr(), b, y) })
}

/// A step of an element-wise chain, on a stack.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Instruction {
    /// Pushes an operand.
    Load(usize),
    /// Pushes a number.
    Constant(f64),
    Relu,
    Step,
    Abs,
    Sign,
    Sqrt,
    Reciprocal,
    Scale(f64),
    Shift(f64),
    Add,
    Sub,
    Mul,
    Div,
    Greater,
}

/// How many values a chain may have on its stack at once: the room in `cpp/chain.cpp`.
pub(crate) const DEEPEST: usize = 16;

impl Instruction {
    fn raw(self) -> ffi::Instruction {
        let (code, operand, number) = match self {
            Instruction::Load(i) => (0, i as i32, 0.0),
            Instruction::Constant(c) => (1, 0, c),
            Instruction::Relu => (2, 0, 0.0),
            Instruction::Step => (3, 0, 0.0),
            Instruction::Abs => (4, 0, 0.0),
            Instruction::Sign => (5, 0, 0.0),
            Instruction::Sqrt => (6, 0, 0.0),
            Instruction::Reciprocal => (7, 0, 0.0),
            Instruction::Scale(c) => (8, 0, c),
            Instruction::Shift(c) => (9, 0, c),
            Instruction::Add => (10, 0, 0.0),
            Instruction::Sub => (11, 0, 0.0),
            Instruction::Mul => (12, 0, 0.0),
            Instruction::Div => (13, 0, 0.0),
            Instruction::Greater => (14, 0, 0.0),
        };
        ffi::Instruction { code, operand, number }
    }

    /// How many values it takes off the stack; it puts one on.
    fn takes(self) -> usize {
        match self {
            Instruction::Load(_) | Instruction::Constant(_) => 0,
            Instruction::Add | Instruction::Sub | Instruction::Mul | Instruction::Div | Instruction::Greater => 2,
            _ => 1,
        }
    }
}

/// Runs a chain over operands that have, or can be repeated to, these sizes.
pub(crate) fn chain(code: &[Instruction], operands: &[&Tensor], sizes: &[i64]) -> Outcome<Tensor> {
    let mut depth = 0usize;
    for step in code {
        let known = !matches!(step, Instruction::Load(i) if *i >= operands.len());
        depth =
            depth.checked_sub(step.takes()).map(|d| d + 1).filter(|&d| d <= DEEPEST && known).ok_or("a wrong chain")?;
    }
    if depth != 1 || operands.is_empty() {
        return Err("a wrong chain".into());
    }
    let code: Vec<ffi::Instruction> = code.iter().map(|i| i.raw()).collect();
    let operands: Vec<*const C_tensor> = operands.iter().map(|t| t.as_ptr()).collect();
    made(|y| {
        // SAFETY: the slices live during the call; the chain has been checked against its stack and its operands.
        unsafe {
            ffi::hesse_chain(
                code.as_ptr(),
                code.len(),
                operands.as_ptr(),
                operands.len(),
                sizes.as_ptr(),
                sizes.len(),
                y,
            )
        }
    })
}

/// Whether a tensor is `[columns, n]`, contiguous and real.
fn columns(t: &Tensor, n: i64) -> Outcome<i64> {
    match t.size()[..] {
        [k, m] if m == n && t.is_contiguous() && t.is_floating_point() => Ok(k),
        _ => Err(format!("expected contiguous columns of length {n}, found {t:?}")),
    }
}

/// `XᵀY`, k × m column-major, in double. The operands are `[k, n]` and `[m, n]`, contiguous and of one type.
pub(crate) fn gram(x: &Tensor, y: &Tensor, n: i64) -> Outcome<Vec<f64>> {
    let (k, m) = (columns(x, n)?, columns(y, n)?);
    if x.kind() != y.kind() {
        return Err(format!("expected {:?}, found {:?}", x.kind(), y.kind()));
    }
    let mut products = vec![0.0; (k * m) as usize];
    // SAFETY: the tensors are as the function wants them, and there is room for k·m products.
    checked(unsafe { ffi::hesse_gram(x.as_ptr(), y.as_ptr(), products.as_mut_ptr()) })?;
    Ok(products)
}

/// `Y ← β Y + X C`, C k × m column-major.
pub(crate) fn combine(y: &mut Tensor, beta: f64, x: &Tensor, c: &[f64], n: i64) -> Outcome<()> {
    let (k, m) = (columns(x, n)?, columns(y, n)?);
    if x.kind() != y.kind() || (k * m) as usize != c.len() {
        return Err(format!("expected {k} × {m} factors and {:?}, found {} and {:?}", y.kind(), c.len(), x.kind()));
    }
    // SAFETY: the tensors are as the function wants them, the factors are k·m, and y is borrowed exclusively.
    checked(unsafe { ffi::hesse_combine(y.as_ptr(), beta, x.as_ptr(), c.as_ptr()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_lose_their_stack_trace_and_stay_one_line() {
        let text = "expected 3\n  channels\nException raised from f at a.cpp:1\nframe #0: …";
        assert_eq!(one_line(text), "expected 3 channels");
        assert_eq!(one_line(""), "libtorch failed without a word");
    }

    #[test]
    fn a_chain_that_leaves_its_stack_is_refused() {
        let x = Tensor::from_slice(&[1.0f64, -2.0]);
        for code in [&[Instruction::Add][..], &[Instruction::Load(1)], &[Instruction::Load(0); 2], &[]] {
            assert!(chain(code, &[&x], &[2]).is_err(), "{code:?}");
        }
        let double = chain(&[Instruction::Load(0), Instruction::Scale(2.0)], &[&x], &[2]).unwrap();
        assert_eq!(Vec::<f64>::try_from(&double).unwrap(), [2.0, -4.0]);
    }

    #[test]
    fn an_allocation_that_fails_is_an_error_and_no_panic() {
        // One number, seen as 2⁴⁷: each result would need a thousand terabytes.
        let huge = Tensor::from_slice(&[1.0f64]).expand([1i64 << 47], false);
        for kind in [WithNumber::Times, WithNumber::Plus, WithNumber::Power, WithNumber::Above] {
            let error = with_number(kind, &huge, 3.0).unwrap_err();
            assert!(error.contains("allocate"), "{kind:?}: {error}");
        }
        let indices = Tensor::from_slice(&[1i64]).expand([1i64 << 47], false);
        assert!(index_equals(&indices, 1, true).is_err() && index_replace(&indices, 1, 2).is_err());
        let small = Tensor::from_slice(&[1i64, 5, 1]);
        let read = |t: Tensor| Vec::<f64>::try_from(t.to_kind(tch::Kind::Double)).unwrap();
        assert_eq!(read(index_equals(&small, 1, false).unwrap()), [1.0, 0.0, 1.0]);
        assert_eq!(read(index_replace(&small, 1, 7).unwrap()), [7.0, 5.0, 7.0]);
    }

    #[test]
    fn an_exception_of_libtorch_is_an_error_with_its_words() {
        let c =
            Convolution { input: [4, 4], kernel: [3, 3], stride: [1, 1], padding: [0, 0], dilation: [1, 1], groups: 1 };
        let (x, w) =
            (Tensor::zeros([1, 2, 4, 4], tch::kind::DOUBLE_CPU), Tensor::zeros([1, 3, 3, 3], tch::kind::DOUBLE_CPU));
        let error = conv(&x, &w, &c, false).unwrap_err();
        assert!(error.contains("channels") && !error.contains('\n'), "{error}");
    }
}
