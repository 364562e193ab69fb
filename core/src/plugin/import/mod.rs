//! The Rust traits over tables of another library: the side that asks.

#[cfg(feature = "load")]
mod attack;
#[cfg(feature = "load")]
mod backend;
#[cfg(feature = "load")]
mod entries;
#[cfg(feature = "load")]
mod executable;
#[cfg(feature = "load")]
mod model;
#[cfg(feature = "load")]
mod object;
mod operator;
mod oracle;
#[cfg(feature = "load")]
mod solver;
mod space;
#[cfg(feature = "load")]
mod verify;

#[cfg(feature = "load")]
pub use entries::{Entries, EntryError, LibraryEntries, fuzz};
pub(crate) use operator::ForeignOperator;
pub(crate) use oracle::ForeignOracle;
pub(crate) use space::{needed, precision_of, read_table};
