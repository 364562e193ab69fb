//! Pooling, gathering and scattering within planes, and rows of tables.

use crate::element::Element;
use hesse_core::graph::Window;
use rayon::prelude::*;

type Checked = candle_core::Result<()>;

fn out_of_range(index: u32, size: usize) -> candle_core::Error {
    candle_core::Error::Msg(format!("expected an index below {size}, found {index}"))
}

/// Input positions of window `o` along one axis.
fn span(w: &Window, axis: usize, o: usize) -> std::ops::Range<usize> {
    let start = o * w.stride[axis];
    let end = (start + w.kernel[axis]).saturating_sub(w.padding[axis]).min(w.input[axis]);
    start.saturating_sub(w.padding[axis]).min(end)..end
}

/// Position of the maximum of every window in its plane; the first wins a tie, NaN wins over everything.
pub(crate) fn max_index<T: Element>(w: &Window, x: &[T], out: &mut [u32]) {
    let ([h, width], [oh, ow]) = (w.input, w.output().unwrap_or([0, 0]));
    if oh * ow == 0 {
        return;
    }
    out.par_chunks_mut(oh * ow).zip(x.par_chunks(h * width)).for_each(|(out, plane)| {
        for (i, line) in out.chunks_exact_mut(ow).enumerate() {
            let rows = span(w, 0, i);
            for (j, place) in line.iter_mut().enumerate() {
                let columns = span(w, 1, j);
                let mut best = rows.start * width + columns.start;
                for y in rows.clone() {
                    for x in columns.clone() {
                        let v = plane[y * width + x];
                        if v > plane[best] || v.wide().is_nan() {
                            best = y * width + x;
                        }
                    }
                }
                *place = best as u32;
            }
        }
    });
}

/// Mean over windows, or its adjoint.
pub(crate) fn average<T: Element>(w: &Window, count_padding: bool, adjoint: bool, from: &[T], to: &mut [T]) {
    let ([h, width], [oh, ow]) = (w.input, w.output().unwrap_or([0, 0]));
    let (inside, outside) = (h * width, oh * ow);
    if inside * outside == 0 {
        return;
    }
    let (source, target) = if adjoint { (outside, inside) } else { (inside, outside) };
    to.par_chunks_mut(target).zip(from.par_chunks(source)).for_each(|(to, from)| {
        if adjoint {
            to.fill(T::narrow(0.0));
        }
        for i in 0..oh {
            for j in 0..ow {
                let (rows, columns) = (span(w, 0, i), span(w, 1, j));
                let seen = if count_padding { w.kernel[0] * w.kernel[1] } else { rows.len() * columns.len() };
                let share = T::narrow(1.0 / seen.max(1) as f64);
                let mut sum = T::narrow(0.0);
                for y in rows {
                    for x in columns.clone() {
                        if adjoint {
                            to[y * width + x] = to[y * width + x] + from[i * ow + j] * share;
                        } else {
                            sum = sum + from[y * width + x];
                        }
                    }
                }
                if !adjoint {
                    to[i * ow + j] = sum * share;
                }
            }
        }
    });
}

/// The first index that is too large, as an error.
fn check(index: &[u32], size: usize) -> Checked {
    match index.iter().find(|i| **i as usize >= size) {
        Some(&i) => Err(out_of_range(i, size)),
        None => Ok(()),
    }
}

/// Rows per task, for rows of `width` entries.
fn rows_per_task(width: usize) -> usize {
    (16 * 1024 / width.max(1)).max(1)
}

/// `out[r, j] = x[r, index[r, j]]`.
pub(crate) fn gather<T: Element>([n, m]: [usize; 2], x: &[T], index: &[u32], out: &mut [T]) -> Checked {
    check(index, n)?;
    if n * m == 0 {
        return Ok(());
    }
    let rows = rows_per_task(n + m);
    out.par_chunks_mut(rows * m).zip(index.par_chunks(rows * m)).zip(x.par_chunks(rows * n)).for_each(
        |((out, index), x)| {
            for ((out, index), x) in out.chunks_exact_mut(m).zip(index.chunks_exact(m)).zip(x.chunks_exact(n)) {
                out.iter_mut().zip(index).for_each(|(o, &i)| *o = x[i as usize]);
            }
        },
    );
    Ok(())
}

/// `out[r, index[r, j]] += g[r, j]` on zeros.
pub(crate) fn scatter<T: Element>([m, n]: [usize; 2], g: &[T], index: &[u32], out: &mut [T]) -> Checked {
    check(index, n)?;
    if n == 0 {
        return Ok(());
    }
    if m == 0 {
        out.fill(T::narrow(0.0));
        return Ok(());
    }
    let rows = rows_per_task(n + m);
    out.par_chunks_mut(rows * n).zip(index.par_chunks(rows * m)).zip(g.par_chunks(rows * m)).for_each(
        |((out, index), g)| {
            out.fill(T::narrow(0.0));
            for ((out, index), g) in out.chunks_exact_mut(n).zip(index.chunks_exact(m)).zip(g.chunks_exact(m)) {
                for (&i, &v) in index.iter().zip(g) {
                    out[i as usize] = out[i as usize] + v;
                }
            }
        },
    );
    Ok(())
}

/// `out[j] = table[index[j]]`, rows of `width`.
pub(crate) fn take_rows<T: Element>(rows: usize, width: usize, table: &[T], index: &[u32], out: &mut [T]) -> Checked {
    check(index, rows)?;
    if width > 0 {
        out.par_chunks_mut(width).zip(index.par_iter()).for_each(|(out, &i)| {
            out.copy_from_slice(&table[i as usize * width..][..width]);
        });
    }
    Ok(())
}

/// `out[index[j]] += g[j]` on zeros; in the order of j, so always the same bits.
pub(crate) fn put_rows<T: Element>(rows: usize, width: usize, g: &[T], index: &[u32], out: &mut [T]) -> Checked {
    check(index, rows)?;
    out.fill(T::narrow(0.0));
    if width > 0 {
        for (g, &i) in g.chunks_exact(width).zip(index) {
            out[i as usize * width..][..width].iter_mut().zip(g).for_each(|(o, v)| *o = *o + *v);
        }
    }
    Ok(())
}
