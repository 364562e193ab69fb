//! What can be wrong with a pickle, and where: a reader of hostile files owes its user the byte.

use thiserror::Error;

/// A pickle that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("byte {at} of the pickle: {problem}")]
pub struct PickleError {
    /// Position of the offending opcode, counted from the start of the bytes given to [`parse`](super::parse).
    pub at: usize,
    /// What is wrong there.
    pub problem: Problem,
}

/// The reasons to refuse a pickle.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Problem {
    /// The input ends inside an opcode or before the end of the pickle.
    #[error("expected {needed} more bytes, found {left} (the pickle is cut off)")]
    Truncated {
        /// Bytes the opcode declares.
        needed: u64,
        /// Bytes that are left.
        left: u64,
    },
    /// A byte that starts no opcode, or one that no weights or data set needs.
    #[error("expected a pickle opcode, found byte 0x{0:02x}")]
    UnknownOpcode(u8),
    /// A protocol from the future.
    #[error("expected a pickle of protocol 0 to 5, found protocol {0}")]
    Protocol(u8),
    /// A class or function outside the caller's list; the name is dotted and shortened for display.
    #[error("refers to the foreign class or function `{0}`")]
    ForeignClass(String),
    /// An opcode that takes more than the stack holds.
    #[error("expected a value on the stack, found none")]
    EmptyStack,
    /// An opcode that collects back to a mark, without one.
    #[error("expected a mark on the stack, found none")]
    NoMark,
    /// A reference to a value that was never stored.
    #[error("expected a value stored under number {0}, found none")]
    MissingMemo(u32),
    /// An opcode applied to the wrong kind of value.
    #[error("expected {wanted}, found {found}")]
    WrongKind {
        /// The kind the opcode applies to.
        wanted: &'static str,
        /// The kind it met.
        found: &'static str,
    },
    /// A key without a value.
    #[error("expected pairs of key and value, found a key alone")]
    OddItems,
    /// A number or string literal that cannot be read.
    #[error("expected {0}, found something else")]
    Literal(&'static str),
    /// More work than any file of weights asks for.
    #[error("expected at most {0} operations, found more")]
    TooLong(usize),
}

/// A name from the file, fit for a message: control characters escaped, at most about 120 characters.
pub(super) fn shown(name: &str) -> String {
    let mut text: String = name.chars().take(120).flat_map(char::escape_debug).collect();
    if name.chars().nth(120).is_some() {
        text.push('…');
    }
    text
}
