//! The module as its users see it: files in, tensors or one clear error out.

mod hostile;
mod real_files;
mod refusals;
mod round_trip;
