//! The layouts, as C sees them. `core/include/hesse_plugin.h` is generated from these files and compared by a test.
//!
//! Within a major version a struct may only grow at its end. `const` assertions pin what exists.

mod attack;
mod backend;
mod manifest;
mod model;
mod solver;
mod space;
mod value;

pub use attack::*;
pub use backend::*;
pub use manifest::*;
pub use model::*;
pub use solver::*;
pub use space::*;
pub use value::*;
