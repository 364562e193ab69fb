//! Functions of one and two numbers between two linear layers, so that derivatives pass through them both ways.

use crate::suite::case::Case;
use hesse_core::error::GraphError;
use hesse_core::graph::{Binary, GraphBuilder, Op, Unary, ValueId};

type Recorded = Result<ValueId, GraphError>;

fn between(name: &'static str, f: impl FnOnce(&mut GraphBuilder, ValueId) -> Recorded) -> Case {
    Case::new(name, |g| {
        let x = g.samples(&[4])?;
        let a = g.linear("below", x, 3)?;
        let y = f(g, a)?;
        g.linear("above", y, 3)
    })
}

/// A positive number: a² + 0.4.
fn positive(g: &mut GraphBuilder, a: ValueId) -> Recorded {
    let square = g.mul(a, a)?;
    g.shift(square, 0.4)
}

fn of_positive(name: &'static str, f: impl FnOnce(&mut GraphBuilder, ValueId) -> Recorded) -> Case {
    between(name, |g, a| {
        let p = positive(g, a)?;
        f(g, p)
    })
}

/// f of two different linear functions of the samples.
fn of_two(name: &'static str, f: impl FnOnce(&mut GraphBuilder, ValueId, ValueId) -> Recorded) -> Case {
    Case::new(name, |g| {
        let x = g.samples(&[4])?;
        let (a, b) = (g.linear("left", x, 3)?, g.linear("right", x, 3)?);
        let y = f(g, a, b)?;
        g.linear("above", y, 3)
    })
}

pub fn cases() -> Vec<Case> {
    vec![
        between("relu", GraphBuilder::relu),
        between("gelu", GraphBuilder::gelu),
        between("tanh", GraphBuilder::tanh),
        between("sigmoid", GraphBuilder::sigmoid),
        between("softplus", GraphBuilder::softplus),
        between("silu", GraphBuilder::silu),
        between("elu", |g, a| g.elu(a, 0.7)),
        between("exp", GraphBuilder::exp),
        between("sin", |g, a| g.unary(Unary::Sin, a)),
        between("cos", |g, a| g.unary(Unary::Cos, a)),
        between("abs", |g, a| g.unary(Unary::Abs, a)),
        between("normal density", |g, a| g.unary(Unary::NormalPdf, a)),
        between("normal distribution", |g, a| g.unary(Unary::NormalCdf, a)),
        between("sign and step as factors", |g, a| {
            let (sign, step) = (g.unary(Unary::Sign, a)?, g.unary(Unary::Step, a)?);
            let sine = g.unary(Unary::Sin, a)?;
            let left = g.mul(sign, sine)?;
            let right = g.mul(step, a)?;
            g.add(left, right)
        }),
        between("cube", |g, a| g.power(a, 3.0)),
        between("square by power", |g, a| g.power(a, 2.0)),
        between("scale and shift", |g, a| {
            let a = g.scale(a, -1.7)?;
            let a = g.tanh(a)?;
            g.shift(a, 0.3)
        }),
        of_positive("log", GraphBuilder::log),
        of_positive("square root", GraphBuilder::sqrt),
        of_positive("reciprocal", |g, a| g.unary(Unary::Reciprocal, a)),
        of_positive("fractional power", |g, a| g.power(a, 1.7)),
        of_positive("negative power", |g, a| g.power(a, -0.5)),
        of_two("sum", |g, a, b| {
            let y = g.add(a, b)?;
            g.tanh(y)
        }),
        of_two("difference", |g, a, b| {
            let y = g.sub(a, b)?;
            g.tanh(y)
        }),
        of_two("product", GraphBuilder::mul),
        of_two("quotient", |g, a, b| {
            let b = positive(g, b)?;
            g.div(a, b)
        }),
        of_two("quotient of a constant", |g, _, b| {
            let b = positive(g, b)?;
            let one = g.fill(1.5, g.shape(b).clone())?;
            g.div(one, b)
        }),
        of_two("quotient by a constant", |g, a, _| {
            let two = g.fill(2.5, g.shape(a).clone())?;
            let y = g.div(a, two)?;
            g.tanh(y)
        }),
        of_two("difference from a constant", |g, a, _| {
            let two = g.fill(2.5, g.shape(a).clone())?;
            let y = g.sub(two, a)?;
            g.tanh(y)
        }),
        of_two("larger of two by comparison", |g, a, b| {
            let above = g.push(Op::Binary(Binary::Greater), &[a, b])?;
            let difference = g.sub(a, b)?;
            let gain = g.mul(above, difference)?;
            let y = g.add(b, gain)?;
            g.tanh(y)
        }),
        between("a value used three times", |g, a| {
            let t = g.tanh(a)?;
            let square = g.mul(t, t)?;
            let product = g.mul(square, a)?;
            g.add(product, t)
        }),
    ]
}
