//! The inner ascent of TRADES: examples whose answer differs most from that to the clean sample, labels aside.
//!
//! x' starts at x + 0.001·N(0, 1) and takes steepest steps up KL(softmax f(x) ‖ softmax f(x')), projected to ball and
//! box. The derivative by the logits of x' is softmax f(x') − softmax f(x), formed on the host and pulled back, so it
//! needs no program of its own. Not registered as an attack: success is judged by labels, which it does not see.

use hesse_core::Attack;
use hesse_core::attack::{AttackError, AttackRequest, AttackStep, InputOracle, Norm, OracleError, geometry};
use hesse_core::eigen::Control;
use hesse_core::random::{Purpose, Stream};

/// Standard deviation of the start, in pixels (the authors').
const START: f64 = 0.001;

/// The ascent; cost: `steps` gradients and one forward pass for each.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct DivergenceAscent {
    pub steps: usize,
    /// Length of a step as a share of ε.
    pub share: f64,
}

impl Attack for DivergenceAscent {
    fn run(
        &self,
        oracle: &dyn InputOracle,
        request: &AttackRequest<'_>,
        observe: &mut dyn FnMut(AttackStep<'_>) -> Control,
    ) -> Result<Vec<f64>, AttackError> {
        let d = request.check(oracle)?.max(1);
        let (threat, epsilon, clean) = (&request.threat, request.epsilon, request.samples);
        if threat.norm == Norm::L1 {
            return Err(AttackError::Norm { attack: "the ascent of TRADES", norm: threat.norm, known: "linf and l2" });
        }
        let classes = oracle.classes().max(1);
        let wanted = oracle.logits(clean)?;
        OracleError::check_size("logits of the oracle", request.labels.len() * classes, wanted.len())?;

        let mut x = clean.to_vec();
        for (x, &index) in x.chunks_exact_mut(d).zip(request.indices) {
            let mut stream = Stream::new(request.seed, Purpose::AttackStart, index as u64);
            x.iter_mut().for_each(|x| *x += START * stream.normal());
        }
        geometry::project_all(threat, epsilon, clean, &mut x, d);
        for step in 1..=self.steps {
            let logits = oracle.logits(&x)?;
            OracleError::check_size("logits of the oracle", wanted.len(), logits.len())?;
            let mut slope = vec![0.0; logits.len()];
            let mut divergences = Vec::with_capacity(request.labels.len());
            let rows = logits.chunks_exact(classes).zip(wanted.chunks_exact(classes));
            for ((z, w), u) in rows.zip(slope.chunks_exact_mut(classes)) {
                divergences.push(divergence(w, z, u));
            }
            let gradient = oracle.transposed_jacobian_product(&x, &slope)?;
            OracleError::check_size("gradient of the oracle", x.len(), gradient.len())?;
            if observe(AttackStep { step, losses: &divergences }) == Control::Stop {
                return Err(AttackError::Interrupted);
            }
            for (x, g) in x.chunks_exact_mut(d).zip(gradient.chunks_exact(d)) {
                geometry::add_steepest_ascent(threat.norm, g, self.share * epsilon, x);
            }
            geometry::project_all(threat, epsilon, clean, &mut x, d);
        }
        Ok(x)
    }
}

/// KL(softmax w ‖ softmax z); its derivative by z goes to `slope`.
fn divergence(w: &[f64], z: &[f64], slope: &mut [f64]) -> f64 {
    let (p, log_p) = softmax(w);
    let (q, log_q) = softmax(z);
    slope.iter_mut().zip(q.iter().zip(&p)).for_each(|(s, (q, p))| *s = q - p);
    let each = p.iter().zip(log_p.iter().zip(&log_q));
    each.map(|(p, (a, b))| if *p > 0.0 { p * (a - b) } else { 0.0 }).sum()
}

/// The softmax and its logarithm.
fn softmax(z: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let most = z.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let log_sum = most + z.iter().map(|z| (z - most).exp()).sum::<f64>().ln();
    let log: Vec<f64> = z.iter().map(|z| z - log_sum).collect();
    (log.iter().map(|l| l.exp()).collect(), log)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_divergence_and_its_slope_are_those_of_the_definition() {
        let (w, z) = ([0.3, -1.2, 2.0], [1.1, 0.4, -0.7]);
        let mut slope = [0.0; 3];
        let value = divergence(&w, &z, &mut slope);
        // By hand: p = softmax(w), q = softmax(z), Σ p log(p/q).
        let normal = |v: &[f64; 3]| {
            let total: f64 = v.iter().map(|x| x.exp()).sum();
            v.map(|x| x.exp() / total)
        };
        let (p, q) = (normal(&w), normal(&z));
        let by_hand: f64 = p.iter().zip(q).map(|(p, q)| p * (p / q).ln()).sum();
        assert!((value - by_hand).abs() < 1e-14);
        for k in 0..3 {
            let moved = |h: f64| {
                let mut z = z;
                z[k] += h;
                divergence(&w, &z, &mut [0.0; 3])
            };
            assert!(((moved(1e-6) - moved(-1e-6)) / 2e-6 - slope[k]).abs() < 1e-9);
        }
        assert_eq!(divergence(&w, &w, &mut slope), 0.0);
        assert_eq!(slope, [0.0; 3]);
    }
}
