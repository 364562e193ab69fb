//! The budgets that published tables use, for where none is given.
//!
//! Sources: RobustBench (CIFAR-10 L∞ 8/255 and L2 0.5, CIFAR-100 L∞ 8/255); AutoAttack's tables (MNIST L∞ 0.3, CIFAR-10
//! L1 12).

use hesse_core::attack::Norm;

/// The usual budget of a data set under a norm, in pixels from 0 to 1.
pub fn usual_epsilon(data: &str, norm: Norm) -> Option<f64> {
    match (data, norm) {
        ("mnist", Norm::Linf) => Some(0.3),
        ("cifar10" | "cifar100", Norm::Linf) => Some(8.0 / 255.0),
        ("cifar10", Norm::L2) => Some(0.5),
        ("cifar10", Norm::L1) => Some(12.0),
        _ => None,
    }
}
