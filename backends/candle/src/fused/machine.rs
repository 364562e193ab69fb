//! The stack machine: evaluates an expression for a chunk of consecutive positions.

use super::expression::{Access, Expression, Instruction, Load};
use crate::element::Element;
use hesse_core::graph::Binary;

/// Numbers per register. 512 doubles are 4 KiB: a few registers stay in the first-level cache.
pub(super) const CHUNK: usize = 512;

/// Evaluates positions `start .. start + out.len()` into `out`; `stack` holds `depth − 1` further registers.
pub(super) fn evaluate<T: Element>(
    expression: &Expression,
    operands: &[&[T]],
    start: usize,
    out: &mut [T],
    stack: &mut [T],
) {
    let n = out.len();
    let mut level = 0usize;
    // Register 0 is the result itself; register j > 0 lies in the stack.
    macro_rules! top {
        () => {
            if level == 1 { &mut *out } else { &mut stack[(level - 2) * CHUNK..][..n] }
        };
    }
    for instruction in &expression.instructions {
        match *instruction {
            Instruction::Load(load) => {
                level += 1;
                fill(operands, load, start, top!());
            }
            Instruction::Constant(c) => {
                level += 1;
                top!().fill(T::narrow(c));
            }
            Instruction::Unary(f) => T::unary(f, top!()),
            Instruction::Scale(c) => {
                let c = T::narrow(c);
                top!().iter_mut().for_each(|v| *v = *v * c);
            }
            Instruction::Shift(c) => {
                let c = T::narrow(c);
                top!().iter_mut().for_each(|v| *v += c);
            }
            Instruction::Power(p) => top!().iter_mut().for_each(|v| *v = v.power(p)),
            Instruction::Binary(f) => {
                level -= 1;
                if level == 1 {
                    zip(f, out, &stack[..n]);
                } else {
                    let (lower, upper) = stack.split_at_mut((level - 1) * CHUNK);
                    zip(f, &mut lower[(level - 2) * CHUNK..][..n], &upper[..n]);
                }
            }
            Instruction::BinaryLoad(f, load) => match load.access {
                Access::Dense => zip(f, top!(), &operands[load.operand][start..start + n]),
                Access::Periodic { .. } => runs(operands, load, start, top!(), |part, source| match source {
                    Run::Same(c) => part.iter_mut().for_each(|v| *v = apply(f, *v, c)),
                    Run::Each(values) => zip(f, part, values),
                }),
            },
            Instruction::LoadBinary(f, load) => runs(operands, load, start, top!(), |part, source| match source {
                Run::Same(c) => part.iter_mut().for_each(|v| *v = apply(f, c, *v)),
                Run::Each(values) => part.iter_mut().zip(values).for_each(|(v, &a)| *v = apply(f, a, *v)),
            }),
        }
    }
}

#[inline]
fn apply<T: Element>(f: Binary, a: T, b: T) -> T {
    match f {
        Binary::Add => a + b,
        Binary::Sub => a - b,
        Binary::Mul => a * b,
        Binary::Div => a / b,
        Binary::Greater => {
            if a > b {
                T::narrow(1.0)
            } else {
                T::narrow(0.0)
            }
        }
    }
}

/// `a ← f(a, b)`, one loop per function so that each vectorises.
fn zip<T: Element>(f: Binary, a: &mut [T], b: &[T]) {
    let pairs = a.iter_mut().zip(b);
    match f {
        Binary::Add => pairs.for_each(|(x, &y)| *x += y),
        Binary::Sub => pairs.for_each(|(x, &y)| *x = *x - y),
        Binary::Mul => pairs.for_each(|(x, &y)| *x = *x * y),
        Binary::Div => pairs.for_each(|(x, &y)| *x = *x / y),
        Binary::Greater => pairs.for_each(|(x, &y)| *x = apply(f, *x, y)),
    }
}

enum Run<'a, T> {
    Same(T),
    Each(&'a [T]),
}

/// Cuts a chunk into parts that read one repeated entry or consecutive entries of the operand.
#[inline]
fn runs<T: Element>(
    operands: &[&[T]],
    load: Load,
    start: usize,
    out: &mut [T],
    mut visit: impl FnMut(&mut [T], Run<'_, T>),
) {
    let source = operands[load.operand];
    match load.access {
        Access::Dense => visit(out, Run::Each(&source[start..start + out.len()])),
        Access::Periodic { inner: 1, period } => {
            let mut done = 0;
            while done < out.len() {
                let from = (start + done) % period;
                let count = (period - from).min(out.len() - done);
                visit(&mut out[done..done + count], Run::Each(&source[from..from + count]));
                done += count;
            }
        }
        Access::Periodic { inner, period } => {
            let mut done = 0;
            while done < out.len() {
                let position = start + done;
                let count = (inner - position % inner).min(out.len() - done);
                visit(&mut out[done..done + count], Run::Same(source[(position / inner) % period]));
                done += count;
            }
        }
    }
}

fn fill<T: Element>(operands: &[&[T]], load: Load, start: usize, out: &mut [T]) {
    runs(operands, load, start, out, |part, source| match source {
        Run::Same(c) => part.fill(c),
        Run::Each(values) => part.copy_from_slice(values),
    });
}
