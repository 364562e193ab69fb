//! Recorded calls of functions outside the graph: made when a program first needs one, kept with the primal part of a
//! product, and dropped with it.

use super::{SavedTensors, TchExecutable, Values};
use crate::backend::failure;
use crate::lower::{Call, Request, Step};
use crate::script;
use crate::shim::{Script, Tape, Wanted, metered};
use crate::space::kind_of;
use hesse_core::backend::{BackendError, Feed};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::PoisonError;
use tch::{Device, Tensor};

/// The modules of a program, by the text that names each.
pub(super) type Scripts = HashMap<String, Script>;

/// Calls recorded during a run, by number.
pub(super) type Recorded = HashMap<usize, Tape>;

/// Opens the modules that calls name.
pub(super) fn open(calls: &[Call], twice: bool, device: Device) -> Result<Scripts, String> {
    let mut scripts = Scripts::new();
    for call in calls {
        if call.function.system != script::SYSTEM {
            return Err(format!("a program of {}, which this backend cannot run", call.function.system));
        }
        if !scripts.contains_key(&call.function.program) {
            let mut opened = script::open(&call.function.program, twice, device)?;
            opened.forget()?;
            scripts.insert(call.function.program.clone(), opened);
        }
    }
    Ok(scripts)
}

/// Runs a call; `kept` for another program, or for this one alone.
fn record(scripts: &mut Scripts, call: &Call, operands: &[&Tensor], kept: bool) -> Result<Tape, String> {
    let script = scripts.get_mut(&call.function.program).ok_or("the module is not open")?;
    script.run(operands, if kept { &call.may_move } else { &call.moves })
}

impl TchExecutable {
    /// The bytes that recorded calls keep besides the program's own values, found by recording them once for zeros.
    pub(super) fn record_bytes(&mut self) -> Result<usize, String> {
        let mut bytes = 0;
        for call in self.program.calls.iter().filter(|c| c.key.is_some()) {
            let kind = kind_of(self.precision);
            let zeros = call.sizes.iter().map(|s| Tensor::f_zeros(&s[..], (kind, self.place.device)));
            let zeros: Vec<Tensor> = zeros.collect::<Result<_, _>>().map_err(crate::shim::words)?;
            let operands: Vec<&Tensor> = zeros.iter().collect();
            let by: Vec<usize> = (0..call.may_move.len()).filter(|i| call.may_move[*i]).collect();
            let (tape, held) = metered(self.place.device, || -> Result<Tape, String> {
                let mut tape = record(&mut self.scripts, call, &operands, true)?;
                if !by.is_empty() {
                    // As for a Hessian: the first gradients, with a graph.
                    let result = tape.differentials(&Wanted { cotangent: None, directions: vec![], by: &[None] })?;
                    let cotangent = result.first().map(Tensor::f_zeros_like).transpose().map_err(crate::shim::words)?;
                    let directions = vec![by.iter().map(|&i| (i, &zeros[i])).collect()];
                    // Where it has no second derivative, what uses one will say so.
                    let _ = tape.differentials(&Wanted {
                        cotangent: cotangent.as_ref(),
                        directions,
                        by: &[by.last().copied()],
                    });
                }
                Ok(tape)
            });
            drop(tape?);
            bytes += held;
        }
        Ok(bytes)
    }

    /// Forms the differentials of a request: the first of them, and the rest. `kept`: a call that is recorded here will serve
    /// another program.
    pub(super) fn differentiate(
        &mut self,
        at: usize,
        request: &Request,
        values: &Values,
        feed: &Feed<'_>,
        recorded: &mut Recorded,
        kept: bool,
    ) -> Result<Vec<Tensor>, BackendError> {
        let step = &self.program.steps[at];
        let (name, failed, device) = (step.name, self.name.clone(), self.place.device);
        let fail = move |cause| failure(device, &failed, name, cause);
        let reads = reads(step, values).map_err(&fail)?;
        let call = &self.program.calls[request.call];
        let (own, rest) = reads.split_at(call.sizes.len());
        let (cotangent, mut tangents) = match rest.split_first() {
            Some((c, tangents)) if request.cotangent => (Some(*c), tangents.iter()),
            _ => (None, rest.iter()),
        };
        let directions = request.directions.iter();
        let directions = directions.map(|d| d.iter().copied().zip(tangents.by_ref().copied()).collect()).collect();
        let wanted = Wanted { cotangent, directions, by: &request.by };
        if let Some(tape) = recorded.get_mut(&request.call) {
            return tape.differentials(&wanted).map_err(fail);
        }
        // Where the primal part has recorded the call, it is there; and what is recorded here serves further directions.
        let saved = feed.saved.and_then(|s| s.storage::<SavedTensors>()).zip(call.key);
        let Some((saved, key)) = saved else {
            let mut tape = record(&mut self.scripts, call, own, kept).map_err(&fail)?;
            let results = tape.differentials(&wanted).map_err(fail)?;
            recorded.insert(request.call, tape);
            return Ok(results);
        };
        let mut tapes = saved.tapes.lock().unwrap_or_else(PoisonError::into_inner);
        let tape = match tapes.entry(key) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(record(&mut self.scripts, call, own, true).map_err(&fail)?),
        };
        tape.differentials(&wanted).map_err(fail)
    }

    /// Hands recorded calls over to whoever keeps the program's values.
    pub(super) fn keep(&self, recorded: Recorded, keep: &SavedTensors) {
        let mut tapes = keep.tapes.lock().unwrap_or_else(PoisonError::into_inner);
        for (call, tape) in recorded {
            if let Some(key) = self.program.calls.get(call).and_then(|c| c.key) {
                tapes.insert(key, tape);
            }
        }
    }
}

/// The tensors that a step reads.
pub(super) fn reads<'a>(step: &Step, values: &'a Values) -> Result<Vec<&'a Tensor>, String> {
    let found = |slot: &usize| values[*slot].as_ref().ok_or_else(|| "an operand has no value".to_string());
    step.reads.iter().map(found).collect()
}
