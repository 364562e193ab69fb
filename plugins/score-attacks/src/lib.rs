//! Attacks that ask for logits only, no gradient: what they fool although gradient attacks do not is a sign of masked
//! gradients.
//!
//! | name | what it is | norms |
//! |---|---|---|
//! | `square` | random search over square-shaped changes | L∞, L2, L1 |
//!
//! Sources: Andriushchenko et al., *Square Attack: a query-efficient black-box adversarial attack via random search*, ECCV
//! 2020; Croce and Hein, *Mind the box*, ICML 2021 (its L1 form).
#![forbid(unsafe_code)]

mod square;

pub use square::Square;
