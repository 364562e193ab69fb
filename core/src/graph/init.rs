//! How parameters start.

use crate::random::{Purpose, Stream};
use serde::{Deserialize, Serialize};

/// An initialiser. Fans follow PyTorch: for a weight `[out, in, …]`, fan-in is in·(product of the rest) and fan-out is
/// out·(product of the rest).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Init {
    /// Every entry this value.
    Constant(f64),
    /// Uniform on (−1/√fan_in, 1/√fan_in): what PyTorch's linear and convolution layers do by default, for weights
    /// and, with the weight's fan-in, for biases.
    FanIn {
        /// Number of inputs of one unit.
        fan_in: usize,
    },
    /// Normal with standard deviation √(2/fan_in) (He et al. 2015).
    KaimingNormal {
        /// Number of inputs of one unit.
        fan_in: usize,
    },
    /// Normal with this standard deviation.
    Normal(f64),
}

impl Init {
    /// The starting values of parameter number `index` with `elements` entries, from the stream keyed by both.
    pub fn sample(self, seed: u64, index: usize, elements: usize) -> Vec<f64> {
        let mut stream = Stream::new(seed, Purpose::Parameters, index as u64);
        let mut draw = |f: &mut dyn FnMut(&mut Stream) -> f64| (0..elements).map(|_| f(&mut stream)).collect();
        match self {
            Init::Constant(c) => vec![c; elements],
            Init::FanIn { fan_in } => {
                let bound = 1.0 / (fan_in.max(1) as f64).sqrt();
                draw(&mut |s| bound * (2.0 * s.uniform() - 1.0))
            }
            Init::KaimingNormal { fan_in } => {
                let deviation = (2.0 / fan_in.max(1) as f64).sqrt();
                draw(&mut |s| deviation * s.normal())
            }
            Init::Normal(deviation) => draw(&mut |s| deviation * s.normal()),
        }
    }
}
