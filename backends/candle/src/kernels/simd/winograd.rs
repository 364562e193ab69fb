//! The four transforms of Winograd's convolution by 3×3 with tiles of 2×2 pixels, F(2×2, 3×3).
//!
//! A tile's four pixels need 16 products in place of 36: Y = Aᵀ[(G w Gᵀ) ⊙ (Bᵀ d B)]A, d being the 4×4 pixels that the tile
//! reads (Lavin and Gray, *Fast Algorithms for Convolutional Neural Networks*, 1509.09308, §4.1). Here are Bᵀ d B and its
//! adjoint, Aᵀ m A and its adjoint, for one plane of pixels: tiles lie one after another in sixteen planes, one for each place in
//! the 4×4, so that all arithmetic runs along tiles. Rows are taken apart into their phases first.

use super::vector::Vector;
use std::ops::{Add, Neg, Sub};

/// One plane of pixels and its tiles.
pub struct Plane<T> {
    /// Tiles down and across.
    pub tiles: [usize; 2],
    /// Rows and columns of pixels.
    pub size: [usize; 2],
    /// Rows and columns of zeros before the first pixel, for pixels that tiles read.
    pub padding: [usize; 2],
    /// `[rows, columns]`; written by the transforms from tiles only.
    pub pixels: *mut T,
    /// The first of the sixteen planes of tiles, each with room for one vector more.
    pub planes: *mut T,
    /// From one of them to the next.
    pub step: usize,
    /// [`scratch`] entries to work in.
    pub work: *mut T,
    /// Whether pixels are added to.
    pub add: bool,
}

/// Lanes of the widest vector, which may be read and written behind the last tile.
pub const BEHIND: usize = 16;

/// Entries that a transform works in.
pub fn scratch([down, across]: [usize; 2]) -> usize {
    16 * part([down, across]) + 2 * across + 2
}

/// From one phase of the pixels to the next.
fn part([down, across]: [usize; 2]) -> usize {
    (down + 1) * across + BEHIND
}

/// A vector with signs for its operations, made only where the processor has its instructions.
#[derive(Clone, Copy)]
struct Number<V>(V);

impl<V: Vector> Add for Number<V> {
    type Output = Self;
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        // SAFETY: see the type.
        Number(unsafe { self.0.add(other.0) })
    }
}

impl<V: Vector> Sub for Number<V> {
    type Output = Self;
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        // SAFETY: see the type.
        Number(unsafe { self.0.subtract(other.0) })
    }
}

impl<V: Vector> Neg for Number<V> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        // SAFETY: see the type.
        Number(unsafe { V::zero().subtract(self.0) })
    }
}

/// `to = f(from)` for so many entries, and for those that fill the last vector.
///
/// # Safety
/// The processor must have V's instructions, and the entries must be readable and writable.
#[inline(always)]
unsafe fn along<V: Vector, const I: usize, const O: usize>(
    count: usize,
    from: [*const V::Entry; I],
    to: [*mut V::Entry; O],
    f: impl Fn([Number<V>; I]) -> [Number<V>; O],
) {
    for t in (0..count).step_by(V::LANES) {
        // SAFETY: by the caller's promise.
        unsafe {
            let mut read = [Number(V::zero()); I];
            for i in 0..I {
                read[i] = Number(V::load(from[i].add(t)));
            }
            let made = f(read);
            for o in 0..O {
                made[o].0.store(to[o].add(t));
            }
        }
    }
}

/// Applies a function of four numbers along both axes of a 4×4.
#[inline(always)]
fn both<N: Copy>(x: [N; 16], f: impl Fn([N; 4]) -> [N; 4]) -> [N; 16] {
    let mut y = x;
    for j in 0..4 {
        [y[j], y[4 + j], y[8 + j], y[12 + j]] = f([x[j], x[4 + j], x[8 + j], x[12 + j]]);
    }
    for i in 0..4 {
        let row = f([y[4 * i], y[4 * i + 1], y[4 * i + 2], y[4 * i + 3]]);
        y[4 * i..4 * i + 4].copy_from_slice(&row);
    }
    y
}

/// The sixteen planes.
fn planes<T>(p: &Plane<T>) -> [*mut T; 16] {
    std::array::from_fn(|i| p.planes.wrapping_add(i * p.step))
}

/// Pixels of a row, by parity.
#[inline(always)]
fn apart<T: Copy>(row: &[T], even: &mut [T], odd: &mut [T]) {
    for ((e, o), pair) in even.iter_mut().zip(odd).zip(row.as_chunks::<2>().0) {
        [*e, *o] = *pair;
    }
}

