//! All samples of a session, chunk by chunk.

use super::chunk::{Chunk, SampleResult};
use super::options::{InputMethod, InputOptions};
use super::{lanczos, logits, trace};
use crate::problem::Session;
use crate::spectrum::{Event, SpectrumError, Watch};
use hesse_core::attack::{InputOracle, NetworkOracle};
use hesse_core::eigen::Control;
use hesse_core::graph::Mode;
use hesse_core::loss::Loss;
use hesse_core::operator::batches;
use std::time::Instant;

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub struct InputSpectrum {
    /// One for each sample that was reached, in file order.
    pub samples: Vec<SampleResult>,
    /// Pixels of a sample.
    pub dimension: usize,
    /// Classes.
    pub classes: usize,
    /// `logits` or `lanczos`.
    pub method: InputMethod,
    /// Whether the logits are piecewise linear in the pixels.
    pub piecewise_linear: bool,
    /// Share of λ₁ below which an eigenvalue counts as zero.
    pub rank_threshold: f64,
    /// Whether it was stopped before the last sample.
    pub interrupted: bool,
    /// What a reader should know.
    pub notices: Vec<String>,
    /// Seconds in all, without reading the data.
    pub seconds: f64,
}

impl InputSpectrum {
    /// Whether every sample was reached and every residual is within the tolerance.
    pub fn converged(&self) -> bool {
        !self.interrupted && self.samples.iter().all(|s| s.converged)
    }
}

impl InputOptions {
    /// Refuses what cannot be measured.
    ///
    /// # Errors
    /// Where the loss is not the plain cross-entropy, or the samples of a batch are coupled.
    pub fn check(&self, session: &Session) -> Result<(), SpectrumError> {
        let refuse = |what, expected: &str, found: String| {
            Err(SpectrumError::Inputs { what, expected: expected.to_string(), found })
        };
        let spec = session.spec();
        if spec.loss != Loss::default() {
            let expected = "the plain cross-entropy (leave out --loss, --label-smoothing, --class-weights and \
                            --ignored-label)";
            return refuse("loss of input Hessians", expected, crate::problem::describe_loss(&spec.loss));
        }
        if spec.mode == Mode::Train {
            let expected = "eval, in which a sample's loss depends on that sample alone";
            return refuse("--batch-norm for input Hessians", expected, "train".to_string());
        }
        Ok(())
    }
}

/// Measures every sample's input Hessian. Stopped on the way, it returns the samples that are finished.
///
/// Cost for each sample: one gradient; by the closed form C + 2 K forward passes; by Lanczos some ten products where H
/// has low rank, some tens where it has not, and one for each probe of the trace.
///
/// # Errors
/// Where the request does not fit the problem or the network fails; and where it was stopped before the first chunk was
/// done.
pub fn measure_inputs(
    session: &Session,
    options: &InputOptions,
    watch: &mut Watch<'_>,
) -> Result<InputSpectrum, SpectrumError> {
    let start = Instant::now();
    options.check(session)?;
    let (spec, data) = (session.spec(), session.dataset());
    let graph = session.network().graph(Mode::Eval)?;
    let oracle = NetworkOracle::new(session.backend(), graph.clone(), session.weights(), spec.batch)?;
    let piecewise_linear = oracle.is_piecewise_linear()?;
    let (dimension, classes) = (oracle.shape().iter().product::<usize>(), oracle.classes());
    let method = match options.method {
        InputMethod::Auto if piecewise_linear && options.smallest == 0 => InputMethod::Logits,
        InputMethod::Auto => InputMethod::Lanczos,
        InputMethod::Logits if !piecewise_linear => {
            return Err(SpectrumError::Inputs {
                what: "--input-method logits",
                expected: "a piecewise-linear network, such as one with ReLU".to_string(),
                found: "one whose logits are curved; use lanczos".to_string(),
            });
        }
        method => method,
    };
    // Rows of a Jacobian, or basis vectors, that lie on the host for each sample.
    let rows = if method == InputMethod::Logits { 3 * classes } else { options.max_products.min(dimension) + 4 };
    let room = spec.memory / (8 * rows * dimension.max(1));
    let size = spec.batch.min(room.max(1));
    let oracle = if size == oracle.batch() {
        oracle
    } else {
        NetworkOracle::new(session.backend(), graph, session.weights(), size)?
    };
    let noise = 32.0 * session.backend().info().precision.epsilon();
    let mut found = InputSpectrum {
        samples: Vec::with_capacity(data.len()),
        dimension,
        classes,
        method,
        piecewise_linear,
        rank_threshold: noise,
        interrupted: false,
        notices: Vec::new(),
        seconds: 0.0,
    };
    if method == InputMethod::Logits && options.smallest > 0 {
        found.notices.push(
            "the closed form has no negative eigenvalue by construction; to look for one use --input-method lanczos"
                .to_string(),
        );
    }
    let first = session.data_part().range[0];
    let (total, stop) = (data.len(), watch.stop);
    for range in batches(total, size) {
        let done = range.start;
        (watch.observe)(Event::Inputs { done, total, products: 0 });
        let chunk = Chunk::of(data, range, first);
        let mut results = chunk.begun(&oracle)?;
        let whole = if method == InputMethod::Logits {
            logits::fill(&oracle, &chunk, options, noise, &mut results)?;
            true
        } else {
            let mut observe = |products: usize| {
                (watch.observe)(Event::Inputs { done, total, products });
                if stop() { Control::Stop } else { Control::Continue }
            };
            lanczos::fill(&oracle, &chunk, options, (noise, spec.seed), &mut results, &mut observe)?
                && trace::fill(&oracle, &chunk, options.probes, spec.seed, &mut results, stop)?
        };
        if whole {
            found.samples.extend(results);
        }
        if !whole || (stop() && found.samples.len() < total) {
            found.interrupted = true;
            break;
        }
    }
    if found.interrupted {
        if found.samples.is_empty() {
            return Err(SpectrumError::Interrupted);
        }
        found.notices.push(format!("interrupted: the figures are of the first {} samples", found.samples.len()));
    }
    found.seconds = start.elapsed().as_secs_f64();
    Ok(found)
}
