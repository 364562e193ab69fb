//! The driver: everything about an attack that its author must not decide.
//!
//! An [`Attack`](super::Attack) proposes; the [`Driver`] checks the samples, projects what was proposed to the ball and
//! then to the box, asks the network about the projected samples once more, and counts a success only there. So no
//! attack can report a success that is none: peers' most frequent complaint is a `success` that differs from a
//! re-prediction.
//!
//! * Samples that are misclassified as they are count as fooled and are not attacked.
//! * A [`Budget::Fixed`](super::Budget) attack runs once for every ε, a `Minimal` one once, its result being projected
//!   to each ball.
//! * What fooled the network at a smaller ε is allowed at a larger one, so it is carried forward: success is monotone
//!   in ε for every sample, and the number of samples to which that mattered is reported.
//! * Entries that are NaN or infinite are replaced by clean ones and counted.
//! * Passes are counted by a wrapper around the oracle, the loss of every step is recorded, and an attack that came upon
//!   a success and returned something else is found out.
//! * Of an attack made of [members](super::Attack::members), what each added is reported.
//!
//! Sources: Rauber et al., *Foolbox Native*, JOSS 5 (2020) 2607 (a driver that is final); Carlini et al., *On
//! Evaluating Adversarial Robustness*, 2019 (worst case per sample, never the mean of the best attack).

mod batch;
mod candidate;
mod counting;
mod outcome;
mod run;
mod trace;
mod witness;
mod worst_case;

pub use batch::SampleBatch;
pub use candidate::{Candidates, Scored, better};
pub use counting::{CountedOracle, Queries};
pub use outcome::{AttackOutcome, EpsilonOutcome, SampleOutcome, Verdict};
pub use run::{Driver, DriverEvent};
pub use trace::{Trace, TraceStep};
pub use worst_case::{WorstCase, worst_case};
