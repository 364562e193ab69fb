//! Defences that are broken on purpose, each of which must raise its flag: a library that lets one pass cannot be trusted
//! with a real one.

use crate::closed_forms::problem;
use crate::host::{Linear, Noisy, Staircase, Tempered};
use crate::{Samples, drive, drive_this, fooled, threat};
use hesse_core::attack::diagnose::{are_probabilities, repetition, variability, zero_gradients};
use hesse_core::attack::driver::worst_case;
use hesse_core::attack::{AttackLoss, InputOracle, Norm, losses};
use hesse_core::attack::{Cascade, Member};

fn few() -> (Linear, Samples) {
    let (linear, samples) = problem();
    (linear, samples.pick(&(0..16).collect::<Vec<_>>()))
}

#[test]
fn a_sound_network_raises_no_flag() {
    let (linear, samples) = few();
    let found = repetition(&linear, &samples.x, &samples.labels, 5).unwrap();
    assert!(!found.random() && found.distance == 0.0 && found.correct == (16, 16));
    assert!(!are_probabilities(&linear.logits(&samples.x).unwrap(), 4));
    for loss in [AttackLoss::CrossEntropy, AttackLoss::DifferenceOfLogitsRatio] {
        assert_eq!(zero_gradients(&linear, &samples.x, &samples.labels, loss).unwrap(), 0);
    }
    let rows = (&samples.x[..], &samples.labels[..], &samples.indices[..]);
    assert!(variability(&linear, &threat(Norm::Linf), 1e-4, rows, (20, 1)).unwrap() < 0.1);
}

#[test]
fn a_quantised_input_has_no_gradient_and_falls_to_square_alone() {
    let (linear, mut samples) = few();
    let broken = Staircase(linear);
    // Away from the boundary that all samples lie at, and with the classes that the rounded inputs have.
    samples.x.iter_mut().enumerate().for_each(|(i, x)| *x = 0.5 + 6.0 * (*x - 0.5) + 0.01 * ((i % 7) as f64 - 3.0));
    samples.x.iter_mut().for_each(|x| *x = x.clamp(0.0, 1.0));
    let z = broken.logits(&samples.x).unwrap();
    samples.labels = z.chunks(4).map(|z| losses::prediction(z).unwrap()).collect();
    let zero = zero_gradients(&broken, &samples.x, &samples.labels, AttackLoss::DifferenceOfLogitsRatio).unwrap();
    assert_eq!(zero, 16);
    let run = |name: &str| drive(&broken, &samples, name, Norm::Linf, &[0.4]);
    // From the sample itself, where it has no gradient to follow.
    let (pgd, square) = (run("pgd:steps=20,random_start=false"), run("square:queries=200"));
    assert_eq!((pgd.zero_gradients, fooled(&pgd, 0)), (16, 0));
    assert!(fooled(&square, 0) > 8, "{}", fooled(&square, 0));
    let worst = worst_case(&[pgd, square]).unwrap();
    assert!(worst[0].by.iter().flatten().all(|by| *by == 1));
}

#[test]
fn a_random_layer_is_found_by_asking_twice() {
    let (linear, samples) = few();
    let found = repetition(&Noisy::new(linear), &samples.x, &samples.labels, 5).unwrap();
    assert!(found.random() && found.distance > 1e-3, "{found:?}");
}

#[test]
fn a_temperature_hides_the_gradient_of_the_cross_entropy_but_not_of_the_ratio() {
    let (linear, samples) = few();
    let hot = Tempered { network: linear, temperature: 1e-6 };
    assert!(zero_gradients(&hot, &samples.x, &samples.labels, AttackLoss::CrossEntropy).unwrap() > 12);
    assert_eq!(zero_gradients(&hot, &samples.x, &samples.labels, AttackLoss::DifferenceOfLogitsRatio).unwrap(), 0);
    let at = [0.15];
    let masked = drive(&hot, &samples, "apgd:steps=20,random_start=false", Norm::Linf, &at);
    assert!(masked.zero_gradients > 12);
    // The composed attack reports what the cross-entropy missed.
    let member = |name: &'static str| Member { name, attack: crate::attack(name) };
    let both = Cascade::new(vec![member("apgd:steps=20,random_start=false"), member("apgd-t:steps=20,targets=3")]);
    let both = drive_this(&hot, &samples, &both, Norm::Linf, &at);
    let stages = &both.epsilons[0].stages;
    assert!(stages[1].fooled > stages[0].fooled, "{stages:?}");
}

#[test]
fn a_softmax_at_the_output_is_seen() {
    let (linear, samples) = few();
    let z = linear.logits(&samples.x).unwrap();
    let p: Vec<f64> = z
        .chunks(4)
        .flat_map(|z| {
            let total: f64 = z.iter().map(|v| v.exp()).sum();
            z.iter().map(move |v| v.exp() / total).collect::<Vec<_>>()
        })
        .collect();
    assert!(are_probabilities(&p, 4) && !are_probabilities(&[], 4));
}
