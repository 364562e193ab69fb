//! Attacks that look for the smallest perturbation.
//!
//! | name | what it is | norms |
//! |---|---|---|
//! | `cw` | Carlini and Wagner: Adam on distance plus margin, with a search for the weight of the margin | L2 |
//! | `fab` | projections onto linearised boundaries, drawn back towards the sample; with `targets`, FAB-T | L∞, L2, L1 |
//!
//! One run serves every ε: the driver projects what they return and decides. (DeepFool, the third of the family, lives
//! with the gradient attacks, which it is measured against.) No size is measured against an absolute number: where peers
//! add 1e-12 to a length, a gradient of zero means no step here.
//!
//! Sources: Carlini and Wagner, *Towards Evaluating the Robustness of Neural Networks*, S&P 2017; Croce and Hein,
//! *Minimally distorted Adversarial Examples with a Fast Adaptive Boundary Attack*, ICML 2020 (FAB), and *Reliable
//! evaluation of adversarial robustness*, ICML 2020 (FAB-T).
#![forbid(unsafe_code)]

mod cw;
mod fab;

pub use cw::CarliniWagner;
pub use fab::{Fab, onto_hyperplane};
