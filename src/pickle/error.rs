//! What can be wrong with a pickle, and where: a reader of hostile files owes its user the byte.

use std::fmt;
use thiserror::Error;

/// A pickle that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("byte {at} of the pickle: {problem}")]
pub struct PickleError {
    /// Position of the offending opcode, counted from the start of the bytes given to [`parse`](super::parse).
    pub at: usize,
    /// What is wrong there.
    #[source]
    pub problem: Problem,
}

/// The reasons to refuse a pickle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// The input ends inside an opcode or before the end of the pickle.
    Truncated {
        /// Bytes the opcode declares.
        needed: u64,
        /// Bytes that are left.
        left: u64,
    },
    /// A byte that starts no opcode, or one that no weights or data set needs.
    UnknownOpcode(u8),
    /// A protocol from the future.
    Protocol(u8),
    /// A class or function outside the caller's list; the name is dotted and shortened for display.
    ForeignClass(String),
    /// An opcode that takes more than the stack holds.
    EmptyStack,
    /// An opcode that collects back to a mark, without one.
    NoMark,
    /// A reference to a value that was never stored.
    MissingMemo(u32),
    /// An opcode applied to the wrong kind of value.
    WrongKind {
        /// The kind the opcode applies to.
        wanted: &'static str,
        /// The kind it met.
        found: &'static str,
    },
    /// A key without a value.
    OddItems,
    /// A number or string literal that cannot be read; holds what was wanted.
    Literal(&'static str),
    /// More work than any file of weights asks for.
    TooLong(usize),
}

impl Problem {
    /// What a sound pickle holds at this place.
    pub fn expected(&self) -> String {
        match self {
            Problem::Truncated { needed, .. } => format!("{needed} more bytes of the pickle"),
            Problem::UnknownOpcode(_) => "a pickle opcode".to_owned(),
            Problem::Protocol(_) => "a pickle of protocol 0 to 5".to_owned(),
            Problem::ForeignClass(_) => "plain values and containers, and no foreign class or function".to_owned(),
            Problem::EmptyStack => "a value on the pickle's stack".to_owned(),
            Problem::NoMark => "a mark on the pickle's stack".to_owned(),
            Problem::MissingMemo(number) => format!("a value stored under number {number}"),
            Problem::WrongKind { wanted, .. } => (*wanted).to_owned(),
            Problem::OddItems => "pairs of key and value".to_owned(),
            Problem::Literal(wanted) => (*wanted).to_owned(),
            Problem::TooLong(limit) => format!("at most {limit} pickle operations"),
        }
    }

    /// What this pickle holds there.
    pub fn found(&self) -> String {
        match self {
            Problem::Truncated { left, .. } => format!("{left} (the file is cut off or damaged)"),
            Problem::UnknownOpcode(byte) => format!("the byte 0x{byte:02x}"),
            Problem::Protocol(protocol) => format!("protocol {protocol}"),
            Problem::ForeignClass(name) => format!("`{name}`"),
            Problem::EmptyStack | Problem::NoMark | Problem::MissingMemo(_) => "none".to_owned(),
            Problem::WrongKind { found, .. } => (*found).to_owned(),
            Problem::OddItems => "a key alone".to_owned(),
            Problem::Literal(_) => "something else".to_owned(),
            Problem::TooLong(_) => "more".to_owned(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}, found {}", self.expected(), self.found())
    }
}

impl std::error::Error for Problem {}

/// A name from a file, fit for a message: control characters escaped, at most about 120 characters.
pub(crate) fn shown(name: &str) -> String {
    let mut text: String = name.chars().take(120).flat_map(char::escape_debug).collect();
    if name.chars().nth(120).is_some() {
        text.push('…');
    }
    text
}
