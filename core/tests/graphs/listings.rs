//! The listing for people: one line a node, names of parameters, shapes, and a mark at the output.

use crate::suite::truth::CASES;
use hesse_core::graph::{GraphBuilder, Mode};

#[test]
fn a_listing_names_parameters_shapes_and_the_output() {
    let mut g = GraphBuilder::new(Mode::Eval);
    let tokens = g.tokens(&[2]).unwrap();
    let y = g.embedding("table", tokens, 5, 3).unwrap();
    let y = g.tanh(y).unwrap();
    let y = g.flatten(y).unwrap();
    let y = g.linear("fc", y, 2).unwrap();
    let y = g.scale(y, 0.5).unwrap();
    let graph = g.finish(y).unwrap();
    let expected = "\
%0 = input Samples : [B, 2] index
%1 = input table.weight : [5, 3]
%2 = take_rows(%1, %0) TakeRows : [B, 2, 3]
%3 = tanh(%2) : [B, 2, 3]
%4 = reshape(%3) Reshape(Shape([Batch(1), Fixed(6)])) : [B, 6]
%5 = input fc.weight : [2, 6]
%6 = matmul(%4, %5) MatMul { transpose_a: false, transpose_b: true } : [B, 2]
%7 = input fc.bias : [2]
%8 = broadcast(%7) Broadcast { shape: Shape([Batch(1), Fixed(2)]), axes: [1] } : [B, 2]
%9 = add(%6, %8) : [B, 2]
%10 = scale(%9) Scale { factor: Scalar(0.5), divisor: Fixed(1) } : [B, 2]   <- output
";
    assert_eq!(graph.to_string(), expected);
}

#[test]
fn every_listing_has_a_line_for_each_node_and_one_mark() {
    for case in CASES.iter() {
        let text = case.graph.to_string();
        assert_eq!(text.lines().count(), case.graph.nodes().len(), "{}", case.name);
        assert_eq!(text.matches("<- output").count(), 1, "{}", case.name);
        for parameter in case.graph.parameters() {
            assert!(text.contains(&parameter.name) || case.name.contains("not used"), "{}", case.name);
        }
    }
}
