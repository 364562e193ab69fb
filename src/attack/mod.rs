//! Evaluating robustness: attacks on a network over a set of samples, and the worst case of all of them.
//!
//! [`evaluate`] goes through the samples batch by batch and lets every attack work on a batch before the next begins,
//! so that a run that is stopped has a complete result on the samples it reached. It tells a [`Watch`] how far it is
//! and asks it whether to stop; it does not print.
//!
//! Decided against: attacking only what earlier attacks left standing. It saves time, but then no attack's own figure
//! can be compared with anyone's.
#![forbid(unsafe_code)]

mod conventions;
mod error;
mod evaluate;
mod files;
mod fixed_set;
mod flags;
mod interval;
mod list;
mod notices;
mod perturb;
mod picture;
mod report;
mod rounds;
mod save;
mod sheet;
mod tally;
mod targets;
mod text;
mod trace;

pub use conventions::usual_epsilon;
pub use error::EvaluationError;
pub use evaluate::{AttackOptions, Event, Watch, evaluate};
pub use files::Place;
pub use fixed_set::FixedSet;
pub use flags::{Flags, Indicators};
pub use interval::interval;
pub use list::{parse_attacks, parse_epsilon};
pub use perturb::perturb;
pub use picture::attack_figure;
pub use report::{AttackReport, FlagsPart, IndicatorsPart, ResultPart, SamplePart, StagePart, WorstCasePart};
pub use save::adversarial_tensors;
pub use sheet::sheet;
pub use tally::{Evaluation, Tally};
pub use targets::TargetRule;
pub use text::attack_text;
pub use trace::trace_csv;
