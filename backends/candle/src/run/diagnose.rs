//! Which primitive made the first number that is none.
//!
//! The program is compiled again without fusion and run step by step: in a fused chain the primitives have no results of
//! their own, and a chain may overwrite its operands.

use super::{Bound, CandleExecutable, SavedTensors};
use crate::element::Element;
use crate::lower::{BufferId, Fusion, Origin};
use crate::tensor;
use hesse_core::backend::{BackendError, Executable, Feed};
use hesse_core::graph::Kind;

impl<T: Element> CandleExecutable<T> {
    /// The first input or primitive that is not finite. Costs a compilation and a run.
    pub(super) fn diagnose(&self, feed: &Feed<'_>) -> Result<Option<String>, BackendError> {
        self.layout.check(&self.name, feed, None)?;
        let (program, batch) = &self.source;
        Self::new(program, *batch, Fusion::Nothing, self.pool.clone())?.step_by_step(feed)
    }

    fn step_by_step(&self, feed: &Feed<'_>) -> Result<Option<String>, BackendError> {
        let saved = self.new_saved()?;
        let keep = saved.storage::<SavedTensors>();
        let bound = Bound::new::<T>(&self.name, &self.program, &self.layout, feed, 0)?;
        let Some(workspace) = self.workspaces.first() else { return Ok(None) };
        let finite = |b: BufferId| -> Result<bool, BackendError> {
            let info = &self.program.buffers[b];
            let Some((tensor, offset)) = self.tensor_of(b, workspace, &bound, keep).filter(|_| info.kind == Kind::Real)
            else {
                return Ok(true);
            };
            tensor::read(tensor, |s| {
                Ok(T::slice(s)?[offset..offset + info.elements].iter().all(|v| v.wide().is_finite()))
            })
            .map_err(|e| BackendError::Operation {
                program: self.name.clone(),
                operation: "check".into(),
                cause: e.to_string(),
            })
        };
        for (b, info) in self.program.buffers.iter().enumerate() {
            if let (Origin::Input(source), false) = (&info.origin, finite(b)?) {
                return Ok(Some(format!("input {}", self.layout.describe(*source))));
            }
        }
        let pool = self.pool.clone();
        pool.install(|| {
            for step in &self.program.steps {
                self.execute(step, workspace, &bound, keep)?;
                if let Some(write) = step.write
                    && !finite(write)?
                {
                    return Ok(Some(format!("primitive {}", step.name)));
                }
            }
            Ok(None)
        })
    }
}
