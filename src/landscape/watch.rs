//! How a landscape is followed and stopped.

use crate::spectrum;

/// What is being done.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// The centre or an eigenvector is being computed.
    Centre(spectrum::Event),
    /// Points are measured.
    Points {
        /// Points done.
        done: usize,
        /// Of so many.
        total: usize,
    },
}

/// Someone who looks on, and may end it.
pub struct Watch<'a> {
    /// Is told what is being done.
    pub observe: &'a mut dyn FnMut(Event),
    /// Is asked, before every batch, whether to stop.
    pub stop: &'a (dyn Fn() -> bool + Send + Sync),
}
