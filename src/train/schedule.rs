//! How the learning rate changes during a run.
//!
//! A schedule is a function of the position in epochs, a real number, so that it does not depend on the batch size;
//! cosine and warm-up move with every step. Steps act at the beginning of the epoch they name, as PyTorch's
//! `MultiStepLR` does.

use super::{TrainError, options::require};
use std::fmt;
use std::str::FromStr;

/// The rate as a multiple of its first value. Written `constant`, `step:at=30+60,factor=0.1`, `cosine` or
/// `cyclic:peak=0.4`.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Schedule {
    /// Always one.
    #[default]
    Constant,
    /// Multiplied by the factor when an epoch of this number (counted from 0) begins.
    Step {
        /// The epochs, rising.
        at: Vec<usize>,
        /// Above 0.
        factor: f64,
    },
    /// Half a cosine, from one to zero at the last epoch.
    Cosine,
    /// From nothing in a straight line to one, and back to nothing at the last epoch (the recipe of FastAT).
    Cyclic {
        /// Where the peak is, as a share of the run, in (0, 1).
        peak: f64,
    },
}

impl Schedule {
    /// The rate at a position as a multiple of its first value, for a run of so many epochs.
    pub fn factor(&self, position: f64, epochs: usize) -> f64 {
        match self {
            Schedule::Constant => 1.0,
            Schedule::Step { at, factor } => {
                let passed = at.iter().filter(|&&epoch| position >= epoch as f64).count();
                factor.powi(passed.min(i32::MAX as usize) as i32)
            }
            Schedule::Cosine => {
                let share = (position / epochs.max(1) as f64).clamp(0.0, 1.0);
                0.5 * (1.0 + (std::f64::consts::PI * share).cos())
            }
            Schedule::Cyclic { peak } => {
                let share = (position / epochs.max(1) as f64).clamp(0.0, 1.0);
                if share < *peak { share / peak } else { (1.0 - share) / (1.0 - peak) }
            }
        }
    }

    /// The rate of a step that begins at a position and is `step` epochs long, likewise. A cycle counts at the middle of
    /// a step, so that neither the first nor the last one is wasted.
    pub fn of_step(&self, position: f64, step: f64, epochs: usize) -> f64 {
        let shift = if matches!(self, Schedule::Cyclic { .. }) { 0.5 * step } else { 0.0 };
        self.factor(position + shift, epochs)
    }

    /// Whether the rate depends on when the run ends, so that a run with more epochs is another run.
    pub fn depends_on_the_end(&self) -> bool {
        matches!(self, Schedule::Cosine | Schedule::Cyclic { .. })
    }

    pub(super) fn check(&self) -> Result<(), TrainError> {
        if let Schedule::Cyclic { peak } = self {
            let inside = *peak > 0.0 && *peak < 1.0;
            return require(inside, "peak of the cyclic schedule", "a number between 0 and 1", peak);
        }
        let Schedule::Step { at, factor } = self else { return Ok(()) };
        let rising = at.windows(2).all(|pair| pair[0] < pair[1]) && !at.is_empty();
        require(rising, "epochs of the step schedule", "rising numbers, such as 30+60", join(at))?;
        let positive = *factor > 0.0 && factor.is_finite();
        require(positive, "factor of the step schedule", "a positive number", factor)
    }
}

/// Rising linearly from nothing at the first step to one after `warmup` epochs.
pub(super) fn warmup(position: f64, step: f64, warmup: f64) -> f64 {
    // One step in, so that the first step moves.
    if warmup > 0.0 { ((position + step) / warmup).min(1.0) } else { 1.0 }
}

fn join(at: &[usize]) -> String {
    at.iter().map(usize::to_string).collect::<Vec<_>>().join("+")
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Schedule::Constant => f.write_str("constant"),
            Schedule::Step { at, factor } => write!(f, "step:at={},factor={factor}", join(at)),
            Schedule::Cosine => f.write_str("cosine"),
            Schedule::Cyclic { peak } => write!(f, "cyclic:peak={peak}"),
        }
    }
}

