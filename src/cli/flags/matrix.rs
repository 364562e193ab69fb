//! Which curvature matrix, and which parts of it.

use super::parse;
use crate::spectrum::MatrixName;
use clap::Args;

/// Which matrix.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Matrix")]
pub struct MatrixFlags {
    /// Curvature matrix: hessian, gauss-newton, fisher (outer products of the gradients of single samples), or
    /// monte-carlo-fisher[:draws=K] (the same with labels drawn from the network's own distribution)
    #[arg(long, value_name = "MATRIX", default_value = "hessian")]
    pub matrix: MatrixName,
    /// Leave out what couples different layers: the spectrum of the block-diagonal part
    #[arg(long)]
    pub block_diagonal: bool,
    /// Also measure each layer's own block: largest eigenvalue, trace, share of the trace
    #[arg(long)]
    pub per_layer: bool,
    /// Products for the trace of each layer
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = parse::at_least_two, requires = "per_layer")]
    pub layer_probes: usize,
}
