//! Flags of `landscape`.

use super::{MeasureFlags, OutputFlags, PlotFlags, parse};
use crate::landscape::{Along, LandscapeOptions, Target};
use clap::Args;
use std::path::PathBuf;

/// Measures loss and accuracy along one or two directions, beside the quadratic model that the Hessian gives
///
/// Directions are eigenvectors of the Hessian, random and filter-normalised, the gradient, or the way to other weights;
/// in the weights, or in the pixels of one sample. The result says how far the loss is from the model, and how long the
/// directions are.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  \
    hesse landscape --model m1 --weights runs/m1/model.safetensors --data glyphs --samples 0..1000 --plot line.svg\n  \
    hesse landscape --model m1 --weights m1.pt --data mnist --samples 0..1000 --along random --dims 2 --points 41 \\\n      \
    --out runs/plane --plot plane.png\n  \
    hesse landscape --model m1 --weights m1.pt --data mnist --split test --samples 7..8 --wrt inputs --dims 2")]
pub struct LandscapeFlags {
    /// Which problem.
    #[command(flatten)]
    pub measure: MeasureFlags,
    /// Directions: eigenvectors (of the largest eigenvalues), random (each filter as long as the network's own),
    /// gradient, or checkpoint:FILE[,FILE] (position 1 is the file)
    #[arg(long, value_name = "WHAT", default_value = "eigenvectors", help_heading = "Landscape")]
    pub along: Along,
    /// What moves: the weights, or the pixels of one sample
    #[arg(long, value_name = "weights|inputs", default_value = "weights", help_heading = "Landscape")]
    pub wrt: Target,
    /// One direction, or the plane of two
    #[arg(long, value_name = "1|2", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=2))]
    #[arg(help_heading = "Landscape")]
    pub dims: u8,
    /// Points along each direction; an odd number has one at the centre
    #[arg(long, value_name = "N", default_value_t = 21, value_parser = parse::at_least_one, help_heading = "Landscape")]
    pub points: usize,
    /// How far to go, in multiples of the direction; between checkpoints, how far beyond both ends [default: 0.5, of
    /// random directions 1, between checkpoints 0.25, in pixels 2]
    #[arg(long, value_name = "R", value_parser = parse::not_negative, help_heading = "Landscape")]
    pub radius: Option<f64>,
    /// Bound on the residuals of eigenvectors
    #[arg(long, value_name = "TOL", default_value_t = 1e-3, value_parser = parse::positive, help_heading = "Landscape")]
    pub tol: f64,
    /// The most Hessian-vector products for eigenvectors
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = parse::at_least_one)]
    #[arg(help_heading = "Landscape")]
    pub max_products: usize,
    /// Eigensolver, with options where wanted
    #[arg(long, value_name = "NAME[:KEY=VALUE,…]", default_value = "lanczos", help_heading = "Landscape")]
    pub solver: String,
    /// Folder where every point is kept as it is found; the same command goes on there
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    pub out: Option<PathBuf>,
    /// Replace another landscape in the folder
    #[arg(long, help_heading = "Output")]
    pub force: bool,
    /// Write the points as CSV to FILE
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub csv: Option<PathBuf>,
    /// End with exit code 3 where an eigenvector did not converge
    #[arg(long, help_heading = "Landscape")]
    pub strict: bool,
    /// A picture.
    #[command(flatten)]
    pub plot: PlotFlags,
    /// Where the result goes.
    #[command(flatten)]
    pub output: OutputFlags,
}

impl LandscapeFlags {
    /// What is wanted.
    pub fn options(&self) -> LandscapeOptions {
        LandscapeOptions {
            along: self.along.clone(),
            target: self.wrt,
            dims: usize::from(self.dims),
            points: self.points,
            radius: self.radius,
            params: self.measure.params.clone(),
            tolerance: self.tol,
            max_products: self.max_products,
            solver: self.solver.clone(),
            out: self.out.clone(),
            force: self.force,
        }
    }
}
