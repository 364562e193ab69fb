//! The methods as written on the command line, and what they become together with an attack.

use super::{Adversary, Inner};
use crate::train::{TrainError, options::require};
use hesse_core::attack::Norm;
use hesse_core::graph::Mode;
use hesse_core::options::{OptionKind, OptionSpec, Options};
use std::fmt;
use std::str::FromStr;

/// How training defends.
#[derive(Debug, Clone, PartialEq)]
pub enum Robust {
    /// A share of every batch is replaced by examples.
    Adversarial(Adversary),
    /// The loss, and β times the divergence between the answers to samples and to examples.
    Trades {
        /// Weight of the divergence.
        beta: f64,
        /// Who makes the examples; of whole batches.
        adversary: Adversary,
    },
    /// The loss, and λ‖H_x z‖² for every sample.
    Cure {
        /// λ.
        strength: f64,
    },
}

impl Robust {
    /// Who makes the examples, where there are any.
    pub fn adversary(&self) -> Option<&Adversary> {
        match self {
            Robust::Adversarial(adversary) | Robust::Trades { adversary, .. } => Some(adversary),
            Robust::Cure { .. } => None,
        }
    }

    /// Refuses what makes no sense.
    pub(in crate::train) fn check(&self) -> Result<(), TrainError> {
        match self {
            Robust::Adversarial(adversary) => adversary.check(),
            Robust::Trades { beta, adversary } => {
                require(*beta > 0.0 && beta.is_finite(), "beta of TRADES", "a positive number", beta)?;
                require(adversary.mix == 1.0, "adversarial share of a batch", "1 for TRADES", adversary.mix)?;
                adversary.check()
            }
            Robust::Cure { strength } => {
                require(*strength > 0.0 && strength.is_finite(), "lambda of CURE", "a positive number", strength)
            }
        }
    }
}

impl fmt::Display for Robust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Robust::Adversarial(adversary) => write!(f, "adversarial training: {adversary}"),
            Robust::Trades { beta, adversary } => write!(f, "TRADES with beta {beta}: {adversary}"),
            Robust::Cure { strength } => write!(f, "CURE with lambda {strength}"),
        }
    }
}

/// A method by name, before it has met an attack and a budget.
#[derive(Debug, Clone, PartialEq)]
pub enum Method {
    /// `at`: adversarial training with the attack given.
    Adversarial,
    /// `pgd-at`: the same with projected gradient ascent of so many steps.
    ProjectedAscent {
        /// Number of steps, each 2.5 ε divided by it.
        steps: usize,
    },
    /// `fast`: the same with one step from a uniform start.
    Fast {
        /// Its length as a share of ε.
        alpha: f64,
    },
    /// `trades`.
    Trades {
        /// Weight of the divergence.
        beta: f64,
        /// Steps of its own ascent.
        steps: usize,
        /// Their length as a share of ε.
        share: f64,
    },
    /// `cure`.
    Cure {
        /// Weight of the penalty.
        strength: f64,
    },
}

/// What is said of the attack beside the method; none where nothing was said.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AttackWords {
    /// `name:key=value,…`.
    pub attack: Option<String>,
    /// The budget.
    pub epsilon: Option<f64>,
    /// Epochs over which it grows; none unless given.
    pub warmup: Option<f64>,
    /// The norm; L∞ unless given.
    pub norm: Option<Norm>,
    /// The share of a batch; all unless given.
    pub mix: Option<f64>,
    /// The mode; eval unless given.
    pub mode: Option<Mode>,
}

impl Method {
    /// The defence that method and words mean together.
    ///
    /// # Errors
    /// Where they contradict each other, or something is missing; in terms of the flags.
    pub fn with(&self, words: AttackWords) -> Result<Robust, String> {
        let AttackWords { attack, epsilon, warmup, norm, mix, mode } = words;
        if let Method::Cure { strength } = self {
            let given = [
                (attack.is_some(), "--attack"),
                (epsilon.is_some(), "--eps"),
                (warmup.is_some(), "--eps-warmup"),
                (norm.is_some(), "--norm"),
                (mix.is_some(), "--mix"),
                (mode.is_some(), "--attack-mode"),
            ];
            return match given.iter().find(|(given, _)| *given) {
                Some((_, flag)) => Err(format!("{flag}: --robust cure perturbs nothing; leave it out")),
                None => Ok(Robust::Cure { strength: *strength }),
            };
        }
        let own = |inner: String| match &attack {
            None => Ok(Inner::Named(inner)),
            Some(other) => Err(format!(
                "--attack {other}: this method brings its own attack ({inner}); use --robust at for another"
            )),
        };
        let inner = match self {
            Method::Adversarial | Method::Cure { .. } => {
                let missing = || "--robust at: expected --attack, such as --attack pgd:steps=7".to_string();
                Inner::Named(attack.clone().ok_or_else(missing)?)
            }
            Method::ProjectedAscent { steps } => own(format!("pgd:steps={steps},return=last"))?,
            Method::Fast { alpha } => {
                own(format!("one step of {alpha} ε from a uniform start"))?;
                Inner::Fast { alpha: *alpha }
            }
            Method::Trades { steps, share, .. } => match attack.clone() {
                Some(attack) => Inner::Named(attack),
                None => Inner::Divergence { steps: *steps, share: *share },
            },
        };
        let epsilon = epsilon.ok_or("expected --eps, the largest perturbation to train against, such as --eps 0.3")?;
        let (norm, mode) = (norm.unwrap_or(Norm::Linf), mode.unwrap_or(Mode::Eval));
        let (warmup, mix) = (warmup.unwrap_or(0.0), mix.unwrap_or(1.0));
        let adversary = Adversary { inner, epsilon, warmup, norm, mix, mode };
        let robust = match self {
            Method::Trades { beta, .. } => Robust::Trades { beta: *beta, adversary },
            _ => Robust::Adversarial(adversary),
        };
        robust.check().map_err(|error| error.to_string())?;
        Ok(robust)
    }
}

