//! An eigensolver behind a table.

use super::object::{create, destroy};
use crate::eigen::{Control, EigenRequest, EigenSolver, SolverError, SolverEvent, Start, StateKeeper};
use crate::operator::OperatorError;
use crate::plugin::codes::{abilities_code, raw_statistics, reason_code};
use crate::plugin::guard::{Foreign, guard, guard_or};
use crate::plugin::import::{ForeignOperator, needed, read_table};
use crate::plugin::raw::{
    Bytes, EIGEN_REQUEST_MIN, END_LARGEST, END_SMALLEST, EVENT_RESTART, EVENT_STEP, OperatorTable, RawEigenRequest,
    RawEvent, SOLVER_REPORT_MIN, SolverReport, SolverTable, Status, Str,
};
use crate::registry::SolverEntry;
use std::ffi::c_void;

pub(super) static SOLVER: SolverTable = SolverTable {
    size: size_of::<SolverTable>(),
    create: Some(create::<SolverEntry>),
    destroy: Some(destroy::<Box<dyn EigenSolver>>),
    solve: Some(solve),
    abilities: Some(abilities),
};

unsafe extern "C" fn abilities(solver: *const c_void) -> u32 {
    // SAFETY: `create` made the solver.
    guard_or(0, || abilities_code(unsafe { &*solver.cast::<Box<dyn EigenSolver>>() }.abilities()))
}

/// Hands states to the program.
struct Keeper {
    context: *mut c_void,
    due: unsafe extern "C" fn(*mut c_void, usize) -> u32,
    keep: unsafe extern "C" fn(*mut c_void, *const u8, usize),
}

impl StateKeeper for Keeper {
    fn due(&mut self, products: usize) -> bool {
        // SAFETY: the report is valid during the call that brought it, and this is the thread that was asked.
        unsafe { (self.due)(self.context, products) != 0 }
    }
    fn keep(&mut self, state: &[u8]) {
        // SAFETY: as above; the slice outlives the call.
        unsafe { (self.keep)(self.context, state.as_ptr(), state.len()) }
    }
}

fn event(what: SolverEvent) -> RawEvent {
    let (kind, products, converged, worst_residual) = match what {
        SolverEvent::Step { products } => (EVENT_STEP, products, 0, 0.0),
        SolverEvent::Restart { products, converged, worst_residual } => {
            (EVENT_RESTART, products, converged, worst_residual)
        }
    };
    RawEvent { size: size_of::<RawEvent>(), kind, products, converged, worst_residual }
}

fn failure(error: SolverError) -> Foreign {
    match error {
        SolverError::Operator(OperatorError::Interrupted) => Foreign::interrupted(),
        other => Foreign::failed(other),
    }
}

unsafe extern "C" fn solve(
    solver: *const c_void,
    operator: *const OperatorTable,
    request: *const RawEigenRequest,
    report: *const SolverReport,
    error: *mut Bytes,
) -> Status {
    guard(error, || {
        // SAFETY: `create` made the solver; the tables are valid during this call.
        let (solver, operator, request, report) = unsafe {
            (
                &*solver.cast::<Box<dyn EigenSolver>>(),
                ForeignOperator::new(operator)?,
                read_table("request", request, EIGEN_REQUEST_MIN)?,
                read_table("report", report, SOLVER_REPORT_MIN)?,
            )
        };
        let (tell, pair, finish) =
            (needed("event", report.event)?, needed("pair", report.pair)?, needed("finish", report.finish)?);
        let raw = request;
        let request = EigenRequest {
            largest: request.largest,
            smallest: request.smallest,
            tolerance: request.tolerance,
            max_products: request.max_products,
            seed: request.seed,
        };
        let mut observe = |what: SolverEvent| {
            let what = event(what);
            // SAFETY: the report is valid during this call, and this is the thread that was asked.
            match unsafe { tell(report.context, &raw const what) } {
                0 => Control::Continue,
                _ => Control::Stop,
            }
        };
        let given = match raw.initial.block {
            0 => None,
            _ => Some(operator.foreign_space().receive(raw.initial)),
        };
        // SAFETY: the bytes live during the call.
        let state = unsafe { super::numbers(raw.state, raw.state_len) }?;
        let mut keeper = match (report.state_due, report.state) {
            (Some(due), Some(keep)) => Some(Keeper { context: report.context, due, keep }),
            _ => None,
        };
        let start = Start {
            initial: given.as_ref().map(|block| block.all()),
            state: if raw.state.is_null() { None } else { Some(state) },
            keeper: keeper.as_mut().map(|k| k as &mut dyn StateKeeper),
        };
        let result = solver.solve_from(&operator, &request, start, &mut observe).map_err(failure)?;
        for (end, pairs) in [(END_LARGEST, &result.largest), (END_SMALLEST, &result.smallest)] {
            for p in pairs {
                // SAFETY: as above.
                unsafe { pair(report.context, end, p.value, p.residual, u32::from(p.converged), p.column) };
            }
        }
        if let Some(remark) = report.remark {
            // SAFETY: as above; the text outlives the call.
            result.remarks.iter().for_each(|text| unsafe { remark(report.context, Str::new(text)) });
        }
        let statistics = raw_statistics(&result.statistics);
        let vectors = operator.foreign_space().give(result.vectors)?;
        // SAFETY: as above.
        unsafe { finish(report.context, vectors, reason_code(result.reason), &raw const statistics) };
        Ok(())
    })
}
