//! Balls and boxes: projection, steepest ascent and random starts for every norm, one sample at a time.
//!
//! One rule holds everywhere: first the ball, then the box. The clean sample lies in the box, so clipping to the box
//! only shortens a perturbation, and what comes out lies in both. (The other order may leave the box.) Everything is in
//! f64 and free of absolute tolerances; a zero gradient gives a zero step, never NaN.

mod l1_ball;
mod project;
mod start;
mod steepest;

pub use project::{project, project_all};
pub use start::{draw_in_ball, random_start};
pub use steepest::{add_sparse_ascent, add_steepest_ascent, linear_maximizer};
