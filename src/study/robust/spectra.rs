//! Both ends of the spectrum on the first samples of the training set: one, some, and all.

use super::{RobustOptions, plan};
use crate::problem::Session;
use crate::spectrum::{SpectrumError, SpectrumOptions};
use crate::study::kept::{kept, key};
use crate::study::{CurvaturePart, StudyError, Watch, curvature};
use crate::train::TrainReport;
use serde::{Deserialize, Serialize};

/// The Hessian of the mean loss over some samples.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SpectrumCell {
    /// As asked for: 0 for all.
    pub asked: usize,
    /// What was found.
    pub found: CurvaturePart,
}

impl SpectrumCell {
    /// The smallest eigenvalue; NaN where none was found.
    pub fn smallest(&self) -> f64 {
        self.found.smallest.first().map_or(f64::NAN, |pair| pair.value)
    }
}

fn wanted(options: &RobustOptions) -> SpectrumOptions {
    SpectrumOptions {
        largest: options.top,
        smallest: 1,
        tolerance: options.tolerance,
        max_products: options.max_products,
        solver: options.solver.clone(),
        ..SpectrumOptions::default()
    }
}

/// Measures a network on its first training samples, 0 for all, or takes what an earlier call left.
pub(super) fn spectrum(
    options: &RobustOptions,
    name: &str,
    trained: &TrainReport,
    samples: usize,
    watch: &mut Watch<'_>,
) -> Result<SpectrumCell, StudyError> {
    let (problem, wanted) = (plan::on_train(options, name, trained, samples)?, wanted(options));
    let key = key(&format!(
        "spectrum {} samples {} {} top {} tolerance {} products {} solver {}",
        plan::trained(trained),
        problem.samples,
        plan::machine(options),
        wanted.largest,
        wanted.tolerance,
        wanted.max_products,
        wanted.solver
    ));
    let asked = if samples == 0 { "all".to_string() } else { samples.to_string() };
    let file = options.out.join("parts").join(format!("{name}.spectrum-{asked}.json"));
    let found = kept(&file, &key, || {
        let of = format!("{asked} samples, ");
        let stopped = || StudyError::Interrupted {
            during: format!("while measuring curvature of {name}"),
            folder: options.out.clone(),
        };
        let session = Session::open(problem)?;
        let found = curvature::measure(&session, &wanted, (key.clone(), &of, 0), watch);
        found.map(|(part, _)| part).map_err(|cause| match cause {
            SpectrumError::Interrupted => stopped(),
            cause => StudyError::Spectrum { cell: format!("{name} on {asked} samples"), cause },
        })
    })?;
    Ok(SpectrumCell { asked: samples, found })
}
