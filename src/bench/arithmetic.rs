//! Counting: arithmetic of a forward pass and traffic of a program, from the graph alone.
//!
//! Only matrix products and convolutions are counted as arithmetic, a multiply-add as two; everything else is small beside
//! them in the networks that matter, and no two tools would count it alike.

use hesse_core::graph::{Graph, Kind, Op};

/// Floating-point operations of one pass over the graph for a batch of `batch` samples.
pub fn flops(graph: &Graph, batch: usize) -> f64 {
    graph
        .nodes()
        .iter()
        .map(|node| {
            let entries = node.shape.elements().at(batch) as f64;
            let operand = |i: usize| node.operands.get(i).map(|v| graph.shape(*v));
            let per_entry = match &node.op {
                // The inner size: the operand's entries divided by the size that it shares with the result.
                Op::MatMul { transpose_a, .. } => operand(0).map_or(0.0, |a| {
                    let axis = if *transpose_a { 2 } else { 1 };
                    let size = a.rank().checked_sub(axis).and_then(|i| a.dims().get(i));
                    size.map_or(0.0, |d| d.at(batch) as f64)
                }),
                // Each entry of the result reads one window of its group's channels.
                Op::Conv(_) => {
                    operand(1).map_or(0.0, |w| w.dims().iter().skip(1).map(|d| d.at(batch) as f64).product())
                }
                // The adjoints do as many multiplications as the convolution, however many entries they have.
                Op::ConvInputGrad(_) => return adjoint(operand(0), operand(1), batch),
                Op::ConvWeightGrad(_) => return adjoint(operand(1), Some(&node.shape), batch),
                _ => return 0.0,
            };
            2.0 * entries * per_entry
        })
        .sum()
}

/// Arithmetic of a convolution with these outputs and this kernel.
fn adjoint(outputs: Option<&hesse_core::graph::Shape>, kernel: Option<&hesse_core::graph::Shape>, batch: usize) -> f64 {
    let (Some(outputs), Some(kernel)) = (outputs, kernel) else { return 0.0 };
    let window: f64 = kernel.dims().iter().skip(1).map(|d| d.at(batch) as f64).product();
    2.0 * outputs.elements().at(batch) as f64 * window
}

/// Bytes that a program moves if every value is written once and read by each of its users: what is moved when nothing is
/// fused, so that a backend that fuses may pass 100 % of the bandwidth.
pub fn traffic(graph: &Graph, batch: usize, bytes_per_number: usize) -> f64 {
    let size = |shape: &hesse_core::graph::Shape, kind: Kind| {
        let each = if kind == Kind::Real { bytes_per_number } else { 4 };
        (shape.elements().at(batch) * each) as f64
    };
    graph
        .nodes()
        .iter()
        .filter(|node| !matches!(node.op, Op::Input(_) | Op::Fill(_) | Op::Table(_) | Op::Reshape(_)))
        .map(|node| {
            let read: f64 = node.operands.iter().map(|v| graph.node(*v)).map(|n| size(&n.shape, n.kind)).sum();
            size(&node.shape, node.kind) + read
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use hesse_core::graph::Mode;
    use hesse_core::loss::Loss;
    use hesse_core::model::{Normalization, Task, record};
    use hesse_core::program::Problem;
    use hesse_core::registry::{ModelEntry, find};

    fn problem(name: &str, input: &[usize]) -> Problem {
        let entry = find::<ModelEntry>(name).unwrap();
        let task = Task { input: input.to_vec(), classes: 10 };
        let model = (entry.make)(&Default::default(), &task).unwrap();
        let graph = record(model.as_ref(), &task, &Normalization::default(), Mode::Eval).unwrap();
        Problem::new(graph, &Loss::default()).unwrap()
    }

    #[test]
    fn the_arithmetic_of_c1_is_that_of_its_layers() {
        let by_hand = 1024 * 64 * 75 + 256 * 64 * 1600 + 4096 * 384 + 384 * 192 + 192 * 10;
        assert_eq!(flops(problem("c1", &[3, 32, 32]).graph(), 5), (2 * 5 * by_hand) as f64);
    }

    /// Counted by PyTorch's profiler, with biases and normalization, which are not counted here; see the recorded measurements.
    #[test]
    fn the_networks_of_the_records_have_the_arithmetic_recorded_for_them() {
        let mnist = [1, 28, 28];
        let photographs = [3, 32, 32];
        for (name, input, millions) in
            [("c1", photographs, 65.9), ("resnet20", photographs, 81.6), ("m1", mnist, 4.6), ("smallcnn", mnist, 20.4)]
        {
            let found = flops(problem(name, &input).graph(), 1) / 1e6;
            assert!((found / millions - 1.0).abs() < 0.03, "{name}: {found} against {millions}");
        }
    }

    #[test]
    fn a_gradient_has_three_passes_less_what_the_first_layer_saves() {
        let problem = problem("resnet20", &[3, 32, 32]);
        let gradient = problem.gradient(&problem.all_parameters()).unwrap();
        let (forward, all) = (flops(problem.graph(), 7), flops(&gradient.graph, 7));
        let first = 2.0 * 7.0 * 32.0 * 32.0 * 16.0 * 27.0;
        assert!((all - (3.0 * forward - first)).abs() < 1e-9 * all, "{all} {forward} {first}");
    }

    #[test]
    fn traffic_counts_every_reader() {
        use hesse_core::graph::GraphBuilder;
        let mut g = GraphBuilder::new(Mode::Eval);
        let x = g.samples(&[5]).unwrap();
        let y = g.mul(x, x).unwrap();
        let z = g.add(y, x).unwrap();
        let graph = g.finish(z).unwrap();
        // Two writes and four reads of 3 · 5 numbers of 4 bytes.
        assert_eq!(traffic(&graph, 3, 4), 6.0 * 60.0);
    }
}
