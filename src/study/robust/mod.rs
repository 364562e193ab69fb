//! What does training against perturbed inputs do to a network, and to the curvature of its loss? The paper's second
//! question (its Tables 4 and 8, Figures 5 and 6).
//!
//! A network is trained plainly and then, once for each attack, trained on with every batch replaced by examples of that
//! attack; and once without an attack for as many epochs, as a control, because training on alone changes the curvature.
//! Fixed adversarial sets are made once on the plainly trained network and shown to all (the paper's protocol,
//! which measures transfer), and every network is attacked anew on its own (white-box). Then the loss on the line between
//! original and robust weights, and both ends of the spectrum of the Hessian on one sample, some, and all.
//!
//! The folder holds `study.json`, `table.csv` and the report (`report.html` and its other forms); `original`, `control` and `tuned-<attack>` with the trainings' own
//! files; `sets`, the adversarial sets as safetensors; and `parts`, every other result under a key that says what it
//! depends on. So an interrupted study goes on where it was, and a changed option recomputes what depends on it and
//! nothing else.
//!
//! Decided against: showing the fixed sets alone, as the paper does. A network may resist another's examples and still
//! have its own; both matrices stand side by side.

mod answer;
mod attacks;
mod csv;
mod document;
mod estimate;
mod line;
mod matrix;
mod options;
mod paper;
mod pictures;
#[cfg(test)]
mod pictures_tests;
mod plan;
mod report;
mod run;
mod sets;
mod spectra;
mod tables;
#[cfg(test)]
mod tests;
mod text;

pub use attacks::{StudyAttack, choose as choose_attacks, named as named_attacks};
pub use document::robust_document;
pub use estimate::robust_plan;
pub use line::{LinePart, LinePoint};
pub use options::RobustOptions;
pub use pictures::robust_figure;
pub use report::{AttackPart, RobustModel, RobustOptionsPart, RobustReport, Role};
pub use run::{robust, robust_piece, robust_pieces};
pub use spectra::SpectrumCell;
pub use text::robust_text;
