//! An attack of another library. Its driver re-evaluates what it returns, so nothing more is checked here than sizes.

use super::object::{Context, Object};
use super::solver::create;
use super::space::needed;
use crate::attack::{Attack, AttackError, AttackRequest, AttackStep, Budget, InputOracle};
use crate::eigen::Control;
use crate::options::{OptionError, Options};
use crate::plugin::codes::{goal_code, norm_code};
use crate::plugin::export::ExportedOracle;
use crate::plugin::guard::call;
use crate::plugin::raw::{AttackStepFunction, AttackTable, Bytes, INTERRUPTED, OracleTable, RawAttackRequest, Status};
use std::any::Any;
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

type Run = unsafe extern "C" fn(
    *const c_void,
    *const OracleTable,
    *const RawAttackRequest,
    *mut c_void,
    AttackStepFunction,
    *mut f64,
    *mut Bytes,
) -> Status;

struct ForeignAttack {
    object: Object,
    run: Run,
    budget: Budget,
}

/// Makes an attack from its options.
pub(super) fn make(context: Context, table: &AttackTable, options: &Options) -> Result<Box<dyn Attack>, OptionError> {
    let run = needed("run", table.run).map_err(|error| OptionError::Foreign(error.to_string()))?;
    let object = create(context, table.create, table.destroy, options)?;
    // SAFETY: the table's `create` made the object.
    let minimal = table.minimal.map_or(0, |minimal| unsafe { minimal(object.pointer) });
    Ok(Box::new(ForeignAttack { object, run, budget: if minimal == 0 { Budget::Fixed } else { Budget::Minimal } }))
}

struct Observer<'a> {
    observe: &'a mut dyn FnMut(AttackStep<'_>) -> Control,
    panic: Option<Box<dyn Any + Send>>,
}

unsafe extern "C" fn step(context: *mut c_void, step: usize, losses: *const f64, n: usize) -> u32 {
    // SAFETY: the context is the observer of the run under way, used by its thread alone; the losses live during the call.
    let (observer, losses) =
        unsafe { (&mut *context.cast::<Observer<'_>>(), crate::plugin::export::numbers(losses, n)) };
    let Ok(losses) = losses else { return 0 };
    match catch_unwind(AssertUnwindSafe(|| (observer.observe)(AttackStep { step, losses }))) {
        Ok(control) => u32::from(control == Control::Stop),
        Err(payload) => {
            observer.panic.get_or_insert(payload);
            1
        }
    }
}

impl Attack for ForeignAttack {
    fn run(
        &self,
        oracle: &dyn InputOracle,
        request: &AttackRequest<'_>,
        observe: &mut dyn FnMut(AttackStep<'_>) -> Control,
    ) -> Result<Vec<f64>, AttackError> {
        let n = request.labels.len();
        let entries = n * oracle.shape().iter().product::<usize>();
        for (what, expected, found) in
            [("samples", entries, request.samples.len()), ("indices", n, request.indices.len())]
        {
            if expected != found {
                let (expected, found) = (expected.to_string(), found.to_string());
                return Err(AttackError::Request { what, expected, found });
            }
        }
        let raw = RawAttackRequest {
            size: size_of::<RawAttackRequest>(),
            n,
            samples: request.samples.as_ptr(),
            labels: request.labels.as_ptr(),
            goal: goal_code(request.goal),
            norm: norm_code(request.threat.norm),
            lower: request.threat.lower,
            upper: request.threat.upper,
            epsilon: request.epsilon,
            indices: request.indices.as_ptr(),
            seed: request.seed,
        };
        let exported = ExportedOracle::new(oracle);
        let table = exported.table();
        let mut observer = Observer { observe, panic: None };
        let context = (&raw mut observer).cast();
        let mut out = request.samples.to_vec();
        // SAFETY: `create` made the object; tables, contexts and room outlive the call.
        let answer = call(|error| unsafe {
            (self.run)(
                self.object.pointer,
                &raw const table,
                &raw const raw,
                context,
                Some(step),
                out.as_mut_ptr(),
                error,
            )
        });
        if let Some(payload) = observer.panic.take() {
            resume_unwind(payload);
        }
        match answer {
            Ok(()) => Ok(out),
            Err(error) => Err(match (exported.failure(), error.status) {
                (Some(own), _) => AttackError::Oracle(own),
                (None, INTERRUPTED) => AttackError::Interrupted,
                (None, _) => AttackError::Foreign(error.to_string()),
            }),
        }
    }

    fn budget(&self) -> Budget {
        self.budget
    }
}
