//! Plugins as the program sees them: where they are looked for, what they must withstand, and how a new one begins.
//!
//! The boundary itself is in [`hesse_core::plugin`].
#![forbid(unsafe_code)]

pub mod check;
pub mod new;
mod search;
mod separate;

pub use search::{PluginError, load_all, user_folder};
pub use separate::{SEPARATE, Separate, SeparateError};
