//! Copies between a dense array and a regular grid of positions of another: permutations, slices, padding,
//! concatenation and general broadcasts are all this.

use crate::lower::Strided;
use rayon::prelude::*;

/// Entries per task.
const GRAIN: usize = 16 * 1024;

/// Grid with adjacent axes merged where one walk covers both; the fewer axes, the less index arithmetic.
fn merged(s: &Strided) -> (Vec<usize>, Vec<usize>) {
    let (mut dims, mut strides): (Vec<usize>, Vec<usize>) = (Vec::new(), Vec::new());
    for (&d, &stride) in s.dims.iter().zip(&s.strides) {
        if d == 1 {
            continue;
        }
        match (dims.last_mut(), strides.last_mut()) {
            (Some(last), Some(outer)) if *outer == stride * d => {
                *last *= d;
                *outer = stride;
            }
            _ => {
                dims.push(d);
                strides.push(stride);
            }
        }
    }
    if dims.is_empty() {
        (dims, strides) = (vec![1], vec![1]);
    }
    (dims, strides)
}

/// Calls `row(first dense position, first grid position)` for every innermost row in `rows`.
fn walk(
    dims: &[usize],
    strides: &[usize],
    offset: usize,
    rows: std::ops::Range<usize>,
    mut row: impl FnMut(usize, usize),
) {
    let inner = dims.last().copied().unwrap_or(1);
    let outer = dims.len() - 1;
    for r in rows {
        let (mut rest, mut position) = (r, offset);
        for axis in (0..outer).rev() {
            position += rest % dims[axis] * strides[axis];
            rest /= dims[axis];
        }
        row(r * inner, position);
    }
}

/// `out[i] = from[position(i)]`.
pub(crate) fn read<T: Copy + Send + Sync>(grid: &Strided, from: &[T], out: &mut [T]) {
    let (dims, strides) = merged(grid);
    let (inner, step) = (dims[dims.len() - 1], strides[strides.len() - 1]);
    if inner == 0 || out.is_empty() {
        return;
    }
    let rows = (GRAIN / inner).max(1);
    out.par_chunks_mut(rows * inner).enumerate().for_each(|(task, part)| {
        let first = task * rows;
        walk(&dims, &strides, grid.offset, first..first + part.len() / inner, |dense, position| {
            let target = &mut part[dense - first * inner..][..inner];
            match step {
                1 => target.copy_from_slice(&from[position..position + inner]),
                0 => target.fill(from[position]),
                _ => target.iter_mut().enumerate().for_each(|(i, t)| *t = from[position + i * step]),
            }
        });
    });
}

/// `out[position(i)] = from[i]`. One thread: positions of different tasks interleave, and these are small copies.
pub(crate) fn write<T: Copy + Send + Sync>(grid: &Strided, from: &[T], out: &mut [T]) {
    let (dims, strides) = merged(grid);
    let (inner, step) = (dims[dims.len() - 1], strides[strides.len() - 1]);
    if inner == 0 || from.is_empty() {
        return;
    }
    walk(&dims, &strides, grid.offset, 0..from.len() / inner, |dense, position| {
        let source = &from[dense..dense + inner];
        match step {
            1 => out[position..position + inner].copy_from_slice(source),
            _ => source.iter().enumerate().for_each(|(i, s)| out[position + i * step] = *s),
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transpose_reads_columns_and_writing_it_back_restores_the_rows() {
        let from: Vec<u32> = (0..6).collect();
        let transpose = Strided { dims: vec![3, 2], strides: vec![1, 3], offset: 0 };
        let mut out = vec![0; 6];
        read(&transpose, &from, &mut out);
        assert_eq!(out, [0, 3, 1, 4, 2, 5]);
        let mut back = vec![0; 6];
        write(&transpose, &out, &mut back);
        assert_eq!(back, from);
    }

    #[test]
    fn every_second_entry_from_an_offset_is_read_and_padded_back() {
        let from: Vec<u32> = (0..10).collect();
        let grid = Strided { dims: vec![2, 2], strides: vec![5, 2], offset: 1 };
        let mut out = vec![0; 4];
        read(&grid, &from, &mut out);
        assert_eq!(out, [1, 3, 6, 8]);
    }
}
