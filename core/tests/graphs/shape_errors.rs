//! What does not fit is refused where it is recorded, with operation, expectation and finding.

use hesse_core::error::GraphError;
use hesse_core::graph::{Binary, Conv2d, Convolution, Dim, GraphBuilder, Init, Mode, Op, Shape, ValueId, Window};
use hesse_core::loss::Loss;
use hesse_core::program::{Problem, Wrt};

/// The message of a layer that is given samples of this shape.
fn refused(shape: &[usize], layer: impl FnOnce(&mut GraphBuilder, ValueId) -> Result<ValueId, GraphError>) -> String {
    let mut g = GraphBuilder::new(Mode::Eval);
    let x = g.samples(shape).unwrap();
    match layer(&mut g, x) {
        Ok(y) => panic!("accepted as {}", g.shape(y)),
        Err(e) => e.to_string(),
    }
}

#[track_caller]
fn says(message: &str, operation: &str, expected: &str, found: &str) {
    let parts =
        message.split_once(": expected ").and_then(|(o, rest)| rest.split_once(", found ").map(|(e, f)| (o, e, f)));
    let Some((o, e, f)) = parts else { panic!("no three parts: {message}") };
    assert!(o.contains(operation), "operation {operation}: {message}");
    assert!(e.contains(expected), "expected {expected}: {message}");
    assert!(f.contains(found), "found {found}: {message}");
}

fn geometry(input: [usize; 2], kernel: [usize; 2]) -> Convolution {
    Convolution { input, kernel, stride: [1; 2], padding: [0; 2], dilation: [1; 2], groups: 1 }
}

#[test]
fn matrix_products_of_unequal_inner_size() {
    let message = refused(&[4], |g, x| {
        let w = g.parameter("w", &[5, 3], Init::Constant(0.0))?;
        g.matmul(x, false, w, false)
    });
    says(&message, "matmul", "inner size 4", "5");
    let message = refused(&[2, 4], |g, x| {
        let w = g.parameter("w", &[4, 3], Init::Constant(0.0))?;
        g.matmul(x, false, w, false)
    });
    says(&message, "matmul", "leading axes of [B, 2, 4]", "[4, 3]");
}

#[test]
fn element_wise_operands_of_unequal_shape() {
    let message = refused(&[4], |g, x| {
        let b = g.parameter("b", &[3], Init::Constant(0.0))?;
        g.add(x, b)
    });
    says(&message, "broadcast", "[B, 4]", "[3]");
    let message = refused(&[4], |g, x| {
        let b = g.parameter("b", &[4], Init::Constant(0.0))?;
        g.push(Op::Binary(Binary::Mul), &[x, b])
    });
    says(&message, "mul", "equal shapes, as [B, 4]", "[4]");
}

#[test]
fn convolutions_that_do_not_fit() {
    says(
        &refused(&[3, 2, 2], |g, x| g.conv2d("c", x, 4, &Conv2d::kernel(3))),
        "conv2d",
        "kernel that fits",
        "kernel: [3, 3]",
    );
    says(&refused(&[3, 4, 4], |g, x| g.conv2d("c", x, 4, &Conv2d::kernel(3).groups(2))), "c: conv2d", "2 groups", "3");
    says(&refused(&[3, 4, 4], |g, x| g.conv2d("c", x, 4, &Conv2d::kernel(3).groups(0))), "conv2d", "0 groups", "3");
    says(
        &refused(&[3, 4, 4], |g, x| g.conv2d("c", x, 4, &Conv2d::kernel(3).stride(0))),
        "conv2d",
        "positive stride",
        "stride: [0, 0]",
    );
    says(&refused(&[3, 4, 4], |g, x| g.conv2d("c", x, 4, &Conv2d::kernel(0))), "", "", "");
    says(&refused(&[4], |g, x| g.conv2d("c", x, 4, &Conv2d::kernel(3))), "size", "a fixed axis 2", "[B, 4]");
    let message = refused(&[2, 4, 4], |g, x| {
        let w = g.parameter("w", &[4, 3, 3, 3], Init::Constant(0.0))?;
        g.push(Op::Conv(geometry([4, 4], [3, 3])), &[x, w])
    });
    says(&message, "conv2d", "3 input channels", "2");
    let message = refused(&[2, 4, 5], |g, x| {
        let w = g.parameter("w", &[4, 2, 3, 3], Init::Constant(0.0))?;
        g.push(Op::Conv(geometry([4, 4], [3, 3])), &[x, w])
    });
    says(&message, "conv2d", "[batch, channels, 4, 4]", "[B, 2, 4, 5]");
}

