//! Training, plain or against perturbed inputs, made to be repeated, interrupted and continued.
//!
//! ```text
//! run(&TrainSpec, &mut Watch) -> Result<TrainReport, TrainError>
//! ```
//!
//! A run is a pure function of its [`TrainSpec`]: the same one gives the same bits on the same machine, whether or not
//! it was stopped or killed in between. Its folder holds `model.safetensors` (the weights under their state-dict names),
//! `train.json` (the [`TrainReport`]) and `checkpoint.safetensors` with its predecessor. Calling [`run`] again with the
//! same specification continues what was begun, or returns the finished report at once; with more epochs or a lower
//! target it goes on from the end. A folder of another run is refused, unless [`TrainSpec::force`] says otherwise.
//!
//! Parameters, optimiser state and gradient stay on the device. Stochastic gradient descent with momentum is the default,
//! because the paper's question is about it; Adam is there for published recipes of robust training. Decided against:
//! averaging losses batch by batch (wrong for an unequal last batch; here a gradient is the sum over the batch divided by
//! its weight).
#![forbid(unsafe_code)]

mod augment;
mod checkpoint;
mod dropout;
mod error;
mod folder;
mod gradient;
mod identity;
mod objective;
mod optimizer;
mod options;
mod picture;
mod prepare;
mod progress;
mod record;
mod report;
mod robust;
mod run;
mod schedule;
mod sharpness;
pub mod source;
mod spec;
mod stopping;
#[cfg(test)]
mod tests;
mod text;
mod track;
mod trainer;
mod validation;
mod watch;

pub use augment::Augmentation;
pub use error::TrainError;
pub use optimizer::Optimizer;
pub use options::{MicroBatchNorm, TrainOptions};
pub use picture::train_figure;
pub use record::EpochRecord;
pub use report::{OptionsPart, TrackPart, TrainManifest, TrainReport};
pub use robust::{Adversary, AttackWords, Inner, Method, Robust};
pub use run::run;
pub use schedule::Schedule;
pub use spec::TrainSpec;
pub use stopping::Ending;
pub use text::train_text;
pub use track::{Every, Quantity, TrackOptions, TrackRecord};
pub use validation::{Keep, Validation};
pub use watch::{Event, Watch};
