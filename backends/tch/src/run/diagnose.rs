//! Which primitive made the first number that is none.
//!
//! The program is compiled again without fusion and run step by step: in a chain the primitives have no results of their
//! own.

use super::{TchExecutable, finite};
use crate::backend::failure;
use crate::lower::Fusion;
use crate::shim::Entered;
use hesse_core::backend::{BackendError, Feed};
use hesse_core::graph::Kind;

impl TchExecutable {
    /// The first input or primitive that is not finite. Costs a compilation and a run.
    pub(super) fn diagnose(&self, feed: &Feed<'_>) -> Result<Option<String>, BackendError> {
        self.layout.check(&self.name, feed, None)?;
        let (program, batch) = &self.source;
        Self::new(program, *batch, Fusion::Nothing, self.precision, self.threads)?.step_by_step(feed)
    }

    fn step_by_step(&self, feed: &Feed<'_>) -> Result<Option<String>, BackendError> {
        let fail = |operation: &str, cause| failure(&self.name, operation, cause);
        let _entered = Entered::new(self.threads).map_err(|cause| fail("start", cause))?;
        let mut values = self.bind(feed, 0)?;
        for leaf in self.program.leaves.iter().filter(|l| l.kind == Kind::Real) {
            let good = values[leaf.slot].as_ref().map(finite).transpose().map_err(|cause| fail("check", cause))?;
            if good == Some(false) {
                return Ok(Some(format!("input {}", self.layout.describe(leaf.source))));
            }
        }
        for step in &self.program.steps {
            let Some(write) = step.write else { continue };
            let result = self.execute(step, &values)?;
            if !finite(&result).map_err(|cause| fail(step.name, cause))? {
                return Ok(Some(format!("primitive {}", step.name)));
            }
            values[write] = Some(result);
        }
        Ok(None)
    }
}