#[test]
fn pools_that_do_not_fit() {
    says(&refused(&[1, 2, 2], |g, x| g.max_pool(x, 3, 1, 0)), "max_pool_index", "a window that fits", "kernel: [3, 3]");
    says(&refused(&[1, 4, 4], |g, x| g.max_pool(x, 2, 0, 0)), "max_pool_index", "positive stride", "stride: [0, 0]");
    let outside = refused(&[1, 4, 4], |g, x| g.average_pool(x, 2, 2, 2, true));
    says(&outside, "average_pool", "padding smaller than the window", "padding: [2, 2]");
    let window = Window { input: [4, 4], kernel: [2, 2], stride: [2, 2], padding: [0, 0] };
    says(&refused(&[1, 4, 5], |g, x| g.push(Op::MaxPoolIndex(window), &[x])), "max_pool", "4, 4]", "[B, 1, 4, 5]");
}

#[test]
fn movements_out_of_range() {
    says(&refused(&[4], |g, x| g.reshape(x, &[Dim::Batch(1), Dim::Fixed(5)])), "reshape", "4B entries", "5B");
    says(&refused(&[4], |g, x| g.reshape(x, &[Dim::Fixed(4)])), "reshape", "4B", "4 in [4]");
    says(&refused(&[4], |g, x| g.permute(x, &[0, 0])), "permute", "a permutation of 2 axes", "[0, 0]");
    says(&refused(&[4], |g, x| g.permute(x, &[0])), "permute", "a permutation of 2 axes", "[0]");
    says(&refused(&[4], |g, x| g.sum(x, &[2])), "sum", "rising axes below 2", "[2]");
    says(&refused(&[4], |g, x| g.sum(x, &[1, 0])), "sum", "rising axes", "[1, 0]");
    says(&refused(&[4], |g, x| g.mean(x, &[3])), "", "axes", "[3]");
    says(&refused(&[4], |g, x| g.slice(x, 1, 2, 5, 1)), "slice", "a range within 0..4", "2..5 by 1");
    says(&refused(&[4], |g, x| g.slice(x, 1, 3, 2, 1)), "slice", "a range within 0..4", "3..2");
    says(&refused(&[4], |g, x| g.slice(x, 1, 0, 2, 0)), "slice", "a range within 0..4", "by 0");
    says(&refused(&[4], |g, x| g.slice(x, 0, 0, 1, 1)), "size", "a fixed axis 0", "[B, 4]");
    says(&refused(&[4], |g, x| g.softmax(x, 2)), "softmax", "an axis below 2", "2");
    let message = refused(&[4], |g, x| {
        let y = g.samples(&[4])?;
        let y = g.reshape(y, &[Dim::Batch(2), Dim::Fixed(2)])?;
        g.concat(0, &[x, y])
    });
    says(&message, "concat", "[B, 4]", "[B, 4]");
    let message =
        refused(&[4], |g, x| g.push(Op::Broadcast { shape: Shape::batched(&[2, 5]).unwrap(), axes: vec![0, 2] }, &[x]));
    says(&message, "broadcast", "axes [0, 2] of [B, 2, 5]", "[B, 4]");
}

#[test]
fn numbers_where_indices_are_wanted_and_the_other_way_round() {
    says(&refused(&[4], |g, x| g.push(Op::OneHot(3), &[x])), "one_hot", "Index entries in operand 0", "Real");
    says(&refused(&[4], |g, x| g.embedding("e", x, 5, 2)), "take_rows", "Index entries in operand 1", "Real");
    let message = refused(&[4], |g, x| {
        let i = g.push(Op::ArgMax, &[x])?;
        g.exp(i)
    });
    says(&message, "exp", "Real entries in operand 0", "Index");
    says(&refused(&[4], |g, x| g.push(Op::Binary(Binary::Add), &[x])), "add", "2 operands", "1");
}

