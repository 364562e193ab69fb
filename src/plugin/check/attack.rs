//! What an attack must withstand. Its driver projects and re-evaluates; what is asked here is what a driver cannot mend.

use super::closed_form::Linear;
use super::{Verdict, ensure};
use hesse_core::Attack;
use hesse_core::attack::geometry::project_all;
use hesse_core::attack::{AttackError, AttackRequest, Goal, InputOracle, Norm, ThreatModel};
use hesse_core::eigen::Control;
use hesse_core::options::Options;
use hesse_core::registry::{AttackEntry, Listed};

const EPSILON: f64 = 0.2;

struct Problem {
    network: Linear,
    samples: Vec<f64>,
    labels: Vec<u32>,
    indices: Vec<usize>,
}

impl Problem {
    /// Sixteen samples away from the walls of the box, labelled as the network sees them.
    fn new() -> Result<Self, String> {
        let network = Linear::new();
        let samples: Vec<f64> =
            (0..16 * network.sample_len()).map(|i| 0.3 + 0.4 * ((i * 29 % 53) as f64 / 53.0)).collect();
        let labels = network.classes_of(&samples).map_err(|e| e.to_string())?;
        Ok(Problem { network, samples, labels, indices: (0..16).collect() })
    }

    fn request(&self, norm: Norm, epsilon: f64) -> AttackRequest<'_> {
        AttackRequest {
            samples: &self.samples,
            labels: &self.labels,
            goal: Goal::Untargeted,
            threat: ThreatModel { norm, lower: 0.0, upper: 1.0 },
            epsilon,
            indices: &self.indices,
            seed: 7,
        }
    }

    fn run(&self, attack: &dyn Attack, norm: Norm, epsilon: f64) -> Result<Vec<f64>, AttackError> {
        attack.run(&self.network, &self.request(norm, epsilon), &mut |_| Control::Continue)
    }

    /// The mean cross-entropy of the labels.
    fn loss(&self, samples: &[f64]) -> Result<f64, String> {
        let answer = self.network.loss_gradient(samples, &self.labels, hesse_core::attack::AttackLoss::CrossEntropy);
        let losses = answer.map_err(|e| e.to_string())?.losses;
        Ok(losses.iter().sum::<f64>() / losses.len() as f64)
    }
}

pub(super) fn check(entry: &Listed<AttackEntry>) -> Verdict {
    let mut verdict = Verdict::new("attack", entry.name);
    let made = (entry.make)(&Options::default());
    verdict.point("it can be made without options", || match &made {
        Ok(_) => Ok(()),
        Err(error) => Err(error.to_string()),
    });
    let Ok(attack) = made else { return verdict };
    let attack = attack.as_ref();
    let problem = match Problem::new() {
        Ok(problem) => problem,
        Err(cause) => {
            verdict.point("the closed-form network can be asked", || Err(cause));
            return verdict;
        }
    };
    let norms: Vec<Norm> =
        [Norm::Linf, Norm::L2, Norm::L1].into_iter().filter(|&n| problem.run(attack, n, EPSILON).is_ok()).collect();
    verdict.point("it has a form for L∞, L2 or L1", || {
        let causes = || {
            let all = [Norm::Linf, Norm::L2, Norm::L1];
            all.iter()
                .filter_map(|&n| problem.run(attack, n, EPSILON).err())
                .map(|e| e.to_string())
                .collect::<Vec<_>>()
                .join("; ")
        };
        ensure(!norms.is_empty(), causes)
    });
    let each = |judge: &dyn Fn(Norm) -> Result<(), String>| norms.iter().try_for_each(|&norm| judge(norm));
    let run = |norm, epsilon| problem.run(attack, norm, epsilon).map_err(|e| e.to_string());

    verdict.point("it returns as many finite numbers as it was given", || {
        each(&|norm| {
            let out = run(norm, EPSILON)?;
            ensure(out.len() == problem.samples.len() && out.iter().all(|v| v.is_finite()), || {
                format!("{norm}: {} numbers, or some not finite", out.len())
            })
        })
    });
    verdict.point("it does not lower the loss of a linear network within its budget", || {
        each(&|norm| {
            let mut out = run(norm, EPSILON)?;
            let threat = problem.request(norm, EPSILON).threat;
            project_all(&threat, EPSILON, &problem.samples, &mut out, problem.network.sample_len());
            let (before, after) = (problem.loss(&problem.samples)?, problem.loss(&out)?);
            ensure(after >= before - 1e-12, || format!("{norm}: the loss went from {before:.4} to {after:.4}"))
        })
    });
    verdict.point("the same seed gives the same bits", || {
        each(&|norm| ensure(run(norm, EPSILON)? == run(norm, EPSILON)?, || format!("{norm}: two runs differ")))
    });
    verdict.point("a sample's result depends on its own index, not on its neighbours", || {
        each(&|norm| {
            let together = run(norm, EPSILON)?;
            let d = problem.network.sample_len();
            for i in [0, 5, 15] {
                let request = AttackRequest {
                    samples: problem.samples.get(i * d..(i + 1) * d).unwrap_or_default(),
                    labels: problem.labels.get(i..=i).unwrap_or_default(),
                    indices: problem.indices.get(i..=i).unwrap_or_default(),
                    ..problem.request(norm, EPSILON)
                };
                let alone = attack.run(&problem.network, &request, &mut |_| Control::Continue);
                let alone = alone.map_err(|e| e.to_string())?;
                let same = together.get(i * d..(i + 1) * d).unwrap_or_default();
                let close = alone.iter().zip(same).all(|(a, b)| (a - b).abs() <= 1e-12);
                ensure(close, || format!("{norm}: sample {i} differs when it is attacked alone"))?;
            }
            Ok(())
        })
    });
    verdict.point("zero gradients and a budget of zero give no NaN", || {
        let mut masked = Problem::new()?;
        masked.network.masked = true;
        each(&|norm| {
            for (problem, epsilon) in [(&masked, EPSILON), (&masked, 0.0), (&problem, 0.0)] {
                let out = problem.run(attack, norm, epsilon).map_err(|e| e.to_string())?;
                ensure(out.iter().all(|v| v.is_finite()), || format!("{norm}, ε = {epsilon}: NaN"))?;
            }
            Ok(())
        })
    });
    verdict.point("no samples are no error", || {
        each(&|norm| {
            let none = AttackRequest { samples: &[], labels: &[], indices: &[], ..problem.request(norm, EPSILON) };
            let out = attack.run(&problem.network, &none, &mut |_| Control::Continue).map_err(|e| e.to_string())?;
            ensure(out.is_empty(), || format!("{} numbers", out.len()))
        })
    });
    verdict
}
