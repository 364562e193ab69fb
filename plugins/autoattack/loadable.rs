//! This crate as a library that a running program loads. It offers the composed attack alone: its parts have libraries of
//! their own, and a program that has both would not know whose `apgd` is meant.
use hesse_autoattack as _;

hesse_core::export_plugins!("autoattack");
