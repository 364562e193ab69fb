//! Where a solver of another library reports.

use crate::eigen::{Control, EigenPair, EigenStatistics, SolverEvent, StateKeeper, StopReason};
use crate::plugin::codes::{reason_of, statistics_of};
use crate::plugin::import::read_table;
use crate::plugin::raw::{END_LARGEST, EVENT_RESTART, RawEvent, RawStatistics, SolverReport, Str};
use crate::plugin::text::one_line;
use std::any::Any;
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What has been reported so far.
pub(crate) struct ReportContext<'a> {
    observe: &'a mut dyn FnMut(SolverEvent) -> Control,
    keeper: Option<&'a mut dyn StateKeeper>,
    pub remarks: Vec<String>,
    pub largest: Vec<EigenPair>,
    pub smallest: Vec<EigenPair>,
    /// Handle of the vectors, reason, bookkeeping.
    pub end: Option<(u64, StopReason, EigenStatistics)>,
    /// A panic of the observer, to go on where it came from once the other library has returned.
    pub panic: Option<Box<dyn Any + Send>>,
}

/// As many lines as a person may want to read.
const MOST_REMARKS: usize = 16;

/// A solver that reports more pairs than this is broken.
const MOST_PAIRS: usize = 1 << 20;

impl<'a> ReportContext<'a> {
    pub fn new(observe: &'a mut dyn FnMut(SolverEvent) -> Control, keeper: Option<&'a mut dyn StateKeeper>) -> Self {
        let (largest, smallest, remarks) = (Vec::new(), Vec::new(), Vec::new());
        ReportContext { observe, keeper, remarks, largest, smallest, end: None, panic: None }
    }

    /// The table; valid while `self` lives and is used through nothing else.
    pub fn table(&mut self) -> SolverReport {
        let keeping = self.keeper.is_some();
        SolverReport {
            size: size_of::<SolverReport>(),
            context: std::ptr::from_mut(self).cast(),
            event: Some(event),
            pair: Some(pair),
            finish: Some(finish),
            remark: Some(remark),
            state_due: if keeping { Some(state_due) } else { None },
            state: if keeping { Some(state) } else { None },
        }
    }
}

unsafe fn with(context: *mut c_void, run: impl FnOnce(&mut ReportContext<'_>) -> u32) -> u32 {
    // SAFETY: the context is valid during the call that brought the table, and only its thread may report.
    let report = unsafe { &mut *context.cast::<ReportContext<'_>>() };
    match catch_unwind(AssertUnwindSafe(|| run(&mut *report))) {
        Ok(answer) => answer,
        Err(payload) => {
            report.panic.get_or_insert(payload);
            1
        }
    }
}

unsafe extern "C" fn event(context: *mut c_void, event: *const RawEvent) -> u32 {
    // SAFETY: see `with`; the event is valid during the call.
    unsafe {
        with(context, |report| {
            let Ok(event) = read_table("event", event, size_of::<RawEvent>()) else { return 0 };
            let RawEvent { products, converged, worst_residual, .. } = event;
            let what = match event.kind {
                EVENT_RESTART => SolverEvent::Restart { products, converged, worst_residual },
                // An event of a later version is at least a sign of life.
                _ => SolverEvent::Step { products },
            };
            u32::from((report.observe)(what) == Control::Stop)
        })
    }
}

unsafe extern "C" fn pair(context: *mut c_void, end: u32, value: f64, residual: f64, converged: u32, column: usize) {
    // SAFETY: see `with`.
    unsafe {
        with(context, |report| {
            let pairs = if end == END_LARGEST { &mut report.largest } else { &mut report.smallest };
            if pairs.len() < MOST_PAIRS {
                pairs.push(EigenPair { value, residual, converged: converged != 0, column });
            }
            0
        });
    }
}

unsafe extern "C" fn finish(context: *mut c_void, vectors: u64, reason: u32, statistics: *const RawStatistics) {
    // SAFETY: see `with`; the bookkeeping is valid during the call, and may be shorter than ours.
    unsafe {
        with(context, |report| {
            let s = read_table("statistics", statistics, size_of::<usize>());
            let s = s.map_or_else(|_| EigenStatistics::default(), |s| statistics_of(&s));
            report.end = Some((vectors, reason_of(reason), s));
            0
        });
    }
}

unsafe extern "C" fn remark(context: *mut c_void, text: Str) {
    // SAFETY: see `with`; the text is valid during the call.
    unsafe {
        with(context, |report| {
            if let Ok(text) = text.as_text()
                && report.remarks.len() < MOST_REMARKS
            {
                report.remarks.push(one_line(text));
            }
            0
        });
    }
}

unsafe extern "C" fn state_due(context: *mut c_void, products: usize) -> u32 {
    // SAFETY: see `with`.
    unsafe { with(context, |report| u32::from(report.keeper.as_mut().is_some_and(|k| k.due(products)))) }
}

unsafe extern "C" fn state(context: *mut c_void, state: *const u8, len: usize) {
    // SAFETY: see `with`; the bytes are valid during the call.
    unsafe {
        with(context, |report| {
            if let (Some(keeper), Ok(state)) = (report.keeper.as_mut(), super::numbers(state, len)) {
                keeper.keep(state);
            }
            0
        });
    }
}
