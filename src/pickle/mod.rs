//! Python pickles read as inert data.
//!
//! Weights and data sets of the Python world arrive as pickles, and a pickle is a program: `os.system` is one opcode
//! away. Here it is parsed into a [`Tree`] that only *describes* what the program would have built. Nothing is looked
//! up, called or imported; a class that the caller does not name in advance ends the reading.
//!
//! Decided against: `serde-pickle`, which knows neither persistent ids nor unevaluated calls (both are how PyTorch
//! stores tensors), and candle's reader, which would tie the program's file formats to one backend and reads the
//! archive layout only.
//!
//! Memory and time are linear in the length of the input: every opcode makes at most one node, containers share
//! their children by number, and [`MAX_OPERATIONS`] bounds the whole.

mod error;
mod machine;
mod opcodes;
mod text;
mod tree;

pub(crate) use error::shown;
pub use error::{PickleError, Problem};
pub use machine::{MAX_OPERATIONS, Parsed, parse};
pub use tree::{Node, NodeId, Object, Tree};

#[cfg(test)]
mod tests;
