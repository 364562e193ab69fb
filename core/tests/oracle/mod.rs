//! A second implementation of everything that is differentiated, to judge the first.
//!
//! [`interpret`] evaluates a graph by plain loops, written from what each primitive is documented to mean and generic
//! over the number type. With hyper-dual numbers ([`hyper_dual`]) the loss's own graph then yields exact first and
//! second derivatives without any derivative rule of core; [`dense`] collects them entry by entry. With ordinary
//! numbers it is a backend ([`backend`]): slow, obvious, and enough to test core without any kernel.

pub mod backend;
mod convolution;
pub mod dense;
pub mod element_wise;
pub mod hyper_dual;
mod indexing;
pub mod interpret;
pub mod loss;
mod movement;
pub mod number;
pub mod pooling;
mod product;
pub mod setting;
mod softmax;
mod special;
pub mod value;
