//! The ceilings of a machine: the rate of a large matrix product and the rate of a long vector update, both in f32.
//!
//! On a CPU the matrix product is that of the `gemm` library, called directly. On every device the backend's own is timed too,
//! as the weight gradient of one wide linear layer, whose operands and result stay on the device; the best of all is the
//! ceiling. The bandwidth is that of y ← y + a·x, which reads two numbers and writes one.

use super::BenchError;
use hesse_core::SecondOrderBackend;
use hesse_core::backend::{DeviceTensor, Executable, Feed, HostTensor, Saved};
use hesse_core::graph::{GraphBuilder, Init, Mode};
use hesse_core::loss::Loss;
use hesse_core::operator::Weights;
use hesse_core::program::Problem;
use hesse_core::vectors::{Block, Precision, VectorSpace};
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::time::Instant;

/// A large product of a library, on the CPU.
pub struct HostProduct {
    pool: ThreadPool,
    operands: [Vec<f32>; 3],
}

const SIZE: usize = 2048;

impl HostProduct {
    /// Allocates the operands.
    ///
    /// # Errors
    /// Where no threads can be started.
    pub fn new(threads: usize) -> Result<Self, BenchError> {
        let pool = ThreadPoolBuilder::new().num_threads(threads).build();
        let pool = pool.map_err(|cause| BenchError::Ceiling(cause.to_string()))?;
        Ok(HostProduct { pool, operands: [0.5, 0.25, 0.0].map(|v| vec![v; SIZE * SIZE]) })
    }

    /// Operations per second of one product.
    ///
    /// # Errors
    /// Never for these operands.
    pub fn rate(&mut self) -> Result<f64, BenchError> {
        use hesse_candle::kernels::{Strides, matmul};
        let [a, b, c] = &mut self.operands;
        let strides = Strides::rows(SIZE);
        let start = Instant::now();
        let done = self.pool.install(|| matmul(false, (SIZE, SIZE, SIZE), a, strides, b, strides, c));
        done.map_err(|cause| BenchError::Ceiling(cause.to_string()))?;
        Ok(2.0 * (SIZE as f64).powi(3) / start.elapsed().as_secs_f64())
    }
}

/// What one backend reaches on its device.
pub struct DeviceCeiling {
    weights: Weights,
    samples: DeviceTensor,
    labels: DeviceTensor,
    cotangent: Block,
    result: Block,
    saved: Saved,
    program: Box<dyn Executable>,
    flops: f64,
    space: Box<dyn VectorSpace>,
    long: [Block; 2],
}

impl DeviceCeiling {
    /// Allocates a layer and two long vectors on the device.
    ///
    /// # Errors
    /// Where memory is short.
    pub fn new(backend: &dyn SecondOrderBackend) -> Result<Self, BenchError> {
        let size = if backend.info().device == "cpu" { SIZE } else { 4 * SIZE };
        let mut g = GraphBuilder::new(Mode::Eval);
        let x = g.samples(&[size])?;
        let w = g.parameter("weight", &[size, size], Init::Constant(0.5))?;
        let y = g.matmul(x, false, w, true)?;
        let problem = Problem::new(g.finish(y)?, &Loss::default())?;
        let product = problem.jacobian_transpose(&problem.all_parameters())?;
        let (parameters, buffers) = Weights::initial(problem.graph(), 0);
        let failed = |cause: hesse_core::operator::OperatorError| BenchError::Ceiling(cause.to_string());
        let weights = Weights::upload(backend, problem.graph(), &parameters, &buffers).map_err(failed)?;
        let samples = backend.upload(&HostTensor::Real(vec![0.25; size * size]))?;
        let labels = backend.upload(&HostTensor::Index(vec![0; size]))?;
        let square = backend.space(size * size, backend.info().precision);
        let (cotangent, result) = (square.zeros(1)?, square.zeros(1)?);
        let mut primal = backend.compile(&product.primal, size)?;
        let mut saved = primal.new_saved()?;
        let feed = Feed {
            parameters: Some(weights.parameters.all()),
            samples: Some(&samples),
            labels: Some(&labels),
            ..Feed::default()
        };
        primal.run(&feed, None, Some(&mut saved))?;
        let program = backend.compile(&product.tangent, size)?;
        // 64 MiB each in f32: far beyond the caches.
        let space = backend.space(1 << 24, Precision::F32);
        let long = [space.zeros(1)?, space.zeros(1)?];
        let flops = 2.0 * (size as f64).powi(3);
        Ok(DeviceCeiling { weights, samples, labels, cotangent, result, saved, program, flops, space, long })
    }

    /// Operations per second of one product.
    ///
    /// # Errors
    /// Where the device fails.
    pub fn rate(&mut self) -> Result<f64, BenchError> {
        let feed = Feed {
            parameters: Some(self.weights.parameters.all()),
            samples: Some(&self.samples),
            labels: Some(&self.labels),
            direction: Some(self.cotangent.all()),
            saved: Some(&self.saved),
            ..Feed::default()
        };
        let start = Instant::now();
        self.program.run(&feed, Some(self.result.all_mut()), None)?;
        Ok(self.flops / start.elapsed().as_secs_f64())
    }

    /// Bytes per second of y ← y + a·x on long vectors.
    ///
    /// # Errors
    /// Where the device fails.
    pub fn bandwidth(&mut self) -> Result<f64, BenchError> {
        let [x, y] = &mut self.long;
        let start = Instant::now();
        self.space.combine(y.all_mut(), 1.0, x.all(), &[0.5])?;
        // Reading one inner product waits for the device.
        self.space.gram(x.view(0..1), x.view(0..1))?;
        let bytes = (3 + 1) * 4 * self.space.dimension();
        Ok(bytes as f64 / start.elapsed().as_secs_f64())
    }
}
