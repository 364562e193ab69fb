//! Eigensolvers.

use super::{Bytes, Columns, Create, Destroy, OperatorTable, Status, Str};
use std::ffi::c_void;

/// What is wanted of a solver; see `EigenRequest`.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct RawEigenRequest {
    /// `sizeof(RawEigenRequest)`.
    pub size: usize,
    /// How many algebraically largest pairs.
    pub largest: usize,
    /// How many algebraically smallest pairs.
    pub smallest: usize,
    /// Bound on ‖Av − λv‖ / ‖A‖.
    pub tolerance: f64,
    /// The most columns that may be multiplied.
    pub max_products: usize,
    /// Seed of every random choice.
    pub seed: u64,
    /// Since 1.1: vectors near the wanted ones, a block of the operator's space that passes to the solver; block 0 for none.
    /// Only for a solver that can start from them.
    pub initial: Columns,
    /// Since 1.1: a state to go on from, of `state_len` bytes, or null. Only for a solver that can resume.
    pub state: *const u8,
    /// Since 1.1: its length.
    pub state_len: usize,
}

/// Size of a request at version 1.0.
pub const EIGEN_REQUEST_MIN: usize = 48;

/// A step was made.
pub const EVENT_STEP: u32 = 1;
/// A basis was contracted.
pub const EVENT_RESTART: u32 = 2;

/// What happens while a solver runs.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct RawEvent {
    /// `sizeof(RawEvent)`.
    pub size: usize,
    /// One of the `EVENT_` constants.
    pub kind: u32,
    /// Columns multiplied.
    pub products: usize,
    /// Wanted pairs within the tolerance.
    pub converged: usize,
    /// The largest residual (relative) among the wanted pairs.
    pub worst_residual: f64,
}

/// Among the largest.
pub const END_LARGEST: u32 = 0;
/// Among the smallest.
pub const END_SMALLEST: u32 = 1;

/// Every wanted pair is within the tolerance.
pub const REASON_CONVERGED: u32 = 0;
/// The budget of products is spent.
pub const REASON_PRODUCT_LIMIT: u32 = 1;
/// The basis spans the whole space.
pub const REASON_SPACE_EXHAUSTED: u32 = 2;
/// The residuals no longer fall.
pub const REASON_STAGNATED: u32 = 3;
/// The observer asked to stop.
pub const REASON_INTERRUPTED: u32 = 4;

/// Bookkeeping; see `EigenStatistics`. Zero where a solver does not count.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct RawStatistics {
    /// `sizeof(RawStatistics)`.
    pub size: usize,
    /// Columns multiplied by the operator.
    pub products: usize,
    /// Restarts of the basis.
    pub restarts: usize,
    /// Inner products of two vectors.
    pub inner_products: usize,
    /// Gram–Schmidt passes over the basis.
    pub orthogonalizations: usize,
    /// Times the basis became invariant.
    pub breakdowns: usize,
    /// Pairs locked before the end.
    pub locked: usize,
    /// Largest basis held.
    pub basis_size: usize,
    /// Estimate of the operator's norm.
    pub norm_estimate: f64,
    /// Largest Ritz value seen.
    pub largest_ritz: f64,
    /// Smallest Ritz value seen.
    pub smallest_ritz: f64,
    /// Seconds in products.
    pub product_seconds: f64,
    /// Seconds in orthogonalisation.
    pub orthogonalization_seconds: f64,
    /// Seconds in all.
    pub seconds: f64,
}

/// Where a solver reports. All functions must be called from the thread that called `solve`.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct SolverReport {
    /// `sizeof(SolverReport)`.
    pub size: usize,
    /// Passed to the functions.
    pub context: *mut c_void,
    /// Tells what happens; returns 1 where the solver should stop and return what it has, else 0.
    pub event: Option<unsafe extern "C" fn(context: *mut c_void, event: *const RawEvent) -> u32>,
    /// One eigenpair: its end, its value, its residual ‖Av − λv‖ / |λ₁|, whether that is within the tolerance, and the
    /// column of its vector. In order: largest values falling, smallest rising.
    pub pair: Option<
        unsafe extern "C" fn(context: *mut c_void, end: u32, value: f64, residual: f64, converged: u32, column: usize),
    >,
    /// The end: a block of the operator's space with one orthonormal column per pair (it passes to the caller), the
    /// reason, and the bookkeeping.
    pub finish:
        Option<unsafe extern "C" fn(context: *mut c_void, vectors: u64, reason: u32, statistics: *const RawStatistics)>,
    /// Since 1.1: one line that a reader of the result should know. May be null.
    pub remark: Option<unsafe extern "C" fn(context: *mut c_void, text: Str)>,
    /// Since 1.1: whether a state is wanted after so many products: 1 or 0. Null where none is ever wanted.
    pub state_due: Option<unsafe extern "C" fn(context: *mut c_void, products: usize) -> u32>,
    /// Since 1.1: hands a state over, when one is due or the run is interrupted. Null where none is wanted.
    pub state: Option<unsafe extern "C" fn(context: *mut c_void, state: *const u8, len: usize)>,
}

/// Size of a report at version 1.0.
pub const SOLVER_REPORT_MIN: usize = 40;

/// Initial vectors save it products.
pub const ABILITY_WARM_START: u32 = 1;
/// It can save its state and go on from it to the same bits.
pub const ABILITY_RESUME: u32 = 2;

/// Functions of an eigensolver.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct SolverTable {
    /// `sizeof(SolverTable)`.
    pub size: usize,
    /// Makes one from its options.
    pub create: Create,
    /// Destroys one.
    pub destroy: Destroy,
    /// Finds the wanted pairs; may be called from several threads at once.
    pub solve: Option<
        unsafe extern "C" fn(
            solver: *const c_void,
            operator: *const OperatorTable,
            request: *const RawEigenRequest,
            report: *const SolverReport,
            error: *mut Bytes,
        ) -> Status,
    >,
    /// Since 1.1: what it can do beyond that, a sum of `ABILITY_` constants. Null for nothing.
    pub abilities: Option<unsafe extern "C" fn(solver: *const c_void) -> u32>,
}

const _: () = {
    use std::mem::{offset_of, size_of};
    assert!(size_of::<RawEigenRequest>() == 88 && offset_of!(RawEigenRequest, initial) == EIGEN_REQUEST_MIN);
    assert!(offset_of!(RawEigenRequest, state) == 72 && size_of::<RawEvent>() == 40);
    assert!(size_of::<RawStatistics>() == 112 && offset_of!(RawStatistics, norm_estimate) == 64);
    assert!(size_of::<SolverReport>() == 64 && offset_of!(SolverReport, finish) == 32);
    assert!(offset_of!(SolverReport, remark) == SOLVER_REPORT_MIN && offset_of!(SolverReport, state) == 56);
    assert!(size_of::<SolverTable>() == 40 && offset_of!(SolverTable, solve) == 24);
    assert!(offset_of!(SolverTable, abilities) == 32);
};
