//! The split into a primal part, run once per batch, and a tangent part, run for every direction.

use crate::suite::truth::CASES;
use crate::{count, is_direction};
use hesse_core::graph::{Conv2d, Graph, GraphBuilder, Mode, Op, Source};
use hesse_core::loss::Loss;
use hesse_core::program::{Problem, Product, Role, Wrt};

/// Every product of every case, with a name.
fn products() -> impl Iterator<Item = (String, Product)> {
    CASES.iter().flat_map(|case| {
        let problem = case.problem();
        let mut all = Vec::new();
        for wrt in
            [Some(problem.all_parameters()), case.has_real_samples().then_some(Wrt::Samples)].into_iter().flatten()
        {
            all.push((format!("{}: H·v by {wrt:?}", case.name), problem.hessian(&wrt).unwrap()));
            all.push((format!("{}: G·v by {wrt:?}", case.name), problem.gauss_newton(&wrt).unwrap()));
            all.push((format!("{}: J·v by {wrt:?}", case.name), problem.jacobian(&wrt).unwrap()));
            all.push((format!("{}: Jᵀ·v by {wrt:?}", case.name), problem.jacobian_transpose(&wrt).unwrap()));
        }
        all
    })
}

/// Which nodes depend on the direction.
fn moving(g: &Graph) -> Vec<bool> {
    let mut moves: Vec<bool> = Vec::with_capacity(g.nodes().len());
    for node in g.nodes() {
        moves.push(is_direction(&node.op) || node.operands.iter().any(|v| moves[v.index()]));
    }
    moves
}

/// Work that is never worth doing again for every direction.
fn is_heavy(op: &Op) -> bool {
    matches!(
        op,
        Op::MatMul { .. }
            | Op::Conv(_)
            | Op::ConvInputGrad(_)
            | Op::ConvWeightGrad(_)
            | Op::MaxPoolIndex(_)
            | Op::Softmax
            | Op::SoftmaxResidual
            | Op::Sum(_)
    )
}

#[test]
fn the_primal_part_reads_no_direction_and_nothing_kept() {
    for (name, product) in products() {
        for node in product.primal.graph.nodes() {
            let kept = matches!(node.op, Op::Input(Source::Saved(_)));
            assert!(!is_direction(&node.op) && !kept, "{name}: {:?}", node.op);
        }
    }
}

#[test]
fn the_tangent_part_repeats_no_heavy_work_of_the_primal_part() {
    for (name, product) in products() {
        let g = &product.tangent.graph;
        for (node, moves) in g.nodes().iter().zip(moving(g)) {
            assert!(moves || !is_heavy(&node.op), "{name}: {} of kept values only\n{g}", node.op.name());
        }
    }
}

#[test]
fn what_is_kept_is_what_is_read() {
    for (name, product) in products() {
        let kept: Vec<usize> = (product.primal.outputs.iter())
            .filter_map(|o| if let Role::Saved(k) = o.role { Some(k) } else { None })
            .collect();
        let mut read: Vec<usize> = (product.tangent.graph.nodes().iter())
            .filter_map(|n| if let Op::Input(Source::Saved(k)) = n.op { Some(k) } else { None })
            .collect();
        read.sort_unstable();
        assert_eq!(kept, (0..kept.len()).collect::<Vec<_>>(), "{name}: numbers of kept values");
        assert_eq!(read, kept, "{name}: kept and read");
        for output in &product.primal.outputs {
            let node = product.primal.graph.node(output.value);
            let free = matches!(node.op, Op::Input(_) | Op::Fill(_) | Op::Table(_));
            assert!(!free || !matches!(output.role, Role::Saved(_)), "{name}: {:?} is kept but free", node.op);
        }
    }
}

#[test]
fn a_kept_value_has_the_same_shape_and_kind_on_both_sides() {
    for (name, product) in products() {
        for node in product.tangent.graph.nodes() {
            let Op::Input(Source::Saved(k)) = node.op else { continue };
            let output = product.primal.outputs.iter().find(|o| o.role == Role::Saved(k)).unwrap();
            let primal = product.primal.graph.node(output.value);
            assert_eq!((&primal.shape, primal.kind), (&node.shape, node.kind), "{name}: kept value {k}");
        }
    }
}

#[test]
fn a_product_reports_loss_and_weight_once_in_the_primal_part() {
    for (name, product) in products() {
        let roles = |outputs: &[hesse_core::program::Output]| {
            outputs.iter().filter(|o| matches!(o.role, Role::Loss | Role::Weight)).count()
        };
        assert_eq!((roles(&product.primal.outputs), roles(&product.tangent.outputs)), (2, 0), "{name}");
    }
}

/// Three convolutions of equal cost.
fn deep() -> Problem {
    let mut g = GraphBuilder::new(Mode::Eval);
    let mut y = g.samples(&[2, 5, 5]).unwrap();
    for name in ["conv1", "conv2", "conv3"] {
        y = g.conv2d(name, y, 2, &Conv2d::kernel(3).padding(1)).unwrap();
        y = g.relu(y).unwrap();
    }
    let y = g.flatten(y).unwrap();
    let z = g.linear("fc", y, 3).unwrap();
    Problem::new(g.finish(z).unwrap(), &Loss::default()).unwrap()
}

fn convolutions(g: &Graph) -> [usize; 3] {
    ["conv2d", "conv2d_input_grad", "conv2d_weight_grad"].map(|name| count(g, name))
}

#[test]
fn a_hessian_product_costs_six_forward_passes() {
    let problem = deep();
    let product = problem.hessian(&problem.all_parameters()).unwrap();
    // Forward and back to the second layer's output. The cotangent of the first layer's output would serve only its
    // weight gradient, and no product needs a weight gradient itself.
    assert_eq!(convolutions(&product.primal.graph), [3, 1, 0]);
    // The first layer's input does not move and its gradient is not wanted: 2 convolutions instead of 6.
    assert_eq!(convolutions(&product.tangent.graph), [5, 4, 5]);
}

#[test]
fn a_gauss_newton_product_costs_four_forward_passes() {
    let problem = deep();
    let product = problem.gauss_newton(&problem.all_parameters()).unwrap();
    assert_eq!(convolutions(&product.primal.graph), [3, 0, 0]);
    assert_eq!(convolutions(&product.tangent.graph), [5, 2, 3]);
}

#[test]
fn an_input_hessian_product_forms_no_weight_gradient() {
    let problem = deep();
    let product = problem.hessian(&Wrt::Samples).unwrap();
    // Between its kinks the network is linear in the samples: the primal part needs no backward pass at all.
    assert_eq!(convolutions(&product.primal.graph), [3, 0, 0]);
    assert_eq!(convolutions(&product.tangent.graph), [3, 3, 0]);
}
