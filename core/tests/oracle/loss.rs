//! The losses by PyTorch's definition, from the network's output: not a graph, so that the graph can be judged.

use super::setting::Setting;
use hesse_core::loss::Loss;

/// Loss and weight of each sample (or token).
pub fn per_sample(loss: &Loss, s: &Setting, output: &[f64]) -> Vec<(f64, f64)> {
    let width = s.graph.shape(s.output).last().at(s.batch);
    let labels = || s.labels.as_ref().unwrap().indices();
    match loss {
        Loss::CrossEntropy { label_smoothing, class_weights, ignored_label } => {
            let weights = class_weights.clone().unwrap_or(vec![1.0; width]);
            let one = |(z, &y): (&[f64], &u32)| {
                if Some(y) == *ignored_label {
                    return (0.0, 0.0);
                }
                // log p of the largest class, where p may round to one, and of the others relative to it.
                let top = (0..width).max_by(|&a, &b| z[a].total_cmp(&z[b])).unwrap();
                let rest: f64 = (0..width).filter(|&c| c != top).map(|c| (z[c] - z[top]).exp()).sum();
                let log_p = |c: usize| z[c] - z[top] - rest.ln_1p();
                let own = weights[y as usize];
                let hard = -own * log_p(y as usize);
                let soft: f64 = (0..width).map(|c| -weights[c] * log_p(c)).sum();
                ((1.0 - label_smoothing) * hard + label_smoothing / width as f64 * soft, own)
            };
            output.chunks(width).zip(labels()).map(one).collect()
        }
        Loss::SquaredError => {
            let targets = s.targets.as_ref().unwrap().numbers();
            squared(output, targets, output.len() / s.batch)
        }
        Loss::SquaredErrorOneHot => {
            let hot = |&y: &u32| (0..width).map(move |c| if c == y as usize { 1.0 } else { 0.0 });
            squared(output, &labels().iter().flat_map(hot).collect::<Vec<f64>>(), output.len() / s.batch)
        }
    }
}

fn squared(output: &[f64], targets: &[f64], per_sample: usize) -> Vec<(f64, f64)> {
    let squares: Vec<f64> = output.iter().zip(targets).map(|(z, t)| (z - t) * (z - t)).collect();
    squares.chunks(per_sample).map(|s| (s.iter().sum(), per_sample as f64)).collect()
}
