//! Why a problem could not be put together. Every text ends with what would help.

use crate::data::DataError;
use crate::weights::WeightsError;
use hesse_core::backend::BackendError;
use hesse_core::error::GraphError;
use hesse_core::operator::OperatorError;
use hesse_core::options::OptionError;
use std::path::PathBuf;
use thiserror::Error;

/// A network, its weights, its data or its machine does not fit the others.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ProblemError {
    /// Nothing of that name is registered.
    #[error("no {kind} is called `{name}`; {mend} (`{listing}` lists them all)")]
    Unknown {
        /// `model`, `solver` or `backend`.
        kind: &'static str,
        /// What was given.
        name: String,
        /// The nearest name, or all of them.
        mend: String,
        /// The command that lists them.
        listing: &'static str,
    },
    /// The backend is in a library of its own, which cannot be had.
    #[error(transparent)]
    Separate(#[from] crate::plugin::SeparateError),
    /// Several libraries have something of that name.
    #[error(transparent)]
    Ambiguous(hesse_core::registry::FindError),
    /// An option of a model or solver.
    #[error(transparent)]
    Option(#[from] OptionError),
    /// The network cannot take these samples.
    #[error(
        "model {model} does not fit {data} with samples of {input:?} and {classes} classes: {cause}; choose another --model or --data"
    )]
    DoesNotFit {
        /// Which network.
        model: String,
        /// Which data.
        data: String,
        /// Sizes of one sample.
        input: Vec<usize>,
        /// Number of classes of the data.
        classes: usize,
        /// Where it failed.
        cause: GraphError,
    },
    /// The network is a program of a system that the chosen backend does not have.
    #[error("model {model} is a program of another system, and backend {backend} cannot run it; use --backend {runs}")]
    ForeignProgram {
        /// Which network.
        model: String,
        /// Which backend was chosen.
        backend: String,
        /// Which one can.
        runs: String,
    },
    /// The values that a model brings.
    #[error("model {model}: {cause}")]
    ModelValues {
        /// Which network.
        model: String,
        /// Why they cannot be had.
        cause: GraphError,
    },
    /// The loss does not fit the network's output.
    #[error("loss: {0}; see --label-smoothing and --class-weights")]
    Loss(GraphError),
    /// The selection of parameters.
    #[error("--params: {0}; names are those of the state dict, such as `layer1.*`")]
    Selection(GraphError),
    /// Means and deviations do not fit the data.
    #[error(
        "--normalize: expected one mean and one deviation for each of {channels} channels (or one for all), found {found}"
    )]
    Normalization {
        /// Channels of the data.
        channels: usize,
        /// How many were given.
        found: usize,
    },
    /// Dropout with random masks has no Hessian.
    #[error(
        "model {model} has dropout, whose random masks leave no fixed loss to differentiate; use --batch-norm eval"
    )]
    Dropout {
        /// Which network.
        model: String,
    },
    /// A value of a weights file is NaN or infinite.
    #[error("weights {}: tensor {tensor}: entry {entry} is {value}; weights that are not finite cannot be measured, use an earlier checkpoint", file.display())]
    NotFinite {
        /// The file.
        file: PathBuf,
        /// Its name in the state dict.
        tensor: String,
        /// Position of the first such entry.
        entry: usize,
        /// NaN or an infinity.
        value: f64,
    },
    /// A file of perturbed or adversarial samples that does not fit the samples.
    #[error("{}: expected {expected}, found {found}; select the samples that it was made for with --split and --samples", file.display())]
    Perturbation {
        /// The file.
        file: PathBuf,
        /// What would have been accepted.
        expected: String,
        /// What was there.
        found: String,
    },
    /// The data.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The weights.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// The backend.
    #[error(transparent)]
    Backend(#[from] BackendError),
    /// Recording or running.
    #[error(transparent)]
    Operator(#[from] OperatorError),
}
