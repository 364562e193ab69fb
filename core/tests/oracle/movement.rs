//! Primitives that move entries: each is a rule that says where an entry of the result comes from, or goes to.

use super::number::Num;
use super::value::{Entries, Value, ravel, unravel};

/// Each entry of the result is the operand's entry at `from(position)`.
pub fn pull<N: Num>(x: &Value<N>, shape: Vec<usize>, from: impl Fn(&[usize]) -> Vec<usize>) -> Value<N> {
    let count = shape.iter().product();
    let places: Vec<usize> = (0..count).map(|i| ravel(&from(&unravel(i, &shape)), &x.shape)).collect();
    let entries = match &x.entries {
        Entries::Real(v) => Entries::Real(places.iter().map(|&p| v[p]).collect()),
        Entries::Index(v) => Entries::Index(places.iter().map(|&p| v[p]).collect()),
    };
    Value { shape, entries }
}

/// Each entry of the operand is added to the result's entry at `to(position)`.
pub fn push<N: Num>(x: &Value<N>, shape: Vec<usize>, to: impl Fn(&[usize]) -> Vec<usize>) -> Value<N> {
    let mut y = vec![N::constant(0.0); shape.iter().product()];
    for (i, &v) in x.numbers().iter().enumerate() {
        let place = ravel(&to(&unravel(i, &x.shape)), &shape);
        y[place] = y[place] + v;
    }
    Value::real(shape, y)
}

/// start + step · position, along every axis.
pub fn strided(start: &[usize], step: &[usize], at: &[usize]) -> Vec<usize> {
    at.iter().zip(start.iter().zip(step)).map(|(i, (s, d))| s + d * i).collect()
}

/// Operands side by side along an axis.
pub fn concat<N: Num>(axis: usize, parts: &[&Value<N>], shape: Vec<usize>) -> Value<N> {
    let count = shape.iter().product();
    let entry = |i: usize| {
        let mut at = unravel(i, &shape);
        let mut parts = parts.iter();
        loop {
            let part = parts.next().expect("the sizes along the axis add up");
            if at[axis] < part.shape[axis] {
                return part.numbers()[ravel(&at, &part.shape)];
            }
            at[axis] -= part.shape[axis];
        }
    };
    let entries = (0..count).map(entry).collect();
    Value::real(shape, entries)
}
