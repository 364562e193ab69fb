//! The paper's experiments from end to end.
//!
//! ```text
//! large_batch(&LargeBatchOptions, &mut Watch) -> Result<LargeBatchReport, StudyError>
//! ```
//!
//! A study is a list of cells; every finished part of a cell is kept in its folder under a hash of the options it
//! depends on, so that an interrupted study goes on where it was and a changed option recomputes no more than it must.
#![forbid(unsafe_code)]

mod error;
mod options;
mod watch;

pub use error::StudyError;
pub use options::{LargeBatchOptions, RateRule};
pub use watch::{Event, Watch};
