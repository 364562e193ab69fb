//! Attacks.

use super::{Bytes, Create, Destroy, Status};
use std::ffi::c_void;

/// log Σ exp z − z_y.
pub const LOSS_CROSS_ENTROPY: u32 = 0;
/// max_{k≠y} z_k − z_y.
pub const LOSS_MARGIN: u32 = 1;
/// (max_{k≠y} z_k − z_y) / (z_(1) − z_(3)).
pub const LOSS_DIFFERENCE_OF_LOGITS_RATIO: u32 = 2;

/// The largest change of any entry.
pub const NORM_LINF: u32 = 0;
/// The Euclidean length.
pub const NORM_L2: u32 = 1;
/// The sum of all changes.
pub const NORM_L1: u32 = 2;

/// Any class but the label.
pub const GOAL_UNTARGETED: u32 = 0;
/// The label itself.
pub const GOAL_TARGETED: u32 = 1;

/// A network seen from its inputs; see `InputOracle`. `n` is the number of samples of a call, at the caller's choice;
/// `samples` are `n * samples_len` numbers, row-major.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct OracleTable {
    /// `sizeof(OracleTable)`.
    pub size: usize,
    /// Passed to the functions; valid during the call that brought the table.
    pub context: *const c_void,
    /// Sizes of one sample.
    pub shape: *const usize,
    /// How many.
    pub rank: usize,
    /// Their product.
    pub sample_len: usize,
    /// The number of classes.
    pub classes: usize,
    /// `n * classes` logits.
    pub logits: Option<
        unsafe extern "C" fn(
            context: *const c_void,
            n: usize,
            samples: *const f64,
            logits: *mut f64,
            error: *mut Bytes,
        ) -> Status,
    >,
    /// `n` losses and `n * sample_len` gradients.
    pub loss_gradient: Option<
        unsafe extern "C" fn(
            context: *const c_void,
            n: usize,
            samples: *const f64,
            labels: *const u32,
            loss: u32,
            losses: *mut f64,
            gradient: *mut f64,
            error: *mut Bytes,
        ) -> Status,
    >,
    /// H_x v per sample: `n * sample_len` numbers from as many.
    pub hessian_product: Option<
        unsafe extern "C" fn(
            context: *const c_void,
            n: usize,
            samples: *const f64,
            labels: *const u32,
            loss: u32,
            v: *const f64,
            out: *mut f64,
            error: *mut Bytes,
        ) -> Status,
    >,
    /// J v per sample: `n * classes` numbers from `n * sample_len`.
    pub jacobian_product: Option<
        unsafe extern "C" fn(
            context: *const c_void,
            n: usize,
            samples: *const f64,
            v: *const f64,
            out: *mut f64,
            error: *mut Bytes,
        ) -> Status,
    >,
    /// Jᵀ u per sample: `n * sample_len` numbers from `n * classes`.
    pub transposed_jacobian_product: Option<
        unsafe extern "C" fn(
            context: *const c_void,
            n: usize,
            samples: *const f64,
            u: *const f64,
            out: *mut f64,
            error: *mut Bytes,
        ) -> Status,
    >,
}

/// The samples to attack and what is allowed; see `AttackRequest`.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct RawAttackRequest {
    /// `sizeof(RawAttackRequest)`.
    pub size: usize,
    /// The number of samples.
    pub n: usize,
    /// `n * sample_len` numbers.
    pub samples: *const f64,
    /// `n` classes.
    pub labels: *const u32,
    /// One of the `GOAL_` constants.
    pub goal: u32,
    /// One of the `NORM_` constants.
    pub norm: u32,
    /// The smallest value of an entry.
    pub lower: f64,
    /// The largest value of an entry.
    pub upper: f64,
    /// The largest norm of a perturbation.
    pub epsilon: f64,
    /// Position of each sample in its data set.
    pub indices: *const usize,
    /// Seed of every random choice.
    pub seed: u64,
}

/// Tells that a step was made, with the loss of each sample; returns 1 where the attack should stop, else 0.
pub type AttackStepFunction =
    Option<unsafe extern "C" fn(context: *mut c_void, step: usize, losses: *const f64, n: usize) -> u32>;

/// Functions of an attack.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct AttackTable {
    /// `sizeof(AttackTable)`.
    pub size: usize,
    /// Makes one from its options.
    pub create: Create,
    /// Destroys one.
    pub destroy: Destroy,
    /// 1 where one run serves every ε (minimal perturbations), 0 where each ε needs its own run.
    pub minimal: Option<unsafe extern "C" fn(attack: *const c_void) -> u32>,
    /// Writes perturbed samples, `n * sample_len` numbers, to `out`.
    pub run: Option<
        unsafe extern "C" fn(
            attack: *const c_void,
            oracle: *const OracleTable,
            request: *const RawAttackRequest,
            observer: *mut c_void,
            step: AttackStepFunction,
            out: *mut f64,
            error: *mut Bytes,
        ) -> Status,
    >,
}

const _: () = {
    use std::mem::{offset_of, size_of};
    assert!(size_of::<OracleTable>() == 88 && offset_of!(OracleTable, logits) == 48);
    assert!(size_of::<RawAttackRequest>() == 80 && offset_of!(RawAttackRequest, seed) == 72);
    assert!(size_of::<AttackTable>() == 40 && offset_of!(AttackTable, run) == 32);
};