const fn real(name: &'static str, default: &'static str) -> OptionSpec {
    OptionSpec { name, kind: OptionKind::Real, default, help: "" }
}
const STEPS: OptionSpec = OptionSpec { name: "steps", kind: OptionKind::Integer(1), default: "", help: "" };

impl FromStr for Method {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, options) = Options::split(text).map_err(|e| e.to_string())?;
        let known: &[OptionSpec] = match name.as_str() {
            "at" => &[],
            "pgd-at" => &[STEPS],
            "fast" => &[real("alpha", "1.25")],
            "trades" => &[real("beta", "6"), STEPS, real("rel_step", "2.5/steps")],
            "cure" => &[real("lambda", "1")],
            other => {
                let other = other.escape_debug();
                return Err(format!("expected at, pgd-at, fast, trades or cure, found `{other}`"));
            }
        };
        options.check(&name, known).map_err(|e| e.to_string())?;
        let number = |key: &str, default: f64| {
            let found = options.number(key, 0.0).map_err(|e| e.to_string())?.unwrap_or(default);
            if found > 0.0 { Ok(found) } else { Err(format!("option {key}={found}: expected a number above 0")) }
        };
        let steps = |default| options.count("steps", default, 1).map_err(|e| e.to_string());
        Ok(match name.as_str() {
            "at" => Method::Adversarial,
            "pgd-at" => Method::ProjectedAscent { steps: steps(7)? },
            "fast" => Method::Fast { alpha: number("alpha", 1.25)? },
            "trades" => {
                let steps = steps(10)?;
                Method::Trades { beta: number("beta", 6.0)?, steps, share: number("rel_step", 2.5 / steps as f64)? }
            }
            _ => Method::Cure { strength: number("lambda", 1.0)? },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(attack: Option<&str>, epsilon: Option<f64>) -> AttackWords {
        AttackWords { attack: attack.map(str::to_string), epsilon, ..AttackWords::default() }
    }

    #[test]
    fn methods_are_read_with_their_published_constants() {
        let read = |text: &str| text.parse::<Method>();
        assert_eq!(read("fast"), Ok(Method::Fast { alpha: 1.25 }));
        assert_eq!(read("trades"), Ok(Method::Trades { beta: 6.0, steps: 10, share: 0.25 }));
        assert_eq!(read("trades:beta=1,steps=5"), Ok(Method::Trades { beta: 1.0, steps: 5, share: 0.5 }));
        assert_eq!(read("cure:lambda=4"), Ok(Method::Cure { strength: 4.0 }));
        for text in ["", "AT", "at:steps=3", "fast:beta=1", "fast:alpha=0", "cure:lambda=-1", "trades:steps=0"] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_method_and_an_attack_become_one_defence_or_an_error_that_names_the_flag() {
        let fast = Method::Fast { alpha: 1.25 }.with(words(None, Some(0.3))).unwrap();
        let expected = Adversary { inner: Inner::Fast { alpha: 1.25 }, ..Adversary::new("", Norm::Linf, 0.3) };
        assert_eq!(fast, Robust::Adversarial(expected));
        let at = Method::Adversarial.with(words(Some("fgsm"), Some(0.1))).unwrap();
        assert_eq!(at, Robust::Adversarial(Adversary::new("fgsm", Norm::Linf, 0.1)));
        let said = |method: Method, words| method.with(words).unwrap_err();
        assert!(said(Method::Adversarial, words(None, Some(0.1))).contains("--attack"));
        assert!(said(Method::Adversarial, words(Some("fgsm"), None)).contains("--eps"));
        assert!(said(Method::Fast { alpha: 1.0 }, words(Some("fgsm"), Some(0.1))).contains("--robust at"));
        assert!(said(Method::Cure { strength: 1.0 }, words(None, Some(0.1))).starts_with("--eps"));
        let half = AttackWords { mix: Some(0.5), ..words(None, Some(0.1)) };
        let trades = Method::Trades { beta: 6.0, steps: 10, share: 0.25 };
        assert!(said(trades, half).contains("1 for TRADES"));
        let none = AttackWords { mix: Some(0.0), ..words(Some("fgsm"), Some(0.1)) };
        assert!(said(Method::Adversarial, none).contains("above 0"));
    }
}