/// The plane's pixels, to be read, and its place to work.
///
/// # Safety
/// As for [`read`].
#[inline(always)]
unsafe fn sources<'a, T>(p: &Plane<T>) -> (&'a [T], &'a mut [T]) {
    // SAFETY: by the caller's promise.
    unsafe {
        let pixels = std::slice::from_raw_parts(p.pixels.cast_const(), p.size[0] * p.size[1]);
        (pixels, std::slice::from_raw_parts_mut(p.work, scratch(p.tiles)))
    }
}

/// The plane's pixels, to be written, and its place to work.
///
/// # Safety
/// As for [`read`], and nobody else may use the pixels.
#[inline(always)]
unsafe fn slices<'a, T>(p: &Plane<T>) -> (&'a mut [T], &'a mut [T]) {
    // SAFETY: by the caller's promise.
    unsafe {
        let pixels = std::slice::from_raw_parts_mut(p.pixels, p.size[0] * p.size[1]);
        (pixels, std::slice::from_raw_parts_mut(p.work, scratch(p.tiles)))
    }
}

/// A line of pixels with its border, as long as tiles read it: in place where there is no border, else copied to `row`.
#[inline(always)]
fn bordered<'a, T: Copy + Default>(line: Option<&'a [T]>, border: usize, length: usize, row: &'a mut [T]) -> &'a [T] {
    match line {
        Some(line) if border == 0 && line.len() >= length => line,
        _ => {
            row.fill(T::default());
            if let Some(line) = line {
                let count = line.len().min(row.len() - border);
                row[border..][..count].copy_from_slice(&line[..count]);
            }
            row
        }
    }
}

/// planes = Bᵀ d B of every tile of 4×4 pixels.
///
/// # Safety
/// The processor must have V's instructions; all entries that [`Plane`] names must be readable, and planes and work be nobody
/// else's.
#[inline(always)]
pub unsafe fn read<V: Vector>(p: &Plane<V::Entry>)
where
    V::Entry: Default,
{
    let ([down, across], [rows, columns], part) = (p.tiles, p.size, part(p.tiles));
    // SAFETY: by the caller's promise.
    let (pixels, work) = unsafe { sources(p) };
    let (phases, row) = work.split_at_mut(16 * part);
    // Pixels y = 2·ty + parity, x = 2·tx + j, at [parity][j][ty][tx].
    for y in 0..2 * down + 2 {
        let inside = y.checked_sub(p.padding[0]).filter(|&y| y < rows).map(|y| &pixels[y * columns..][..columns]);
        let line = bordered(inside, p.padding[1], 2 * across + 2, row);
        let first = 4 * (y % 2) * part + y / 2 * across;
        for j in [0, 2] {
            let (even, odd) = phases[first + j * part..].split_at_mut(part);
            apart(&line[j..], &mut even[..across], &mut odd[..across]);
        }
    }
    let phases = phases.as_ptr();
    let d = std::array::from_fn(|ij| {
        let (i, j) = (ij / 4, ij % 4);
        phases.wrapping_add((4 * (i % 2) + j) * part + i / 2 * across)
    });
    // SAFETY: the last vector may run over by less than `BEHIND`, which `part` and the planes have room for.
    unsafe { along::<V, 16, 16>(down * across, d, planes(p), |d| both(d, b_transposed)) };
}

/// Bᵀ of four numbers.
#[inline(always)]
fn b_transposed<N: Copy + Add<Output = N> + Sub<Output = N>>(d: [N; 4]) -> [N; 4] {
    [d[0] - d[2], d[1] + d[2], d[2] - d[1], d[1] - d[3]]
}

