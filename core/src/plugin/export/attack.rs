//! An attack behind a table.

use super::object::{create, destroy};
use super::space::{fill, numbers};
use crate::attack::{Attack, AttackError, AttackRequest, AttackStep, Budget, InputOracle, OracleError, ThreatModel};
use crate::eigen::Control;
use crate::operator::OperatorError;
use crate::plugin::codes::{goal_of, norm_of};
use crate::plugin::guard::{Foreign, guard, guard_or};
use crate::plugin::import::{ForeignOracle, read_table};
use crate::plugin::raw::{AttackStepFunction, AttackTable, Bytes, OracleTable, RawAttackRequest, Status};
use crate::registry::AttackEntry;
use std::ffi::c_void;

pub(super) static ATTACK: AttackTable = AttackTable {
    size: size_of::<AttackTable>(),
    create: Some(create::<AttackEntry>),
    destroy: Some(destroy::<Box<dyn Attack>>),
    minimal: Some(minimal),
    run: Some(run),
};

unsafe extern "C" fn minimal(attack: *const c_void) -> u32 {
    // SAFETY: `create` made the attack.
    guard_or(0, || u32::from(unsafe { &*attack.cast::<Box<dyn Attack>>() }.budget() == Budget::Minimal))
}

unsafe extern "C" fn run(
    attack: *const c_void,
    oracle: *const OracleTable,
    request: *const RawAttackRequest,
    observer: *mut c_void,
    step: AttackStepFunction,
    out: *mut f64,
    error: *mut Bytes,
) -> Status {
    guard(error, || {
        // SAFETY: `create` made the attack; the tables and what they point at are valid during this call.
        unsafe {
            let attack = &*attack.cast::<Box<dyn Attack>>();
            let oracle = ForeignOracle::new(oracle)?;
            let raw = read_table("request", request, size_of::<RawAttackRequest>())?;
            let each: usize = oracle.shape().iter().product();
            let entries = raw.n.checked_mul(each).ok_or_else(|| Foreign::failed("too many samples"))?;
            let request = AttackRequest {
                samples: numbers(raw.samples, entries)?,
                labels: numbers(raw.labels, raw.n)?,
                goal: goal_of(raw.goal)?,
                threat: ThreatModel { norm: norm_of(raw.norm)?, lower: raw.lower, upper: raw.upper },
                epsilon: raw.epsilon,
                indices: numbers(raw.indices, raw.n)?,
                seed: raw.seed,
            };
            let mut observe = |what: AttackStep<'_>| match step {
                None => Control::Continue,
                Some(step) => match step(observer, what.step, what.losses.as_ptr(), what.losses.len()) {
                    0 => Control::Continue,
                    _ => Control::Stop,
                },
            };
            let perturbed = attack.run(&oracle, &request, &mut observe).map_err(failure)?;
            fill("perturbed samples", &perturbed, out, entries)
        }
    })
}

fn failure(error: AttackError) -> Foreign {
    match error {
        AttackError::Interrupted | AttackError::Oracle(OracleError::Operator(OperatorError::Interrupted)) => {
            Foreign::interrupted()
        }
        other => Foreign::failed(other),
    }
}
