//! Random points of the ball: what every attack must beat, or gradients are masked.

use crate::keeper::Keeper;
use hesse_core::attack::{
    Aim, Attack, AttackEntry, AttackError, AttackLoss, AttackRequest, AttackStep, InputOracle, geometry,
};
use hesse_core::eigen::Control;
use hesse_core::options::{OptionError, OptionKind, OptionSpec, Options};
use hesse_core::random::{Purpose, Stream};

/// The best of several points drawn uniformly from the ball and clipped to the box. Asks for no gradient. Cost: `draws`
/// forward passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Noise {
    /// Points for each sample.
    pub draws: usize,
}

impl Attack for Noise {
    fn run(
        &self,
        oracle: &dyn InputOracle,
        request: &AttackRequest<'_>,
        observe: &mut dyn FnMut(AttackStep<'_>) -> Control,
    ) -> Result<Vec<f64>, AttackError> {
        let d = request.check(oracle)?.max(1);
        let stream = |&index: &usize| Stream::new(request.seed, Purpose::AttackNoise, index as u64);
        let mut streams: Vec<Stream> = request.indices.iter().map(stream).collect();
        let aim = Aim::new(oracle, request, AttackLoss::CrossEntropy.into())?;
        let mut keeper = Keeper::new(request.samples, request.labels.len());
        let mut x = request.samples.to_vec();
        for step in 1..=self.draws {
            let rows = x.chunks_exact_mut(d).zip(request.samples.chunks_exact(d)).zip(&mut streams);
            for ((x, clean), stream) in rows {
                geometry::draw_in_ball(request.threat.norm, request.epsilon, stream, x);
                x.iter_mut().zip(clean).for_each(|(x, c)| *x += c);
                geometry::project(&request.threat, request.epsilon, clean, x);
            }
            let found = aim.standing(&x)?;
            keeper.offer(&x, &found);
            let losses: Vec<f64> = found.iter().map(|s| s.1).collect();
            if observe(AttackStep { step, losses: &losses }) == Control::Stop {
                return Err(AttackError::Interrupted);
            }
        }
        Ok(keeper.samples)
    }
}

const OPTIONS: &[OptionSpec] =
    &[OptionSpec { name: "draws", kind: OptionKind::Integer(1), default: "10", help: "random points for each sample" }];

fn make(options: &Options) -> Result<Box<dyn Attack>, OptionError> {
    options.check("noise", OPTIONS)?;
    Ok(Box::new(Noise { draws: options.count("draws", 10, 1)? }))
}

hesse_core::submit! {
    AttackEntry {
        name: "noise",
        summary: "random points of the ball: the baseline that a gradient must beat",
        options: OPTIONS,
        license: "MIT OR Apache-2.0",
        make: &make,
    }
}
