//! Equal nodes merge, trivial ones vanish, and derivatives that are zero are never written.

use crate::suite::truth::CASES;
use crate::{count, perceptron};
use hesse_core::graph::{Conv2d, Dim, Graph, GraphBuilder, Mode, Op, Scalar, Source, ValueId};
use hesse_core::loss::Loss;
use hesse_core::program::{Problem, Wrt};

/// What `record` returns, and how many nodes it added to a graph that holds samples x and tanh x.
fn added(record: impl FnOnce(&mut GraphBuilder, ValueId, ValueId) -> ValueId) -> (ValueId, ValueId, usize) {
    let mut g = GraphBuilder::new(Mode::Eval);
    let x = g.samples(&[4]).unwrap();
    let t = g.tanh(x).unwrap();
    let result = record(&mut g, x, t);
    let nodes = g.finish(t).unwrap().nodes().len();
    (result, t, nodes - 2)
}

#[test]
fn the_same_node_is_recorded_once() {
    let (value, t, nodes) = added(|g, x, _| g.tanh(x).unwrap());
    assert_eq!((value, nodes), (t, 0));
    let (_, _, nodes) = added(|g, x, t| {
        let (a, b) = (g.mul(x, t).unwrap(), g.mul(t, x).unwrap());
        let (c, d) = (g.add(x, t).unwrap(), g.add(t, x).unwrap());
        assert_eq!((a, c), (b, d));
        a
    });
    assert_eq!(nodes, 2);
    let (_, _, nodes) = added(|g, _, _| {
        let shape = hesse_core::graph::Shape::batched(&[4]).unwrap();
        let a = g.fill(2.0, shape.clone()).unwrap();
        assert_eq!(a, g.fill(2.0, shape).unwrap());
        a
    });
    assert_eq!(nodes, 1);
}

#[test]
fn trivial_nodes_vanish() {
    let same = |record: &dyn Fn(&mut GraphBuilder, ValueId) -> ValueId| {
        let (value, t, nodes) = added(|g, _, t| record(g, t));
        assert_eq!((value, nodes), (t, 0));
    };
    same(&|g, t| g.scale(t, 1.0).unwrap());
    same(&|g, t| g.shift(t, 0.0).unwrap());
    same(&|g, t| g.power(t, 1.0).unwrap());
    same(&|g, t| g.sum(t, &[]).unwrap());
    same(&|g, t| g.permute(t, &[0, 1]).unwrap());
    same(&|g, t| g.reshape(t, &[Dim::Batch(1), Dim::Fixed(4)]).unwrap());
    same(&|g, t| g.concat(1, &[t]).unwrap());
    same(&|g, t| g.slice(t, 1, 0, 4, 1).unwrap());
    same(&|g, t| g.pad(t, 1, 0, 0).unwrap());
}

#[test]
fn chains_collapse() {
    // Two scales are one; a reshape of a reshape is one, and back again none.
    let (_, _, nodes) = added(|g, _, t| {
        let y = g.scale(t, 3.0).unwrap();
        g.scale(y, -2.0).unwrap()
    });
    assert!(nodes <= 2);
    let mut g = GraphBuilder::new(Mode::Eval);
    let x = g.samples(&[4]).unwrap();
    let y = g.scale(x, 3.0).unwrap();
    let y = g.scale(y, -2.0).unwrap();
    let there = g.reshape(y, &[Dim::Batch(2), Dim::Fixed(2)]).unwrap();
    let back = g.reshape(there, &[Dim::Batch(1), Dim::Fixed(4)]).unwrap();
    assert_eq!(back, y);
    let graph = g.finish(y).unwrap();
    let node = graph.node(y);
    assert_eq!(node.operands, [x]);
    assert_eq!(node.op, Op::Scale { factor: Scalar(-6.0), divisor: Dim::Fixed(1) });
}

#[test]
fn a_mean_over_the_batch_stays_symbolic() {
    let mut g = GraphBuilder::new(Mode::Eval);
    let x = g.samples(&[4]).unwrap();
    let m = g.mean(x, &[0, 1]).unwrap();
    let y = g.sub(x, m).unwrap();
    let graph = g.finish(y).unwrap();
    let divisor = |n: &hesse_core::graph::Node| matches!(n.op, Op::Scale { divisor: Dim::Batch(4), .. });
    assert!(graph.nodes().iter().any(divisor), "{graph}");
}

/// Values that nothing uses.
fn unused(g: &Graph, outputs: &[ValueId]) -> Vec<String> {
    let used = hesse_core::autodiff::reachable(g, outputs);
    g.values().filter(|v| !used[v.index()]).map(|v| format!("{v:?} {}", g.node(v).op.name())).collect()
}