#[test]
fn names_sizes_and_outputs() {
    let message = refused(&[4], |g, x| {
        g.linear("fc", x, 2)?;
        g.linear("fc", x, 2)
    });
    says(&message, "parameter", "a new name", "fc.weight");
    says(&refused(&[4], |g, x| g.linear("fc\n", x, 2)), "parameter", "a printable name", "\"fc\\n.weight\"");
    says(&refused(&[4], |g, x| g.linear("fc", x, 0)), "fc.weight", "positive sizes", "[0, 4]");
    says(&refused(&[4], |g, x| g.dropout(x, 1.0)), "dropout", "a rate in [0, 1)", "1");
    let mut g = GraphBuilder::new(Mode::Eval);
    let w = g.parameter("w", &[3], Init::Constant(0.0)).unwrap();
    says(&g.finish(w).unwrap_err().to_string(), "output", "[B, …]", "[3]");
}

#[test]
fn errors_inside_scopes_say_where() {
    let message = refused(&[3, 4, 4], |g, x| {
        g.scope("layer1", |g| g.scope("0", |g| g.conv2d("conv1", x, 4, &Conv2d::kernel(9))))
    });
    says(&message, "layer1.0.conv1: conv2d", "a kernel that fits", "[9, 9]");
}

#[test]
fn losses_and_derivatives_that_do_not_fit() {
    let mut g = GraphBuilder::new(Mode::Eval);
    let x = g.tokens(&[2]).unwrap();
    let y = g.embedding("e", x, 5, 3).unwrap();
    let y = g.flatten(y).unwrap();
    let graph = g.finish(y).unwrap();
    let with = |class_weights: Option<Vec<f64>>, label_smoothing: f64| {
        let loss = Loss::CrossEntropy { label_smoothing, class_weights, ignored_label: None };
        Problem::new(graph.clone(), &loss)
    };
    says(&with(Some(vec![1.0; 5]), 0.0).unwrap_err().to_string(), "class weights", "6 numbers", "5");
    says(&with(None, 1.0).unwrap_err().to_string(), "cross-entropy", "label smoothing in [0, 1)", "1");
    says(&with(None, -0.1).unwrap_err().to_string(), "cross-entropy", "label smoothing in [0, 1)", "-0.1");
    says(&with(None, f64::NAN).unwrap_err().to_string(), "cross-entropy", "label smoothing in [0, 1)", "NaN");
    let problem = with(None, 0.0).unwrap();
    says(&problem.gradient(&Wrt::Samples).unwrap_err().to_string(), "samples", "real samples", "indices");
    says(&problem.hessian(&Wrt::Parameters(vec![1])).unwrap_err().to_string(), "parameters", "below 1", "1");
    says(&problem.parameters_matching("f*").unwrap_err().to_string(), "parameters", "e.weight", "f*");
}

#[test]
fn shapes_with_two_open_sizes_or_too_many_entries() {
    let two = Shape::new(vec![Dim::Batch(1), Dim::Batch(2)]).unwrap_err().to_string();
    says(&two, "shape", "one batch dimension", "[B, 2B]");
    let large = Shape::fixed(&[1 << 21, 1 << 21]).unwrap_err().to_string();
    says(&large, "shape", "fewer than 2^40 entries", "2097152");
    let overflow = Shape::fixed(&[usize::MAX, usize::MAX]).unwrap_err().to_string();
    says(&overflow, "shape", "fewer than 2^40 entries", "18446744073709551615");
    says(&Shape::fixed(&[1; 9]).unwrap_err().to_string(), "shape", "at most 8 axes", "9");
}

#[test]
fn groups_that_overflow_are_an_error() {
    let message = refused(&[2, 4, 4], |g, x| {
        let none = g.fill(0.0, Shape::fixed(&[0, 2, 3, 3])?)?;
        g.push(Op::Conv(Convolution { groups: usize::MAX, ..geometry([4, 4], [3, 3]) }), &[x, none])
    });
    says(&message, "conv2d", "a kernel [out, in/18446744073709551615, 3, 3]", "[0, 2, 3, 3]");
}
