//! What is compared over batch sizes: each quantity once, with its name in files, its heading, and what the paper says
//! becomes of it as batches grow. Tables, trends and pictures all go by this list.

use super::attacked::ATTACKS;
use super::cell::CellReport;
use super::inputs::InputPart;
use serde::Serialize;

/// What becomes of a quantity as the batch grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Expected {
    /// It rises.
    Rises,
    /// It falls.
    Falls,
    /// It does neither.
    NoTrend,
}

/// How a quantity is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Count,
    Number,
    Share,
}

/// Something that a cell has.
pub(super) struct Quantity {
    /// In JSON and CSV.
    pub name: String,
    /// In tables.
    pub title: String,
    pub kind: Kind,
    /// What the paper says; none where it says nothing.
    pub expected: Option<Expected>,
    pub value: Box<Measure>,
}

/// Reads a quantity off a cell; none where it was not measured.
type Measure = dyn Fn(&CellReport) -> Option<f64>;
type Value = fn(&CellReport) -> Option<f64>;

fn input(part: &Option<InputPart>, value: fn(&InputPart) -> f64) -> Option<f64> {
    part.as_ref().map(value)
}

/// All of them, in the order of the columns.
pub(super) fn all(epsilons: &[f64]) -> Vec<Quantity> {
    const FIXED: [(&str, &str, Kind, Option<Expected>, Value); 14] = [
        ("epochs", "epochs", Kind::Count, None, |c| Some(c.epochs as f64)),
        ("steps", "steps", Kind::Count, None, |c| Some(c.steps as f64)),
        ("train_loss", "train loss", Kind::Number, None, |c| Some(c.train_loss)),
        ("train_accuracy", "train acc.", Kind::Share, None, |c| Some(c.train_accuracy)),
        ("test_accuracy", "test acc.", Kind::Share, None, |c| Some(c.test_accuracy)),
        ("lambda_train", "λ₁ train", Kind::Number, Some(Expected::Rises), |c| Some(c.train.lambda())),
        ("lambda_test", "λ₁ test", Kind::Number, Some(Expected::Rises), |c| Some(c.test.lambda())),
        ("gradient_norm_train", "‖∇L‖ train", Kind::Number, None, |c| Some(c.train.gradient_norm)),
        ("gradient_norm_test", "‖∇L‖ test", Kind::Number, None, |c| Some(c.test.gradient_norm)),
        ("input_lambda_train", "λ₁ˣ train", Kind::Number, Some(Expected::NoTrend), |c| {
            input(&c.train_inputs, |p| p.largest.max)
        }),
        ("input_lambda_test", "λ₁ˣ test", Kind::Number, Some(Expected::NoTrend), |c| {
            input(&c.test_inputs, |p| p.largest.max)
        }),
        ("input_lambda_mean_test", "mean λ₁ˣ test", Kind::Number, None, |c| {
            input(&c.test_inputs, |p| p.largest.mean)
        }),
        ("input_gradient_train", "‖∇ₓ‖ train", Kind::Number, Some(Expected::NoTrend), |c| {
            input(&c.train_inputs, |p| p.gradient_norm)
        }),
        ("input_gradient_test", "‖∇ₓ‖ test", Kind::Number, Some(Expected::NoTrend), |c| {
            input(&c.test_inputs, |p| p.gradient_norm)
        }),
    ];
    let fixed = FIXED.into_iter().map(|(name, title, kind, expected, value)| Quantity {
        name: name.to_string(),
        title: title.to_string(),
        kind,
        expected,
        value: Box::new(value),
    });
    let attacked = ATTACKS.into_iter().flat_map(|(attack, _)| {
        epsilons.iter().flat_map(move |&epsilon| {
            [true, false].map(|train| Quantity {
                name: attacked(attack, epsilon, train),
                title: format!("{attack} {epsilon} {}", if train { "train" } else { "test" }),
                kind: Kind::Share,
                expected: Some(Expected::Falls),
                value: Box::new(move |cell| {
                    let found = cell.attacks.iter().find(|a| a.attack == attack && a.epsilon == epsilon)?;
                    Some(if train { found.train } else { found.test })
                }),
            })
        })
    });
    fixed.chain(attacked).collect()
}

/// The name of an accuracy under attack.
pub(super) fn attacked(attack: &str, epsilon: f64, train: bool) -> String {
    format!("{}_{epsilon}_{}", attack.to_lowercase().replace('-', ""), if train { "train" } else { "test" })
}
