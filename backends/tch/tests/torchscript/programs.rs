//! Running a program on made-up samples, and reading everything it gives.

use crate::networks::{CLASSES, INPUT};
use hesse_core::SecondOrderBackend;
use hesse_core::backend::{DeviceTensor, Feed, HostTensor};
use hesse_core::operator::Weights;
use hesse_core::program::{Problem, Product, Program};
use hesse_core::vectors::{Block, Precision};

pub const BATCH: usize = 5;

/// A backend with samples and weights on it.
pub struct Bench<'a> {
    backend: &'a dyn SecondOrderBackend,
    weights: Weights,
    samples: DeviceTensor,
    others: DeviceTensor,
    labels: DeviceTensor,
}

fn pixels(seed: usize) -> HostTensor {
    let size: usize = INPUT.iter().product();
    HostTensor::Real((0..BATCH * size).map(|i| (((i + seed) as f64 * 78.233).sin() + 1.0) / 2.0).collect())
}

impl<'a> Bench<'a> {
    pub fn new(backend: &'a dyn SecondOrderBackend, problem: &Problem, values: &[(String, Vec<f64>)]) -> Self {
        let of = |name: &String| values.iter().find(|v| v.0 == *name).unwrap().1.clone();
        let parameters: Vec<Vec<f64>> = problem.graph().parameters().iter().map(|p| of(&p.name)).collect();
        let buffers: Vec<Vec<f64>> = problem.graph().buffers().iter().map(|b| of(&b.name)).collect();
        let weights = Weights::upload(backend, problem.graph(), &parameters, &buffers).unwrap();
        let upload = |t: HostTensor| backend.upload(&t).unwrap();
        let labels = upload(HostTensor::Index((0..BATCH as u32).map(|i| i * 3 % CLASSES as u32).collect()));
        Bench { backend, weights, samples: upload(pixels(0)), others: upload(pixels(1000)), labels }
    }

    fn feed(&self) -> Feed<'_> {
        Feed {
            parameters: Some(self.weights.parameters.all()),
            buffers: self.weights.buffers.as_ref().map(Block::all),
            samples: Some(&self.samples),
            labels: Some(&self.labels),
            targets: Some(&self.others),
            ..Feed::default()
        }
    }

    /// What a program without a direction gives, on the host and into its column.
    pub fn program(&self, program: &Program) -> Vec<f64> {
        let mut executable = self.backend.compile(program, BATCH).unwrap();
        let space = self.backend.space(program.result_len.at(BATCH), Precision::F64);
        let mut result = space.zeros(1).unwrap();
        let into = (space.dimension() > 0).then(|| result.all_mut());
        let outcome = executable.run(&self.feed(), into, None).unwrap();
        let column = if space.dimension() > 0 { space.read(&result, 0).unwrap() } else { Vec::new() };
        [vec![outcome.loss, outcome.weight], outcome.output, outcome.per_sample_loss, column].concat()
    }

    /// A product with two directions, each asked for twice: the second time, what was recorded is there.
    pub fn product(&self, product: &Product) -> Result<Vec<f64>, String> {
        let words = |e: hesse_core::backend::BackendError| e.to_string();
        let mut primal = self.backend.compile(&product.primal, BATCH).map_err(words)?;
        let mut tangent = self.backend.compile(&product.tangent, BATCH).map_err(words)?;
        let mut saved = primal.new_saved().map_err(words)?;
        let outcome = primal.run(&self.feed(), None, Some(&mut saved)).map_err(words)?;
        let length = product.tangent.direction_len.at(BATCH);
        let space = self.backend.space(length, self.backend.info().precision);
        let mut direction = space.zeros(2).unwrap();
        for column in 0..2 {
            let v: Vec<f64> = (0..length).map(|i| ((i + 7 * column + 1) as f64).sin()).collect();
            space.write(&mut direction, column, &v).unwrap();
        }
        let wide = self.backend.space(product.tangent.result_len.at(BATCH), Precision::F64);
        let mut read = vec![outcome.loss, outcome.weight];
        for _ in 0..2 {
            let mut result = wide.zeros(2).unwrap();
            let mut feed = self.feed();
            feed.direction = Some(direction.all());
            feed.saved = Some(&saved);
            tangent.run(&feed, Some(result.all_mut()), None).map_err(words)?;
            read.extend((0..2).flat_map(|c| wide.read(&result, c).unwrap()));
        }
        let (first, second) = read[2..].split_at((read.len() - 2) / 2);
        assert_eq!(first, second, "the same product twice");
        Ok(read)
    }
}
