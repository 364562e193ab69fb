//! Flags of `bench`.

use super::{OutputFlags, parse};
use crate::bench::{BenchOptions, Operation};
use clap::Args;
use hesse_core::vectors::Precision;

/// Times derivatives: backends, devices, networks and batch sizes side by side
///
/// Everything that is compared runs in turn, so that the noise of a shared machine falls on all of it alike; figures are
/// medians. Rates are shares of a matrix product and of a vector update that are timed in the same rounds.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  \
    hesse bench --model resnet20 --batch-size 128\n  \
    hesse bench --backend candle,tch --model c1,resnet20 --batch-size 32,128 --operation gradient,hvp --json bench.json\n  \
    hesse bench --model m1 --batch-size 32 --operation hvp --columns 1,8")]
pub struct BenchFlags {
    /// Backends to compare; `hesse backends` lists them
    #[arg(long, value_name = "NAME,…", value_delimiter = ',', default_value = "candle")]
    pub backend: Vec<String>,
    /// Devices to compare: cpu, cuda or cuda:N
    #[arg(long, value_name = "DEVICE,…", value_delimiter = ',', default_value = "cpu")]
    pub device: Vec<String>,
    /// Compute types to compare
    #[arg(long, value_name = "f32|f64,…", value_delimiter = ',', default_value = "f32", value_parser = parse::precision)]
    pub dtype: Vec<Precision>,
    /// Network, with options where wanted; may be given several times, or names without options after commas
    #[arg(long, value_name = "NAME[:KEY=VALUE,…]", default_value = "resnet20")]
    pub model: Vec<String>,
    /// Batch sizes to compare
    #[arg(long, value_name = "N,…", value_delimiter = ',', default_value = "128", value_parser = parse::at_least_one)]
    pub batch_size: Vec<usize>,
    /// What to time: gradient, hvp (H·v), ggn (G·v), input_hvp (H_x·v of every sample), train (a step); all unless given
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    pub operation: Vec<Operation>,
    /// Directions multiplied at once, for hvp, ggn and input_hvp
    #[arg(long, value_name = "K,…", value_delimiter = ',', default_value = "1", value_parser = parse::at_least_one)]
    pub columns: Vec<usize>,
    /// Shape of the samples; 1x28x28 for m1, mlp and smallcnn and 3x32x32 for the others unless given
    #[arg(long, value_name = "CxHxW", value_parser = shape)]
    pub input: Option<[usize; 3]>,
    /// Repetitions of everything, in turn
    #[arg(long, value_name = "N", default_value_t = 15, value_parser = parse::at_least_one)]
    pub rounds: usize,
    /// Threads that compute; all cores unless given
    #[arg(long, value_name = "N", value_parser = parse::threads)]
    pub threads: Option<usize>,
    /// Where the result goes.
    #[command(flatten)]
    pub output: OutputFlags,
}

impl BenchFlags {
    /// What is compared.
    ///
    /// # Errors
    /// Where a list is senseless.
    pub fn options(&self) -> Result<BenchOptions, String> {
        let operations = if self.operation.is_empty() { Operation::ALL.to_vec() } else { self.operation.clone() };
        Ok(BenchOptions {
            backends: self.backend.clone(),
            devices: self.device.clone(),
            precisions: self.dtype.clone(),
            // A comma inside options belongs to them.
            models: self.model.iter().flat_map(|m| names(m)).collect(),
            batches: self.batch_size.clone(),
            operations,
            columns: self.columns.clone(),
            input: self.input,
            rounds: self.rounds,
            threads: self.threads,
        })
    }
}

/// `a,b` are two networks, `a:x=1,y=2` is one.
fn names(text: &str) -> Vec<String> {
    if text.contains(':') { vec![text.to_string()] } else { text.split(',').map(str::to_string).collect() }
}

fn shape(text: &str) -> Result<[usize; 3], String> {
    let sizes: Vec<usize> =
        text.split('x').filter_map(|s| s.parse().ok()).filter(|n| (1..=1 << 14).contains(n)).collect();
    match (sizes.as_slice(), text.split('x').count()) {
        (&[c, h, w], 3) => Ok([c, h, w]),
        _ => Err("expected CHANNELSxHEIGHTxWIDTH, such as 3x32x32".to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_is_three_sizes() {
        assert_eq!(shape("3x32x16"), Ok([3, 32, 16]));
        for text in ["", "3", "3x32", "3x32x32x1", "0x1x1", "axbxc", "3x32xx", "3x-1x1", "1x99999999x1"] {
            assert!(shape(text).is_err(), "{text}");
        }
    }

    #[test]
    fn commas_part_networks_only_where_there_are_no_options() {
        assert_eq!(names("c1,m1"), ["c1", "m1"]);
        assert_eq!(names("m1:activation=tanh,hidden=3"), ["m1:activation=tanh,hidden=3"]);
    }
}
