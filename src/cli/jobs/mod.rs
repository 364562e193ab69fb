//! `--jobs`: the pieces of a study in several processes of this program.
//!
//! Small networks gain little from a second thread and everything from a second process. A child is this program with the
//! same command line and a piece's name at its end. It keeps what it finds in the study's folder; when all pieces are
//! done, the study itself runs here and finds them there. So the result is the same for any number.
//!
//! A child's standard input is a pipe that says nothing: when it closes, because this process was asked to stop or is no
//! more, the child stops as it would at Ctrl-C and keeps what it has. No signal is sent, and no child outlives its parent for
//! long. On standard output a child says what it is doing, on standard error what stays to be read.
//!
//! Decided against threads in one process: the pools of the backends are one for each process, and a network that takes
//! more memory than there is would end them all.

mod child;
mod pool;
mod ready;
mod screen;

pub(super) use child::{of_the_parent, serve};
pub(super) use pool::{JobFailed, Pool};
pub(super) use ready::{Share, ready};
