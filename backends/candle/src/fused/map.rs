//! Storing the result of a fused chain.

use super::expression::{Access, Expression, Instruction, Load};
use super::machine::{CHUNK, evaluate};
use crate::element::Element;
use rayon::prelude::*;

/// Positions per task: large enough that starting a task is free.
const GRAIN: usize = 32 * CHUNK;

/// An operand of a chain: another buffer, or the result's own memory before it is overwritten.
#[derive(Clone, Copy)]
pub(crate) enum Operand<'a, T> {
    Other(&'a [T]),
    InPlace,
}

/// Evaluates every position of `out`. An in-place operand is only ever read densely (the planner sees to that), so each
/// chunk is copied before it is overwritten.
pub(crate) fn map<T: Element>(expression: &Expression, operands: &[Operand<'_, T>], out: &mut [T]) {
    let in_place = operands.iter().position(|o| matches!(o, Operand::InPlace));
    let relative = in_place.map(|which| relative_to_chunk(expression, which));
    let expression = relative.as_ref().unwrap_or(expression);
    out.par_chunks_mut(GRAIN).enumerate().for_each(|(task, part)| {
        let mut stack = vec![T::narrow(0.0); expression.depth.max(1) * CHUNK];
        let mut copy = [T::narrow(0.0); CHUNK];
        for (i, chunk) in part.chunks_mut(CHUNK).enumerate() {
            if in_place.is_some() {
                copy[..chunk.len()].copy_from_slice(chunk);
            }
            let slices = slices(operands, &copy);
            evaluate(expression, &slices[..operands.len()], task * GRAIN + i * CHUNK, chunk, &mut stack);
        }
    });
}

/// Most operands a chain may have; the lowering cuts longer chains.
pub(crate) const MAX_OPERANDS: usize = 16;

fn slices<'a, T>(operands: &[Operand<'a, T>], copy: &'a [T]) -> [&'a [T]; MAX_OPERANDS] {
    let mut out = [&[][..]; MAX_OPERANDS];
    for (slot, operand) in out.iter_mut().zip(operands) {
        *slot = match operand {
            Operand::Other(s) => s,
            Operand::InPlace => copy,
        };
    }
    out
}

/// The expression with reads of one operand relative to the chunk: chunks start at multiples of `CHUNK`, so a period of
/// `CHUNK` makes the copied chunk's first entry the one that is read first.
fn relative_to_chunk(expression: &Expression, which: usize) -> Expression {
    let relative = |load: Load| {
        if load.operand == which { Load { access: Access::Periodic { inner: 1, period: CHUNK }, ..load } } else { load }
    };
    let instructions = expression
        .instructions
        .iter()
        .map(|i| match *i {
            Instruction::Load(l) => Instruction::Load(relative(l)),
            Instruction::BinaryLoad(f, l) => Instruction::BinaryLoad(f, relative(l)),
            Instruction::LoadBinary(f, l) => Instruction::LoadBinary(f, relative(l)),
            other => other,
        })
        .collect();
    Expression { instructions, depth: expression.depth }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hesse_core::graph::{Binary, Unary};

    fn load(operand: usize) -> Instruction {
        Instruction::Load(Load { operand, access: Access::Dense })
    }

    #[test]
    fn a_chain_in_place_equals_the_same_chain_out_of_place() {
        let n = 3 * GRAIN + 77;
        let a: Vec<f64> = (0..n).map(|i| (i as f64 * 0.37).sin()).collect();
        let b: Vec<f64> = (0..7).map(|i| i as f64).collect();
        let column = Load { operand: 1, access: Access::Periodic { inner: 5, period: 7 } };
        // relu(a)·column + a·a, with a read twice
        let raw = vec![
            load(0),
            Instruction::Unary(Unary::Relu),
            Instruction::Load(column),
            Instruction::Binary(Binary::Mul),
            load(0),
            load(0),
            Instruction::Binary(Binary::Mul),
            Instruction::Binary(Binary::Add),
        ];
        let e = Expression::new(raw);
        let mut out = vec![0.0; n];
        map(&e, &[Operand::Other(&a), Operand::Other(&b)], &mut out);
        for i in (0..n).step_by(91) {
            let expected = a[i].max(0.0) * b[(i / 5) % 7] + a[i] * a[i];
            assert!((out[i] - expected).abs() < 1e-15, "{i}: {} {expected}", out[i]);
        }
        let mut in_place = a.clone();
        map(&e, &[Operand::InPlace, Operand::Other(&b)], &mut in_place);
        assert_eq!(in_place, out);
    }
}
