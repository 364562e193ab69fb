//! Orders of a program in which less is alive at once.

use crate::count;
use hesse_core::graph::{Conv2d, GraphBuilder, Mode, Op, ValueId};
use hesse_core::loss::Loss;
use hesse_core::program::{Problem, Program, Role};

/// The most entries of computed values at once; kept values and inputs are somebody else's.
fn alive(program: &Program, batch: usize) -> usize {
    let g = &program.graph;
    let view = |v: ValueId| matches!(g.node(v).op, Op::Reshape(_) | Op::Broadcast { .. });
    let leaf = |v: ValueId| matches!(g.node(v).op, Op::Input(_) | Op::Fill(_) | Op::Table(_));
    let mut last: Vec<usize> = (0..g.nodes().len()).collect();
    for v in g.values() {
        for o in &g.node(v).operands {
            let mut o = *o;
            last[o.index()] = v.index();
            while view(o) {
                o = g.node(o).operands[0];
                last[o.index()] = v.index();
            }
        }
    }
    let own = |v: ValueId| if view(v) || leaf(v) { 0 } else { g.shape(v).elements().at(batch) };
    let (mut held, mut most) = (0, 0);
    for at in g.values() {
        held += own(at);
        most = most.max(held);
        held -= g.values().take(at.index() + 1).filter(|v| last[v.index()] == at.index()).map(own).sum::<usize>();
    }
    most
}

fn smallest(program: &Program, batch: usize) -> Program {
    program.smallest(batch, Program::clone, |p| alive(p, batch))
}

/// Eight convolutions, each with its batch norm.
fn normalised() -> Problem {
    let mut g = GraphBuilder::new(Mode::Eval);
    let mut y = g.samples(&[4, 6, 6]).unwrap();
    for i in 0..8 {
        y = g.conv2d(&format!("conv{i}"), y, 4, &Conv2d::kernel(3).padding(1)).unwrap();
        y = g.batch_norm(&format!("norm{i}"), y).unwrap();
        y = g.relu(y).unwrap();
    }
    let y = g.flatten(y).unwrap();
    let z = g.linear("fc", y, 3).unwrap();
    Problem::new(g.finish(z).unwrap(), &Loss::default()).unwrap()
}

#[test]
fn a_product_holds_no_activations_until_the_backward_pass_comes() {
    let problem = normalised();
    let product = problem.hessian(&problem.all_parameters()).unwrap().tangent;
    let batch = 64;
    let moved = smallest(&product, batch);
    let (before, after, one) = (alive(&product, batch), alive(&moved, batch), batch * 4 * 36);
    // As recorded: moved inputs and moved normalised values of every layer. Then: what two layers need, and the masks.
    assert!(before > 2 * 8 * one, "{before}");
    assert!(after < before / 2 && after < 13 * one, "{after} of {before}, a layer has {one}");
}

#[test]
fn another_order_computes_the_same_values_and_no_more() {
    let problem = normalised();
    let product = problem.hessian(&problem.all_parameters()).unwrap().tangent;
    let moved = smallest(&product, 64);
    Program::from_bytes(&moved.to_bytes().unwrap()).unwrap();
    assert!(moved.graph != product.graph);
    for name in ["conv2d", "conv2d_input_grad", "conv2d_weight_grad", "matmul", "mul", "step"] {
        assert_eq!(count(&moved.graph, name), count(&product.graph, name), "{name}");
    }
    let roles = |p: &Program| p.outputs.iter().map(|o| o.role.clone()).collect::<Vec<Role>>();
    assert_eq!(roles(&moved), roles(&product));
    for (a, b) in moved.outputs.iter().zip(&product.outputs) {
        assert_eq!(moved.graph.shape(a.value), product.graph.shape(b.value));
    }
}

#[test]
fn which_order_is_smaller_depends_on_the_batch() {
    let mut g = GraphBuilder::new(Mode::Eval);
    let mut y = g.samples(&[64]).unwrap();
    for i in 0..4 {
        y = g.linear(&format!("fc{i}"), y, 64).unwrap();
        y = g.relu(y).unwrap();
    }
    let problem = Problem::new(g.finish(y).unwrap(), &Loss::default()).unwrap();
    let product = problem.hessian(&problem.all_parameters()).unwrap().tangent;
    // One sample: a weight matrix formed early would be held through both sweeps. Many: so would an activation.
    let (one, many) = (smallest(&product, 1), smallest(&product, 4096));
    assert!(alive(&one, 1) < alive(&many, 1), "{} {}", alive(&one, 1), alive(&many, 1));
    assert!(alive(&many, 4096) < alive(&one, 4096), "{} {}", alive(&many, 4096), alive(&one, 4096));
}
