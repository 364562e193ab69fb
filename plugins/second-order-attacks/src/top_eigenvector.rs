//! One step along the dominant eigenvector of H, on the side to which the gradient points.

use crate::krylov::{KRYLOV, Search};
use crate::local::locals;
use crate::objective::sign;
use crate::one_step::{one_step, require};
use crate::part::row_mut;
use hesse_core::attack::{Attack, AttackEntry, AttackError, AttackRequest, AttackStep, InputOracle, Norm};
use hesse_core::eigen::Control;
use hesse_core::input_hessian::flat_outputs;
use hesse_core::options::{OptionError, OptionSpec, Options};

/// The eigenvector of the largest eigenvalue (for a targeted goal, of the one along which the loss bends down most),
/// with the sign under which the gradient leads to the goal. Cost: as [`SaddleFree`](crate::SaddleFree).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TopEigenvector {
    /// The Krylov space on smooth networks.
    pub search: Search,
}

impl Attack for TopEigenvector {
    fn run(
        &self,
        oracle: &dyn InputOracle,
        request: &AttackRequest<'_>,
        observe: &mut dyn FnMut(AttackStep<'_>) -> Control,
    ) -> Result<Vec<f64>, AttackError> {
        require(request.threat.norm, "top-eigenvector", &[Norm::Linf, Norm::L2], "linf, l2")?;
        let d: usize = oracle.shape().iter().product();
        one_step(oracle, request, observe, &mut |found| {
            let flat = flat_outputs(oracle, request.samples, request.labels)?;
            let all = locals(oracle, request, request.samples, &found.gradient, &flat, self.search)?;
            let mut directions = vec![0.0; request.samples.len()];
            for (i, local) in all.iter().enumerate() {
                let Some(model) = local.model() else { continue };
                let goal = sign(request);
                let bend = |k: &usize| goal * model.values[*k];
                let Some(k) = (0..model.values.len()).max_by(|a, b| bend(a).total_cmp(&bend(b)).then(b.cmp(a))) else {
                    continue;
                };
                let way = if goal * model.slopes[k] < 0.0 { -1.0 } else { 1.0 };
                row_mut(&mut directions, i, d).iter_mut().zip(model.vector(k)).for_each(|(to, v)| *to = way * v);
            }
            Ok(directions)
        })
    }
}

const OPTIONS: &[OptionSpec] = &KRYLOV;

fn make(options: &Options) -> Result<Box<dyn Attack>, OptionError> {
    options.check("top-eigenvector", OPTIONS)?;
    Ok(Box::new(TopEigenvector { search: Search::read(options)? }))
}

hesse_core::submit! {
    AttackEntry {
        name: "top-eigenvector",
        summary: "one step along the dominant eigenvector of H, up the gradient (linf, l2)",
        options: OPTIONS,
        license: "MIT OR Apache-2.0",
        make: &make,
    }
}