impl FromStr for Schedule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refuse = || {
            let found = text.escape_debug();
            format!("expected constant, step:at=EPOCH+EPOCH,factor=F, cosine or cyclic:peak=SHARE, found `{found}`")
        };
        match text.split_once(':').unwrap_or((text, "")) {
            ("constant", "") => Ok(Schedule::Constant),
            ("cosine", "") => Ok(Schedule::Cosine),
            ("cyclic", rest) => {
                let peak = match rest.split_once('=') {
                    None if rest.is_empty() => 0.4,
                    Some(("peak", number)) => number.trim().parse().map_err(|_| refuse())?,
                    _ => return Err(refuse()),
                };
                let schedule = Schedule::Cyclic { peak };
                schedule.check().map_err(|error| error.to_string())?;
                Ok(schedule)
            }
            ("step", rest) => {
                let (mut at, mut factor) = (Vec::new(), 0.1);
                for word in rest.split(',') {
                    match word.split_once('=') {
                        Some(("at", list)) => {
                            at = list
                                .split('+')
                                .map(|n| n.trim().parse())
                                .collect::<Result<_, _>>()
                                .map_err(|_| refuse())?;
                        }
                        Some(("factor", number)) => factor = number.trim().parse().map_err(|_| refuse())?,
                        _ => return Err(refuse()),
                    }
                }
                let schedule = Schedule::Step { at, factor };
                schedule.check().map_err(|error| error.to_string())?;
                Ok(schedule)
            }
            _ => Err(refuse()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_acts_when_its_epoch_begins() {
        let schedule: Schedule = "step:at=2+4,factor=0.5".parse().unwrap();
        let factors = [0.0, 1.99, 2.0, 3.9, 4.0, 9.0].map(|t| schedule.factor(t, 10));
        assert_eq!(factors, [1.0, 1.0, 0.5, 0.5, 0.25, 0.25]);
    }

    #[test]
    fn a_cosine_begins_at_one_passes_a_half_and_ends_at_nothing() {
        let factors = [0.0, 5.0, 10.0, 11.0].map(|t| Schedule::Cosine.factor(t, 10));
        assert_eq!(factors[0], 1.0);
        assert!((factors[1] - 0.5).abs() < 1e-15 && factors[2].abs() < 1e-15 && factors[3].abs() < 1e-15);
    }

    #[test]
    fn a_cycle_rises_to_its_peak_and_falls_and_wastes_no_step() {
        let cycle = Schedule::Cyclic { peak: 0.4 };
        let factors = [0.0, 2.0, 4.0, 7.0, 10.0].map(|t| cycle.factor(t, 10));
        assert!(factors.iter().zip([0.0, 0.5, 1.0, 0.5, 0.0]).all(|(a, b)| (a - b).abs() < 1e-15), "{factors:?}");
        assert!(cycle.of_step(0.0, 0.1, 10) > 0.0 && cycle.of_step(9.9, 0.1, 10) > 0.0);
        assert_eq!(Schedule::Cosine.of_step(5.0, 0.1, 10), Schedule::Cosine.factor(5.0, 10));
    }

    #[test]
    fn warm_up_moves_with_the_first_step_and_ends_at_one() {
        assert_eq!([0.0, 0.25, 0.75, 3.0].map(|t| warmup(t, 0.25, 1.0)), [0.25, 0.5, 1.0, 1.0]);
        assert_eq!(warmup(0.0, 0.25, 0.0), 1.0);
    }

    #[test]
    fn a_schedule_is_written_as_it_is_read() {
        for text in ["constant", "cosine", "step:at=30+60,factor=0.2", "cyclic:peak=0.4"] {
            assert_eq!(text.parse::<Schedule>().unwrap().to_string(), text);
        }
        assert_eq!("step:at=3".parse(), Ok(Schedule::Step { at: vec![3], factor: 0.1 }));
        assert_eq!("cyclic".parse(), Ok(Schedule::Cyclic { peak: 0.4 }));
        for text in ["cyclic:peak=0", "cyclic:peak=1", "cyclic:at=3"] {
            assert!(text.parse::<Schedule>().is_err(), "{text}");
        }
        for text in ["", "Cosine", "cosine:1", "step", "step:at=3+2", "step:at=3,factor=0", "step:at=x", "step:up=1"] {
            assert!(text.parse::<Schedule>().is_err(), "{text}");
        }
    }
}
