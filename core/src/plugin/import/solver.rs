//! An eigensolver of another library. What it returns is checked: see `verify`.

use super::object::{Context, Object};
use super::space::needed;
use super::verify::verify;
use crate::eigen::{
    Abilities, Control, EigenRequest, EigenResult, EigenSolver, SolverError, SolverEvent, Start, StateKeeper,
};
use crate::operator::LinearOperator;
use crate::options::{OptionError, Options};
use crate::plugin::codes::abilities_of;
use crate::plugin::export::{ExportedOperator, ReportContext};
use crate::plugin::guard::{Foreign, call};
use crate::plugin::raw::{
    Bytes, Columns, Create, Destroy, OperatorTable, RawEigenRequest, SolverReport, SolverTable, Status, Str,
};
use std::ffi::c_void;
use std::panic::resume_unwind;

type Solve = unsafe extern "C" fn(
    *const c_void,
    *const OperatorTable,
    *const RawEigenRequest,
    *const SolverReport,
    *mut Bytes,
) -> Status;

struct ForeignSolver {
    object: Object,
    solve: Solve,
    abilities: Abilities,
}

/// Asks a table for an object of these options.
pub(super) fn create(
    context: Context,
    create: Create,
    destroy: Destroy,
    options: &Options,
) -> Result<Object, OptionError> {
    let asked = || -> Result<Object, Foreign> {
        let (create, destroy) = (needed("create", create)?, needed("destroy", destroy)?);
        let options = options.to_string();
        let mut pointer = std::ptr::null_mut();
        // SAFETY: the context is a constant of a loaded library; all arguments outlive the call.
        call(|error| unsafe { create(context.get(), Str::new(&options), &raw mut pointer, error) })?;
        Ok(Object::new(pointer, destroy))
    };
    asked().map_err(|error| OptionError::Foreign(error.to_string()))
}

/// Makes a solver from its options.
pub(super) fn make(
    context: Context,
    table: &SolverTable,
    options: &Options,
) -> Result<Box<dyn EigenSolver>, OptionError> {
    let solve = needed("solve", table.solve).map_err(|error| OptionError::Foreign(error.to_string()))?;
    let object = create(context, table.create, table.destroy, options)?;
    // SAFETY: the table's `create` made the object.
    let abilities = abilities_of(table.abilities.map_or(0, |abilities| unsafe { abilities(object.pointer) }));
    Ok(Box::new(ForeignSolver { object, solve, abilities }))
}

impl EigenSolver for ForeignSolver {
    fn solve(
        &self,
        operator: &dyn LinearOperator,
        request: &EigenRequest,
        observe: &mut dyn FnMut(SolverEvent) -> Control,
    ) -> Result<EigenResult, SolverError> {
        self.solve_from(operator, request, Start::default(), observe)
    }

    fn abilities(&self) -> Abilities {
        self.abilities
    }

    fn solve_from(
        &self,
        operator: &dyn LinearOperator,
        request: &EigenRequest,
        start: Start<'_>,
        observe: &mut dyn FnMut(SolverEvent) -> Control,
    ) -> Result<EigenResult, SolverError> {
        request.check(operator.dimension())?;
        if start.state.is_some() && !self.abilities.resume {
            let (expected, found) = ("a solver that can resume".into(), "a library's that cannot".into());
            return Err(SolverError::State { expected, found });
        }
        let exported = ExportedOperator::new(operator);
        // A library that knows nothing of these fields would never free the block.
        let initial = match start.initial {
            Some(view) if self.abilities.warm_start => exported.lend(view)?,
            _ => Columns { block: 0, start: 0, count: 0 },
        };
        let raw = RawEigenRequest {
            size: size_of::<RawEigenRequest>(),
            largest: request.largest,
            smallest: request.smallest,
            tolerance: request.tolerance,
            max_products: request.max_products,
            seed: request.seed,
            initial,
            state: start.state.map_or(std::ptr::null(), <[u8]>::as_ptr),
            state_len: start.state.map_or(0, <[u8]>::len),
        };
        let mut keeper = start.keeper.filter(|_| self.abilities.resume);
        let mut report = ReportContext::new(observe, keeper.as_mut().map(|k| &mut **k as &mut dyn StateKeeper));
        let (operator_table, report_table) = (exported.table(), report.table());
        // SAFETY: `create` made the object; the tables and their contexts outlive the call.
        let answer = call(|error| unsafe {
            (self.solve)(self.object.pointer, &raw const operator_table, &raw const raw, &raw const report_table, error)
        });
        if let Some(payload) = report.panic.take() {
            resume_unwind(payload);
        }
        if let Err(error) = answer {
            // The operator's own error says more than the solver's words about it.
            return Err(exported.failure().map_or(SolverError::Foreign(error), SolverError::Operator));
        }
        let missing = || SolverError::Foreign(Foreign::failed("the solver has reported no result"));
        let (handle, reason, statistics) = report.end.take().ok_or_else(missing)?;
        let vectors = exported.take(handle).map_err(SolverError::Foreign)?;
        let (largest, smallest) = (std::mem::take(&mut report.largest), std::mem::take(&mut report.smallest));
        let remarks = std::mem::take(&mut report.remarks);
        let result = EigenResult { largest, smallest, vectors, reason, statistics, remarks };
        verify(operator, request, result)
    }
}