/// The adjoint of [`read`]: pixels (+)= B v Bᵀ of every tile, added where tiles overlap.
///
/// # Safety
/// As for [`read`]; the pixels are written and must be nobody else's.
#[inline(always)]
pub unsafe fn write_back<V: Vector>(p: &Plane<V::Entry>)
where
    V::Entry: Default + Add<Output = V::Entry>,
{
    let ([down, across], columns, part) = (p.tiles, p.size[1], part(p.tiles));
    // SAFETY: by the caller's promise.
    let (pixels, work) = unsafe { slices(p) };
    let (parts, row) = work.split_at_mut(16 * part);
    let to = parts.as_mut_ptr();
    let to = std::array::from_fn(|i| to.wrapping_add(i * part));
    // SAFETY: as in `read`.
    unsafe {
        along::<V, 16, 16>(down * across, planes(p).map(|p| p.cast_const()), to, |v| {
            both(v, |v| [v[0], v[1] - v[2] + v[3], v[1] + v[2] - v[0], -v[3]])
        });
    }
    // A row of pixels belongs to one row of tiles with its upper half, and to the one before with its lower half.
    for (out, y) in pixels.chunks_exact_mut(columns).zip(p.padding[0]..) {
        row.fill(V::Entry::default());
        for (half, ty) in [(0, Some(y / 2).filter(|&ty| ty < down)), (2, (y / 2).checked_sub(1))] {
            let Some(ty) = ty else { continue };
            let of = |j: usize| &parts[(4 * (half + y % 2) + j) * part + ty * across..][..across];
            for j in [0, 2] {
                let pairs = row[j..].as_chunks_mut::<2>().0;
                for ((pair, &e), &o) in pairs.iter_mut().zip(of(j)).zip(of(j + 1)) {
                    *pair = [pair[0] + e, pair[1] + o];
                }
            }
        }
        finish(out, &row[p.padding[1]..], p.add);
    }
}

/// pixels (+)= Aᵀ m A of every tile.
///
/// # Safety
/// As for [`write_back`].
#[inline(always)]
pub unsafe fn write<V: Vector>(p: &Plane<V::Entry>)
where
    V::Entry: Default + Add<Output = V::Entry>,
{
    let ([down, across], columns, part) = (p.tiles, p.size[1], part(p.tiles));
    // SAFETY: by the caller's promise.
    let (pixels, work) = unsafe { slices(p) };
    let (parts, row) = work.split_at_mut(16 * part);
    let to = parts.as_mut_ptr();
    let to = std::array::from_fn(|i| to.wrapping_add(i * part));
    let half = |m: [Number<V>; 4]| [m[0] + m[1] + m[2], m[1] - m[2] - m[3]];
    // SAFETY: as in `read`.
    unsafe {
        along::<V, 16, 4>(down * across, planes(p).map(|p| p.cast_const()), to, |m| {
            let columns: [[Number<V>; 2]; 4] = std::array::from_fn(|j| half([m[j], m[4 + j], m[8 + j], m[12 + j]]));
            let line = |i: usize| half([columns[0][i], columns[1][i], columns[2][i], columns[3][i]]);
            let ([a, b], [c, d]) = (line(0), line(1));
            [a, b, c, d]
        });
    }
    for (y, out) in pixels.chunks_exact_mut(columns).enumerate() {
        let of = |x: usize| &parts[(2 * (y % 2) + x) * part + y / 2 * across..][..across];
        for ((pair, &e), &o) in row.as_chunks_mut::<2>().0.iter_mut().zip(of(0)).zip(of(1)) {
            *pair = [e, o];
        }
        finish(out, row, p.add);
    }
}

/// A row of pixels from a row that is at least as long.
#[inline(always)]
fn finish<T: Copy + Add<Output = T>>(out: &mut [T], row: &[T], add: bool) {
    if add {
        out.iter_mut().zip(row).for_each(|(o, &v)| *o = *o + v);
    } else {
        out.copy_from_slice(&row[..out.len()]);
    }
}

/// The adjoint of [`write`]: planes = A y Aᵀ of every tile of 2×2 pixels.
///
/// # Safety
/// As for [`read`].
#[inline(always)]
pub unsafe fn read_back<V: Vector>(p: &Plane<V::Entry>)
where
    V::Entry: Default,
{
    let ([down, across], columns, part) = (p.tiles, p.size[1], part(p.tiles));
    // SAFETY: by the caller's promise.
    let (pixels, work) = unsafe { sources(p) };
    let (phases, row) = work.split_at_mut(16 * part);
    for y in 0..2 * down {
        let line = bordered(pixels.get(y * columns..(y + 1) * columns), 0, 2 * across, row);
        let (even, odd) = phases[2 * (y % 2) * part + y / 2 * across..].split_at_mut(part);
        apart(line, &mut even[..across], &mut odd[..across]);
    }
    let phases = phases.as_ptr();
    let y = std::array::from_fn(|i| phases.wrapping_add(i * part));
    let whole = |y: [Number<V>; 2]| [y[0], y[0] + y[1], y[0] - y[1], -y[1]];
    // SAFETY: as in `read`.
    unsafe {
        along::<V, 4, 16>(down * across, y, planes(p), |y| {
            let (upper, lower) = (whole([y[0], y[1]]), whole([y[2], y[3]]));
            let columns: [[Number<V>; 4]; 4] = std::array::from_fn(|j| whole([upper[j], lower[j]]));
            std::array::from_fn(|ij| columns[ij % 4][ij / 4])
        });
    }
}