#[test]
fn programs_hold_nothing_that_no_output_needs() {
    for case in CASES.iter() {
        let problem = case.problem();
        let wrt = problem.all_parameters();
        let hessian = problem.hessian(&wrt).unwrap();
        let newton = problem.gauss_newton(&wrt).unwrap();
        let programs = [
            problem.loss().unwrap(),
            problem.gradient(&wrt).unwrap(),
            hessian.primal,
            hessian.tangent,
            newton.primal,
            newton.tangent,
        ];
        for p in programs {
            let outputs: Vec<ValueId> = p.outputs.iter().map(|o| o.value).collect();
            assert_eq!(unused(&p.graph, &outputs), [""; 0], "{}: {}\n{}", case.name, p.name, p.graph);
        }
    }
}

#[test]
fn derivatives_hold_no_structural_zeros() {
    for case in CASES.iter() {
        let problem = case.problem();
        let wrt = problem.all_parameters();
        let hessian = problem.hessian(&wrt).unwrap();
        for g in [&problem.gradient(&wrt).unwrap().graph, &hessian.primal.graph, &hessian.tangent.graph] {
            // Only a concatenation may need zeros in place of a tangent that is absent.
            let zeros = g.nodes().iter().filter(|n| n.op == Op::Fill(Scalar(0.0))).count();
            let wanted = count(g, "concat");
            assert!(zeros <= wanted, "{}: {zeros} zeros\n{g}", case.name);
        }
    }
}

fn two_convolutions() -> Problem {
    let mut g = GraphBuilder::new(Mode::Eval);
    let x = g.samples(&[1, 6, 6]).unwrap();
    let y = g.conv2d("conv1", x, 2, &Conv2d::kernel(3)).unwrap();
    let y = g.relu(y).unwrap();
    let y = g.conv2d("conv2", y, 2, &Conv2d::kernel(3)).unwrap();
    let y = g.flatten(y).unwrap();
    let z = g.linear("fc", y, 3).unwrap();
    Problem::new(g.finish(z).unwrap(), &Loss::default()).unwrap()
}

#[test]
fn a_gradient_by_the_last_layer_does_not_run_back_through_the_first() {
    let problem = two_convolutions();
    let by = |pattern: &str| problem.gradient(&problem.parameters_matching(pattern).unwrap()).unwrap().graph;
    for (pattern, weight_gradients, input_gradients) in
        [("*", 2, 1), ("fc.*", 0, 0), ("conv2.weight", 1, 0), ("conv1.weight", 1, 1), ("conv2.bias", 0, 0)]
    {
        let g = by(pattern);
        let found = (count(&g, "conv2d_weight_grad"), count(&g, "conv2d_input_grad"));
        assert_eq!(found, (weight_gradients, input_gradients), "{pattern}");
    }
    let samples = problem.gradient(&Wrt::Samples).unwrap().graph;
    assert_eq!((count(&samples, "conv2d_weight_grad"), count(&samples, "conv2d_input_grad")), (0, 2));
}

#[test]
fn a_layer_that_is_linear_adds_no_second_derivative() {
    // A model linear in its parameters: H and G are the same program.
    let mut g = GraphBuilder::new(Mode::Eval);
    let x = g.samples(&[4]).unwrap();
    let z = g.linear("fc", x, 3).unwrap();
    let graph = g.finish(z).unwrap();
    for loss in [Loss::default(), Loss::SquaredError] {
        let problem = Problem::new(graph.clone(), &loss).unwrap();
        let wrt = problem.all_parameters();
        let (h, n) = (problem.hessian(&wrt).unwrap(), problem.gauss_newton(&wrt).unwrap());
        assert_eq!(h.tangent.graph.nodes().len(), n.tangent.graph.nodes().len(), "{loss:?}");
        assert_eq!(count(&h.tangent.graph, "matmul"), 2, "{loss:?}\n{}", h.tangent.graph);
    }
}

#[test]
fn a_parameter_that_is_not_used_takes_no_part_in_a_product_but_keeps_its_rows() {
    let case = CASES.iter().find(|c| c.name == "a parameter that is not used").unwrap();
    let problem = case.problem();
    let product = problem.hessian(&problem.all_parameters()).unwrap();
    let idle = case.graph.parameters().iter().position(|p| p.name == "idle.weight").unwrap();
    let leaf = Op::Input(Source::ParameterTangent(idle));
    assert!(product.tangent.graph.nodes().iter().all(|n| n.op != leaf));
    // 9 + 3 of the first layer, 4 that rest, 9 + 3 of the last.
    let head = case.graph.parameters().iter().position(|p| p.name == "head.weight").unwrap();
    let segment = product.tangent.direction.iter().find(|s| s.source == Source::ParameterTangent(head)).unwrap();
    assert_eq!(segment.offset, 16);
    assert_eq!(product.tangent.direction_len, Dim::Fixed(28));
}

#[test]
fn the_gradient_of_a_perceptron_is_as_short_as_by_hand() {
    let problem = Problem::new(perceptron(5), &Loss::default()).unwrap();
    let g = problem.gradient(&problem.all_parameters()).unwrap().graph;
    // Two products forward, one back to the hidden layer, two weight gradients.
    assert_eq!(count(&g, "matmul"), 5, "{g}");
    assert_eq!((count(&g, "tanh"), count(&g, "softmax_residual"), count(&g, "softmax")), (1, 1, 0), "{g}");
}
