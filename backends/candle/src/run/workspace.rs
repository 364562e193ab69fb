//! Working memory, and several directions at once.
//!
//! The directions of a block need nothing of each other. With few samples a kernel has too little work for all threads, and
//! they wait for each other after every step; a direction has hundreds of steps, so threads that take one direction each
//! hardly ever wait. The price is working memory for each of them, so it is done only while that is small.

use super::{CandleExecutable, SavedTensors, bytes, dtype};
use crate::element::Element;
use crate::plan::Plan;
use crate::tensor;
use candle_core::Tensor;
use hesse_core::backend::{BackendError, Feed, Outcome};
use hesse_core::vectors::ViewMut;
use rayon::prelude::*;

/// Above this, in bytes, directions follow each other: the kernels then have work enough.
const SMALL: usize = 48 << 20;

/// Bytes of a plan's slots.
pub(super) fn size<T: Element>(plan: &Plan) -> usize {
    plan.slots.iter().map(|&(n, kind)| bytes::<T>(n, kind)).sum()
}

/// The slots of a plan.
pub(super) struct Workspace(pub Vec<Tensor>);

impl<T: Element> CandleExecutable<T> {
    /// Makes sure that so many directions have memory.
    pub(super) fn reserve(&mut self, count: usize) -> Result<(), BackendError> {
        while self.workspaces.len() < count {
            let slots = self.plan.slots.iter().map(|&(n, kind)| tensor::zeros(n, dtype::<T>(kind)));
            let slots = slots.collect::<Result<Vec<_>, _>>().map_err(|e| BackendError::Operation {
                program: self.name.clone(),
                operation: "memory plan".into(),
                cause: e.to_string(),
            })?;
            self.workspaces.push(Workspace(slots));
        }
        Ok(())
    }

    /// Bytes of one workspace.
    pub(super) fn workspace(&self) -> usize {
        size::<T>(&self.plan)
    }

    /// How many of so many directions run at once. Kept values have one place each, so what keeps any runs alone.
    pub(super) fn at_once(&self, columns: usize) -> usize {
        let alone = !self.program.saved.is_empty() || self.workspace() > SMALL;
        if alone { 1 } else { columns.min(self.pool.current_num_threads()).max(1) }
    }

    /// Runs all directions; the outcome is that of the last one.
    pub(super) fn columns(
        &mut self,
        feed: &Feed<'_>,
        columns: usize,
        result: Option<&ViewMut<'_>>,
        keep: Option<&SavedTensors>,
    ) -> Result<Outcome, BackendError> {
        let at_once = self.at_once(columns);
        self.reserve(at_once)?;
        let this = &*self;
        let last = columns.saturating_sub(1);
        let several = |first: usize, workspace: &Workspace| {
            let mut outcome = Outcome::default();
            for column in (first..columns).step_by(at_once) {
                outcome = this.column(workspace, feed, column, result, keep)?;
            }
            Ok(outcome)
        };
        this.pool.install(|| {
            let workspaces = this.workspaces[..at_once].par_iter().enumerate().with_max_len(1);
            let mut outcomes: Vec<Result<Outcome, BackendError>> =
                workspaces.map(|(first, workspace)| several(first, workspace)).collect();
            let of_last = outcomes.swap_remove(last % at_once);
            outcomes.into_iter().find(Result::is_err).unwrap_or(of_last)
        })
    }
}
