//! TorchScript modules and their recorded calls.

use super::{Outcome, checked, ffi, made};
use std::ffi::{CStr, c_int};
use std::ptr;
use tch::{Device, Tensor};
use torch_sys::C_tensor;

/// A module in eval mode, whose parameters and buffers are given in each call.
pub(crate) struct Script {
    pointer: *mut ffi::Script,
}

// SAFETY: a module may be used by one thread after another; it is not `Sync`, and calls need `&mut`.
unsafe impl Send for Script {}

/// A parameter or buffer as the file has it.
pub(crate) struct Value {
    pub name: String,
    pub tensor: Tensor,
}

impl Script {
    /// Reads an archive, in f32 or (`twice` as wide) in f64; tensors that are neither parameters nor buffers go to `device`.
    pub fn open(bytes: &[u8], twice: bool, device: Device) -> Outcome<Self> {
        let mut pointer = ptr::null_mut();
        let number = super::cuda::number(device);
        // SAFETY: the bytes live during the call, and the place is valid.
        checked(unsafe { ffi::hesse_script_open(bytes.as_ptr(), bytes.len(), twice, number, &raw mut pointer) })?;
        if pointer.is_null() { Err("no module".into()) } else { Ok(Script { pointer }) }
    }

    /// The parameters, in state-dict order.
    pub fn parameters(&self) -> Outcome<Vec<Value>> {
        self.values(0)
    }

    /// The buffers of real numbers, in state-dict order.
    pub fn buffers(&self) -> Outcome<Vec<Value>> {
        self.values(1)
    }

    fn values(&self, which: c_int) -> Outcome<Vec<Value>> {
        // SAFETY: the module is open.
        let count = unsafe { ffi::hesse_script_count(self.pointer, which) };
        let one = |i| {
            let mut name = ptr::null_mut();
            // SAFETY: the module is open and the places are valid.
            let tensor = made(|t| unsafe { ffi::hesse_script_value(self.pointer, which, i, &raw mut name, t) })?;
            if name.is_null() {
                return Err("no name".into());
            }
            // SAFETY: the text is ours and freed at once.
            let name = unsafe {
                let words = CStr::from_ptr(name).to_string_lossy().into_owned();
                ffi::hesse_free_text(name);
                words
            };
            Ok(Value { name, tensor })
        };
        (0..count).map(one).collect()
    }

    /// Lets go of the values that the file brought.
    pub fn forget(&mut self) -> Outcome<()> {
        // SAFETY: the module is open.
        checked(unsafe { ffi::hesse_script_forget(self.pointer) })
    }

    /// Runs the module on parameters, buffers and samples, and records the call for derivatives by those that `moves`.
    pub fn run(&mut self, operands: &[&Tensor], moves: &[bool]) -> Outcome<Tape> {
        if operands.len() != moves.len() {
            return Err(format!("expected {} marks, found {}", operands.len(), moves.len()));
        }
        let operands: Vec<*const C_tensor> = operands.iter().map(|t| t.as_ptr()).collect();
        let mut pointer = ptr::null_mut();
        // SAFETY: the module is open, both lists have as many entries and live during the call.
        checked(unsafe {
            let (tensors, moves) = (operands.as_ptr(), moves.as_ptr());
            ffi::hesse_script_run(self.pointer, tensors, moves, operands.len(), &raw mut pointer)
        })?;
        if pointer.is_null() { Err("no result".into()) } else { Ok(Tape { pointer }) }
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        // SAFETY: `open` made it, and this is the only owner.
        unsafe { ffi::hesse_script_close(self.pointer) }
    }
}

/// A recorded call. It outlives its module.
pub(crate) struct Tape {
    pointer: *mut ffi::Tape,
}

// SAFETY: a tape may be used by one thread after another; it is not `Sync`, and its methods need `&mut`.
unsafe impl Send for Tape {}

/// Differentials that share a cotangent and directions; see `hesse_core::graph::Differential`.
pub(crate) struct Wanted<'a> {
    pub cotangent: Option<&'a Tensor>,
    /// For each direction the operands it moves, and by what.
    pub directions: Vec<Vec<(usize, &'a Tensor)>>,
    /// Operands to differentiate by; none for the differential itself.
    pub by: &'a [Option<usize>],
}

impl Tape {
    /// Forms them all.
    pub fn differentials(&mut self, wanted: &Wanted<'_>) -> Outcome<Vec<Tensor>> {
        let number = |i: usize| i64::try_from(i).unwrap_or(i64::MAX);
        let sizes: Vec<i64> = wanted.directions.iter().map(|d| number(d.len())).collect();
        let moved: Vec<i64> = wanted.directions.iter().flatten().map(|(i, _)| number(*i)).collect();
        let tangents: Vec<*const C_tensor> = wanted.directions.iter().flatten().map(|(_, t)| t.as_ptr()).collect();
        let by: Vec<i64> = wanted.by.iter().map(|i| i.map_or(-1, number)).collect();
        let mut results: Vec<*mut C_tensor> = vec![ptr::null_mut(); by.len()];
        // SAFETY: the tape is whole; every list lives during the call and has the length that goes with it. Operands out of
        // range are refused on the other side.
        let failed = checked(unsafe {
            ffi::hesse_tape_differentials(
                self.pointer,
                wanted.cotangent.map_or(ptr::null(), |c| c.as_ptr()),
                sizes.as_ptr(),
                sizes.len(),
                moved.as_ptr(),
                tangents.as_ptr(),
                by.as_ptr(),
                by.len(),
                results.as_mut_ptr(),
            )
        });
        // SAFETY: what is not null has been made for us.
        let made: Vec<Tensor> =
            results.iter().filter(|t| !t.is_null()).map(|t| unsafe { Tensor::from_ptr(*t) }).collect();
        failed?;
        if made.len() == by.len() { Ok(made) } else { Err("a result is missing".into()) }
    }
}

impl Drop for Tape {
    fn drop(&mut self) {
        // SAFETY: `run` made it, and this is the only owner.
        unsafe { ffi::hesse_tape_free(self.pointer) }
    }
}
