//! A small convolutional network with random weights, whose own predictions are the labels.

use crate::Samples;
use hesse_candle::CandleBackend;
use hesse_core::attack::{InputOracle, NetworkOracle, losses};
use hesse_core::backend::BackendRequest;
use hesse_core::graph::{Conv2d, Graph, GraphBuilder, Mode};
use hesse_core::operator::Weights;
use hesse_core::random::{Purpose, Stream};
use hesse_core::vectors::Precision;

pub const SIDE: usize = 8;
pub const PIXELS: usize = SIDE * SIDE;
pub const CLASSES: usize = 10;

/// A network with its weights on a backend.
pub struct Toy {
    pub backend: CandleBackend,
    pub graph: Graph,
    pub weights: Weights,
}

/// Two convolutions and a linear layer, default initial values doubled; the last layer scaled by `temperature`.
pub fn toy(activation: &str, precision: Precision, temperature: f64) -> Toy {
    let request = BackendRequest { device: "cpu".into(), precision, threads: Some(1) };
    let backend = CandleBackend::new(&request).unwrap();
    let mut g = GraphBuilder::new(Mode::Eval);
    let x = g.samples(&[1, SIDE, SIDE]).unwrap();
    let y = g.conv2d("conv1", x, 8, &Conv2d::kernel(3).padding(1)).unwrap();
    let y = g.activation(activation, y).unwrap();
    let y = g.conv2d("conv2", y, 8, &Conv2d::kernel(3).padding(1).stride(2)).unwrap();
    let y = g.activation(activation, y).unwrap();
    let y = g.flatten(y).unwrap();
    let z = g.linear("fc", y, CLASSES).unwrap();
    let graph = g.finish(z).unwrap();
    let (mut parameters, buffers) = Weights::initial(&graph, 1);
    for (values, p) in parameters.iter_mut().zip(graph.parameters()) {
        let factor = if p.name.starts_with("fc") { 2.0 * temperature } else { 2.0 };
        values.iter_mut().for_each(|v| *v *= factor);
    }
    let weights = Weights::upload(&backend, &graph, &parameters, &buffers).unwrap();
    Toy { backend, graph, weights }
}

impl Toy {
    pub fn oracle(&self, batch: usize) -> NetworkOracle<'_> {
        NetworkOracle::new(&self.backend, self.graph.clone(), &self.weights, batch).unwrap()
    }

    /// Random pictures and what the network takes them for.
    pub fn samples(&self, n: usize) -> Samples {
        let mut s = Stream::new(5, Purpose::Data, 0);
        let x: Vec<f64> = (0..n * PIXELS).map(|_| s.uniform()).collect();
        let z = self.oracle(n).logits(&x).unwrap();
        let labels = z.chunks_exact(CLASSES).map(|z| losses::prediction(z).unwrap()).collect();
        Samples::new(x, labels)
    }
}
