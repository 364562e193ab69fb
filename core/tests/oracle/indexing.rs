//! Primitives that read or write where an index says. An index out of range is an error, never a wrapped or clamped one.

use super::number::Num;
use super::value::Value;

/// Why an index does not fit.
pub type Fault = String;

/// The index as a position below `limit`.
pub fn checked(index: u32, limit: usize) -> Result<usize, Fault> {
    let at = index as usize;
    if at < limit { Ok(at) } else { Err(format!("expected an index below {limit}, found {index}")) }
}

/// y[…, j] = x[…, i[…, j]].
pub fn gather<N: Num>(x: &Value<N>, index: &Value<N>) -> Result<Value<N>, Fault> {
    let (n, m) = (x.last(), index.last());
    let entries = index.indices().iter().enumerate().map(|(k, &i)| Ok(x.numbers()[k / m * n + checked(i, n)?]));
    Ok(Value::real(index.shape.clone(), entries.collect::<Result<_, Fault>>()?))
}

/// y[…, i[…, j]] += g[…, j].
pub fn scatter_add<N: Num>(g: &Value<N>, index: &Value<N>, shape: Vec<usize>) -> Result<Value<N>, Fault> {
    let (m, n) = (index.last(), shape[shape.len() - 1]);
    let mut y = vec![N::constant(0.0); shape.iter().product()];
    for (k, (&v, &i)) in g.numbers().iter().zip(index.indices()).enumerate() {
        let to = k / m * n + checked(i, n)?;
        y[to] = y[to] + v;
    }
    Ok(Value::real(shape, y))
}

/// Row i[…] of the table for every index.
pub fn take_rows<N: Num>(table: &Value<N>, index: &Value<N>, shape: Vec<usize>) -> Result<Value<N>, Fault> {
    let (rows, width) = (table.shape[0], table.shape[1]);
    let mut y = Vec::with_capacity(shape.iter().product());
    for &i in index.indices() {
        let row = checked(i, rows)?;
        y.extend_from_slice(&table.numbers()[row * width..(row + 1) * width]);
    }
    Ok(Value::real(shape, y))
}

/// Row i[…] of the result += g[…].
pub fn put_rows<N: Num>(g: &Value<N>, index: &Value<N>, shape: Vec<usize>) -> Result<Value<N>, Fault> {
    let (rows, width) = (shape[0], shape[1]);
    let mut y = vec![N::constant(0.0); rows * width];
    for (k, &i) in index.indices().iter().enumerate() {
        let row = checked(i, rows)?;
        for d in 0..width {
            y[row * width + d] = y[row * width + d] + g.numbers()[k * width + d];
        }
    }
    Ok(Value::real(shape, y))
}

/// 1 at the index, 0 elsewhere.
pub fn one_hot<N: Num>(index: &Value<N>, classes: usize, shape: Vec<usize>) -> Result<Value<N>, Fault> {
    let mut y = vec![N::constant(0.0); shape.iter().product()];
    for (k, &i) in index.indices().iter().enumerate() {
        y[k * classes + checked(i, classes)?] = N::constant(1.0);
    }
    Ok(Value::real(shape, y))
}

/// The index of the largest entry along the last axis; the first wins.
pub fn arg_max<N: Num>(x: &Value<N>, shape: Vec<usize>) -> Value<N> {
    let best =
        |row: &[N]| (0..row.len()).fold(0, |best, i| if row[i].real() > row[best].real() { i } else { best }) as u32;
    let index = x.numbers().chunks(x.last()).map(best).collect();
    Value::index(shape, index)
}
