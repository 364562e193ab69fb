//! One run of an eigensolver with what is done around it: the state file, and the completeness probe.

use super::state::{FileKeeper, Identity, load};
use super::{SpectrumError, SpectrumOptions};
use crate::problem::Session;
use hesse_core::eigen::{Control, EigenRequest, EigenResult, EigenSolver, SolverEvent, Start, StateKeeper, StopReason};
use hesse_core::operator::LinearOperator;
use hesse_solver_tools::complete::{Completeness, validate};

/// What is to be solved.
pub(super) struct Solving<'a> {
    pub solver: &'a dyn EigenSolver,
    pub operator: &'a dyn LinearOperator,
    pub request: &'a EigenRequest,
}

/// Solves, from the state file where there is one, and looks for missed pairs where that was asked.
pub(super) fn solve(
    session: &Session,
    options: &SpectrumOptions,
    solving: &Solving<'_>,
    observe: &mut dyn FnMut(SolverEvent) -> Control,
    notices: &mut Vec<String>,
) -> Result<(EigenResult, Option<Completeness>), SpectrumError> {
    let Solving { solver, operator, request } = *solving;
    let mut state = None;
    let mut keeper = None;
    if let Some(path) = &options.state {
        if !solver.abilities().resume {
            return Err(SpectrumError::CannotResume { solver: options.solver.clone() });
        }
        let identity = Identity::of(session, options);
        state = load(path, &identity)?;
        keeper = Some(FileKeeper::new(path, identity));
    }
    let resumed = state.is_some();
    let start = Start {
        initial: None,
        state: state.as_deref(),
        keeper: keeper.as_mut().map(|keeper| keeper as &mut dyn StateKeeper),
    };
    let result = solver.solve_from(operator, request, start, observe)?;
    if let Some(keeper) = keeper {
        // An interrupted run has just been kept; of one that has ended there is nothing to go on from.
        keeper.finish(result.reason != StopReason::Interrupted)?;
    }
    if resumed {
        notices.push("went on from the state of an earlier run; products and seconds are those of both".to_string());
    }
    if !options.complete || result.reason == StopReason::Interrupted {
        return Ok((result, None));
    }
    let (result, verdict) = validate(solver, operator, request, result, observe)?;
    if !verdict.confirmed {
        notices.push(
            "completeness: the last random start did not settle within the budget; pairs may be missing".to_string(),
        );
    }
    Ok((result, Some(verdict)))
}
