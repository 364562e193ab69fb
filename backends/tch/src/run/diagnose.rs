//! Which primitive made the first number that is none.
//!
//! The program is compiled again without fusion and run step by step: in a chain the primitives have no results of their
//! own.

use super::calls::Recorded;
use super::{TchExecutable, finite};
use crate::backend::failure;
use crate::lower::{Fusion, Kernel};
use crate::shim::Entered;
use hesse_core::backend::{BackendError, Feed};
use hesse_core::graph::Kind;

impl TchExecutable {
    /// The first input or primitive that is not finite. Costs a compilation and a run.
    pub(super) fn diagnose(&self, feed: &Feed<'_>) -> Result<Option<String>, BackendError> {
        self.layout.check(&self.name, feed, None)?;
        let (program, batch) = &self.source;
        Self::new(program, *batch, Fusion::Nothing, self.precision, self.place)?.step_by_step(feed)
    }

    fn step_by_step(&mut self, feed: &Feed<'_>) -> Result<Option<String>, BackendError> {
        let name = self.name.clone();
        let device = self.place.device;
        let fail = |operation: &str, cause| failure(device, &name, operation, cause);
        let _entered = Entered::new(self.place).map_err(|cause| fail("start", cause))?;
        let mut values = self.bind(feed, 0)?;
        for leaf in self.program.leaves.iter().filter(|l| l.kind == Kind::Real) {
            let good = values[leaf.slot].as_ref().map(finite).transpose().map_err(|cause| fail("check", cause))?;
            if good == Some(false) {
                return Ok(Some(format!("input {}", self.layout.describe(leaf.source))));
            }
        }
        let mut recorded = Recorded::new();
        for at in 0..self.program.steps.len() {
            let step = &self.program.steps[at];
            let Some(write) = step.write else { continue };
            let result = match &step.kernel {
                Kernel::Differential(request) => {
                    let request = request.clone();
                    let results = self.differentiate(at, &request, &values, feed, &mut recorded, false)?;
                    results.into_iter().next().ok_or_else(|| fail("differential", "no result".into()))?
                }
                _ => self.execute(step, &values)?,
            };
            let step = &self.program.steps[at];
            if !finite(&result).map_err(|cause| fail(step.name, cause))? {
                return Ok(Some(format!("primitive {}", step.name)));
            }
            values[write] = Some(result);
        }
        Ok(None)
    }
}
