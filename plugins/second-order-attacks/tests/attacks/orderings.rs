//! The measured table of step directions, as orderings: a small network in f64 without a box, 48 inputs in [0.25, 0.75].

use crate::toy::{CLASSES, PIXELS, Toy, toy};
use crate::{Samples, propose_for};
use hesse_core::attack::{AttackLoss, InputOracle, NetworkOracle, Norm, ThreatModel, losses};
use hesse_core::random::{Purpose, Stream};
use hesse_core::vectors::Precision;

const N: usize = 48;

struct Table<'a> {
    oracle: NetworkOracle<'a>,
    samples: Samples,
    clean: Vec<f64>,
}

/// Mean loss, share of samples whose loss rose.
#[derive(Debug, Clone, Copy)]
struct Row {
    loss: f64,
    raised: f64,
}

impl<'a> Table<'a> {
    fn new(toy: &'a Toy) -> Self {
        let oracle = toy.oracle(N);
        let mut s = Stream::new(11, Purpose::Data, 0);
        let x: Vec<f64> = (0..N * PIXELS).map(|_| 0.25 + 0.5 * s.uniform()).collect();
        let z = oracle.logits(&x).unwrap();
        let labels = z.chunks(CLASSES).map(|z| losses::prediction(z).unwrap()).collect();
        let samples = Samples::new(x, labels);
        let clean = Self::losses(&oracle, &samples.x, &samples.labels);
        Table { oracle, samples, clean }
    }

    fn losses(oracle: &NetworkOracle<'_>, x: &[f64], labels: &[u32]) -> Vec<f64> {
        let z = oracle.logits(x).unwrap();
        z.chunks(CLASSES).zip(labels).map(|(z, y)| losses::value(AttackLoss::CrossEntropy, z, *y)).collect()
    }

    fn moved(&self, name: &str, epsilon: f64) -> Vec<f64> {
        let threat = ThreatModel { norm: Norm::L2, lower: f64::NEG_INFINITY, upper: f64::INFINITY };
        let request = hesse_core::attack::AttackRequest { threat, ..self.samples.request(Norm::L2, epsilon) };
        propose_for(&self.oracle, &request, name)
    }

    fn judge(&self, x: &[f64]) -> Row {
        let found = Self::losses(&self.oracle, x, &self.samples.labels);
        let raised = found.iter().zip(&self.clean).filter(|(a, b)| a > b).count();
        Row { loss: found.iter().sum::<f64>() / N as f64, raised: raised as f64 / N as f64 }
    }

    fn row(&self, name: &str, epsilon: f64) -> Row {
        self.judge(&self.moved(name, epsilon))
    }

    /// The step the other way.
    fn opposite(&self, name: &str, epsilon: f64) -> Row {
        let moved = self.moved(name, epsilon);
        self.judge(&moved.iter().zip(&self.samples.x).map(|(y, x)| 2.0 * x - y).collect::<Vec<f64>>())
    }

    fn clean(&self) -> f64 {
        self.clean.iter().sum::<f64>() / N as f64
    }
}

#[test]
fn on_a_relu_network_newton_is_the_saddle_free_step_and_weaker_than_the_gradient_and_the_trust_region_is_not() {
    let toy = toy("relu", Precision::F64, 1.0);
    let table = Table::new(&toy);
    for epsilon in [0.3, 0.6] {
        let row = |name: &str| table.row(name, epsilon);
        let (gradient, newton, region) = (row("fgsm"), row("l2hess"), row("trust-region:steps=1"));
        let (free, top, pgd) = (row("saddle-free"), row("top-eigenvector"), row("pgd:steps=20"));
        let said = format!("ε {epsilon}: {gradient:?} {newton:?} {region:?} {free:?} {top:?} {pgd:?}");
        assert!(newton.raised == 1.0 && newton.loss > table.clean() && newton.loss < gradient.loss, "{said}");
        assert!((free.loss - newton.loss).abs() < 1e-9, "{said}");
        assert!(region.loss >= gradient.loss * (1.0 - 1e-4) && top.loss < region.loss, "{said}");
        assert!(top.raised == 1.0 && pgd.loss >= region.loss * (1.0 - 1e-3), "{said}");
        let back = table.opposite("l2hess", epsilon);
        assert!(back.raised == 0.0 && back.loss < table.clean(), "{back:?}");
        // Conjugate gradients find the same step.
        let iterated = row("l2hess:solver=cg");
        assert!((iterated.loss / newton.loss - 1.0).abs() < 1e-3, "{iterated:?} {said}");
        // The iterated attack is at least as strong as its first step.
        assert!(row("trust-region:steps=5").loss >= region.loss, "{said}");
    }
}

#[test]
fn on_a_smooth_network_only_what_minds_the_sign_of_curvature_rises_and_the_trust_region_is_best() {
    let toy = toy("tanh", Precision::F64, 1.0);
    let table = Table::new(&toy);
    let exact = "l2hess:iterations=200,tolerance=1e-9,negative_curvature=continue";
    for epsilon in [0.3, 0.6] {
        let row = |name: &str| table.row(name, epsilon);
        let (gradient, newton) = (row("fgsm"), row(exact));
        let (free, top) = (row("saddle-free:krylov=64,random=0,floor=0"), row("top-eigenvector:krylov=64,random=0"));
        let (region, pgd) = (row("trust-region:steps=1,krylov=64"), row("pgd:steps=20"));
        let said = format!("ε {epsilon}: {gradient:?} {newton:?} {free:?} {top:?} {region:?} {pgd:?}");
        assert!(newton.raised < 0.95 && newton.raised > 0.05, "{said}");
        assert!(free.raised == 1.0 && top.raised == 1.0 && region.raised == 1.0, "{said}");
        assert!(newton.loss < free.loss && free.loss < gradient.loss && top.loss < gradient.loss, "{said}");
        assert!(region.loss >= gradient.loss && pgd.loss >= region.loss * (1.0 - 5e-3), "{said}");
        let ascent = row(&format!("{exact},orientation=ascent"));
        assert!(ascent.raised > newton.raised && ascent.loss > newton.loss, "{ascent:?} {said}");
        // A quarter of the dimensions is enough for the trust region.
        let few = row("trust-region:steps=1,krylov=12,random=4");
        assert!((few.loss / region.loss - 1.0).abs() < 1e-2, "{few:?} {said}");
    }
}
