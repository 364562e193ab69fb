//! Trying a module before anything is measured: what it gives for samples of this shape, and whether each sample's result
//! is its own and the same every time. A module that was saved with batch statistics or random masks switched on for
//! good has no Hessian in the sense of this program, and its numbers would only look like one.

use crate::shim::{Outcome, Script, Wanted, words};
use tch::{Kind, Tensor};

/// How far rounding may move a result in single precision, as a share of the largest one.
const ROUNDING: f64 = 1e-4;

/// Numbers in (0, 1) that look random: golden-ratio steps.
fn samples(count: usize, input: &[usize], from: usize) -> Outcome<Tensor> {
    let size = input.iter().try_fold(count, |n, d| n.checked_mul(*d)).filter(|n| *n <= 1 << 31);
    let size = size.ok_or_else(|| format!("samples of {input:?} are too large"))?;
    let values: Vec<f32> = (0..size).map(|i| ((i + from + 1) as f64 * 0.618_033_988_749_895).fract() as f32).collect();
    let sizes: Vec<i64> = [count].iter().chain(input).map(|&n| n as i64).collect();
    Tensor::f_from_slice(&values).and_then(|t| t.f_to_kind(Kind::Float)?.f_view(&sizes[..])).map_err(words)
}

fn run(script: &mut Script, x: &Tensor) -> Outcome<Tensor> {
    let values = [script.parameters()?, script.buffers()?];
    let operands: Vec<&Tensor> = values.iter().flatten().map(|v| &v.tensor).chain([x]).collect();
    let moves = vec![false; operands.len()];
    let mut tape = script.run(&operands, &moves)?;
    let wanted = Wanted { cotangent: None, directions: Vec::new(), by: &[None] };
    tape.differentials(&wanted)?.pop().ok_or_else(|| "no result".into())
}

/// The largest absolute difference, and the largest absolute value.
fn apart(a: &Tensor, b: &Tensor) -> Outcome<(f64, f64)> {
    let most = |t: Tensor| t.f_abs().and_then(|t| t.f_max()).and_then(|t| t.f_double_value(&[]));
    let difference = a.f_sub(b).and_then(most).map_err(words)?;
    Ok((difference, a.f_abs().and_then(most).map_err(words)?))
}

/// Sizes of the result for one sample.
pub(super) fn output(script: &mut Script, input: &[usize]) -> Outcome<Vec<usize>> {
    let misfit = |cause: String| format!("samples of {input:?} do not fit the module: {cause}");
    let (first, other) = (samples(2, input, 0)?, samples(2, input, 7919)?);
    // The first sample beside another second one.
    let mixed =
        first.f_narrow(0, 0, 1).and_then(|a| Tensor::f_cat(&[a, other.f_narrow(0, 1, 1)?], 0)).map_err(words)?;
    let result = run(script, &first).map_err(misfit)?;
    let sizes = result.size();
    let three = run(script, &samples(3, input, 0)?).map_err(misfit)?.size();
    if sizes.first() != Some(&2) || three.first() != Some(&3) || sizes[1..] != three[1..] {
        return Err(format!("expected a result of [B, classes], found {sizes:?} for 2 samples and {three:?} for 3"));
    }
    let (difference, scale) = apart(&result, &run(script, &first).map_err(misfit)?)?;
    // Not to the last bit: libtorch may split a sum over other threads from run to run, which once refused a good module.
    // A random mask moves a result by its own size.
    if difference.is_nan() || difference > ROUNDING * scale {
        return Err("two runs on the same samples differ: dropout or other randomness is switched on for good; \
                    save the module after eval()"
            .into());
    }
    let row = |t: &Tensor| t.f_select(0, 0).map_err(words);
    let (difference, scale) = apart(&row(&result)?, &row(&run(script, &mixed).map_err(misfit)?)?)?;
    // Kernels may sum in another order for other neighbours; batch statistics change everything.
    if difference > 1e-3 * scale {
        return Err(
            "a sample's result depends on the other samples of its batch: batch norm without running statistics, \
                    or in train mode for good; save the module after eval()"
                .into(),
        );
    }
    Ok(sizes[1..].iter().map(|&n| usize::try_from(n).unwrap_or(0)).collect())
}
