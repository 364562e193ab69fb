//! An eigensolver behind a table.

use super::object::{create, destroy};
use crate::eigen::{Control, EigenRequest, EigenSolver, SolverError, SolverEvent};
use crate::operator::OperatorError;
use crate::plugin::codes::{raw_statistics, reason_code};
use crate::plugin::guard::{Foreign, guard};
use crate::plugin::import::{ForeignOperator, needed, read_table};
use crate::plugin::raw::{
    Bytes, END_LARGEST, END_SMALLEST, EVENT_RESTART, EVENT_STEP, OperatorTable, RawEigenRequest, RawEvent,
    SolverReport, SolverTable, Status,
};
use crate::registry::SolverEntry;
use std::ffi::c_void;

pub(super) static SOLVER: SolverTable = SolverTable {
    size: size_of::<SolverTable>(),
    create: Some(create::<SolverEntry>),
    destroy: Some(destroy::<Box<dyn EigenSolver>>),
    solve: Some(solve),
};

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
                read_table("request", request, size_of::<RawEigenRequest>())?,
                read_table("report", report, size_of::<SolverReport>())?,
            )
        };
        let (tell, pair, finish) =
            (needed("event", report.event)?, needed("pair", report.pair)?, needed("finish", report.finish)?);
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
        let result = solver.solve(&operator, &request, &mut observe).map_err(failure)?;
        for (end, pairs) in [(END_LARGEST, &result.largest), (END_SMALLEST, &result.smallest)] {
            for p in pairs {
                // SAFETY: as above.
                unsafe { pair(report.context, end, p.value, p.residual, u32::from(p.converged), p.column) };
            }
        }
        let statistics = raw_statistics(&result.statistics);
        let vectors = operator.foreign_space().give(result.vectors)?;
        // SAFETY: as above.
        unsafe { finish(report.context, vectors, reason_code(result.reason), &raw const statistics) };
        Ok(())
    })
}
