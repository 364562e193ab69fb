//! Functions of one and two numbers, each with the first two derivatives that calculus gives.

use super::number::Num;
use super::special::{normal_cdf, normal_pdf};
use hesse_core::graph::{Binary, Unary};

/// f, f′ and f″ at x.
pub fn table(f: Unary, x: f64) -> [f64; 3] {
    let sigmoid = 1.0 / (1.0 + (-x).exp());
    match f {
        Unary::Exp => [x.exp(); 3],
        Unary::Log => [x.ln(), 1.0 / x, -1.0 / (x * x)],
        Unary::Sqrt => [x.sqrt(), 0.5 / x.sqrt(), -0.25 / (x * x.sqrt())],
        Unary::Reciprocal => [1.0 / x, -1.0 / (x * x), 2.0 / (x * x * x)],
        Unary::Tanh => {
            let secant = 1.0 / (x.cosh() * x.cosh());
            [x.tanh(), secant, -2.0 * x.tanh() * secant]
        }
        Unary::Sigmoid => {
            let slope = sigmoid / (1.0 + x.exp());
            [sigmoid, slope, slope * (1.0 - 2.0 * sigmoid)]
        }
        Unary::Softplus => [x.max(0.0) + (-x.abs()).exp().ln_1p(), sigmoid, sigmoid / (1.0 + x.exp())],
        Unary::Relu => [if x.is_nan() { x } else { x.max(0.0) }, positive(x), 0.0],
        Unary::Step => [positive(x), 0.0, 0.0],
        Unary::Abs => [x.abs(), sign(x), 0.0],
        Unary::Sign => [sign(x), 0.0, 0.0],
        Unary::Sin => [x.sin(), x.cos(), -x.sin()],
        Unary::Cos => [x.cos(), -x.sin(), -x.cos()],
        Unary::NormalCdf => [normal_cdf(x), normal_pdf(x), -x * normal_pdf(x)],
        Unary::NormalPdf => [normal_pdf(x), -x * normal_pdf(x), (x * x - 1.0) * normal_pdf(x)],
    }
}

fn positive(x: f64) -> f64 {
    if x > 0.0 { 1.0 } else { 0.0 }
}

fn sign(x: f64) -> f64 {
    positive(x) - positive(-x)
}

/// f(x).
pub fn unary<N: Num>(f: Unary, x: N) -> N {
    x.lift(table(f, x.real()))
}

/// x^p.
pub fn power<N: Num>(x: N, p: f64) -> N {
    let at = |q: f64, factor: f64| if factor == 0.0 { 0.0 } else { factor * x.real().powf(q) };
    x.lift([at(p, 1.0), at(p - 1.0, p), at(p - 2.0, p * (p - 1.0))])
}

/// f(a, b).
pub fn binary<N: Num>(f: Binary, a: N, b: N) -> N {
    match f {
        Binary::Add => a + b,
        Binary::Sub => a - b,
        Binary::Mul => a * b,
        Binary::Div => a / b,
        Binary::Greater => N::constant(positive(a.real() - b.real())),
    }
}
