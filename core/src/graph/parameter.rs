//! Named parameters and buffers.

use super::{Init, ValueId};
use serde::{Deserialize, Serialize};

/// A trainable tensor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Parameter {
    /// The state-dict name, dots between scopes (`layer1.0.conv1.weight`).
    pub name: String,
    /// Sizes, outermost first.
    pub shape: Vec<usize>,
    /// How it starts.
    pub init: Init,
}

/// A tensor that training updates but does not differentiate, such as a running mean.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Buffer {
    /// The state-dict name.
    pub name: String,
    /// Sizes, outermost first.
    pub shape: Vec<usize>,
    /// The value that every entry starts with.
    pub start: f64,
}

/// After a training step, buffer number `buffer` takes this value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BufferUpdate {
    /// Position in the graph's buffers.
    pub buffer: usize,
    /// Its next value, computed by the graph itself.
    pub value: ValueId,
}

impl Parameter {
    /// The number of entries.
    pub fn elements(&self) -> usize {
        self.shape.iter().product()
    }
}

impl Buffer {
    /// The number of entries.
    pub fn elements(&self) -> usize {
        self.shape.iter().product()
    }
}

/// Names stand in listings, tables and error messages, so they must not carry line ends or terminal commands.
pub(super) fn is_printable(name: &str) -> bool {
    !name.is_empty() && !name.chars().any(char::is_control)
}
