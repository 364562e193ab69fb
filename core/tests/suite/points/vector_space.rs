//! Block arithmetic against plain loops.

use super::Open;
use crate::suite::compare::Verdict;
use hesse_core::SecondOrderBackend;
use hesse_core::random::{Purpose, Stream};
use hesse_core::vectors::{Block, Precision, VectorSpace, norms};

/// Long enough for several threads and for a sum that f32 cannot carry.
const LENGTH: usize = 70_001;

fn column(seed: u64) -> Vec<f64> {
    let mut stream = Stream::new(seed, Purpose::Probe, 0);
    // Whole eighths are exact in both precisions.
    (0..LENGTH).map(|_| (stream.normal() * 8.0).round() / 8.0 + 1.0).collect()
}

fn filled(space: &dyn VectorSpace, seeds: &[u64]) -> (Block, Vec<Vec<f64>>) {
    let mut block = space.zeros(seeds.len()).unwrap();
    let columns: Vec<Vec<f64>> = seeds.iter().map(|&s| column(s)).collect();
    columns.iter().enumerate().for_each(|(i, c)| space.write(&mut block, i, c).unwrap());
    (block, columns)
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

pub fn vectors_are_written_read_and_combined(open: Open<'_>) {
    let mut verdict = Verdict::default();
    let backend = open(Precision::F32);
    for precision in [Precision::F32, Precision::F64] {
        let space = backend.space(LENGTH, precision);
        let space = space.as_ref();
        verdict.holds(|| "dimension".into(), space.dimension() == LENGTH && space.precision() == precision);
        let (x, xs) = filled(space, &[1, 2, 3]);
        let (mut y, ys) = filled(space, &[4, 5]);
        let read = |b: &Block, i: usize| space.read(b, i).unwrap();
        verdict.holds(|| format!("{precision}: read"), (0..3).all(|i| read(&x, i) == xs[i]));
        verdict.holds(|| format!("{precision}: zeros"), read(&space.zeros(2).unwrap(), 1).iter().all(|&v| v == 0.0));

        // Columns 1..3 of x with y: 2 × 2, column-major. The products are exact in f64, so their sum nearly is.
        let gram = space.gram(x.view(1..3), y.all()).unwrap();
        let expected = [(1, 0), (2, 0), (1, 1), (2, 1)].map(|(i, j)| dot(&xs[i], &ys[j]));
        verdict.close(|| format!("{precision}: gram"), &gram, &expected, 1e-13);
        let lengths = norms(space, x.all()).unwrap();
        let expected: Vec<f64> = xs.iter().map(|c| dot(c, c).sqrt()).collect();
        verdict.close(|| format!("{precision}: norms"), &lengths, &expected, 1e-13);

        let c = [0.5, -2.0, 0.25, 1.0, 3.0, -0.125];
        space.combine(y.all_mut(), 0.5, x.all(), &c).unwrap();
        for j in 0..2 {
            let entry = |i: usize| 0.5 * ys[j][i] + (0..3).map(|k| c[3 * j + k] * xs[k][i]).sum::<f64>();
            let expected: Vec<f64> = (0..LENGTH).map(entry).collect();
            verdict.close(|| format!("{precision}: combine, column {j}"), &read(&y, j), &expected, precision.epsilon());
        }
        let mut spoilt = space.zeros(1).unwrap();
        space.write(&mut spoilt, 0, &vec![f64::NAN; LENGTH]).unwrap();
        space.combine(spoilt.all_mut(), 0.0, x.view(0..1), &[1.0]).unwrap();
        verdict.holds(|| format!("{precision}: β = 0 forgets what was there"), read(&spoilt, 0) == xs[0]);

        let (mut z, zs) = filled(space, &[6, 7, 8]);
        space.scale(z.view_mut(1..3), &[2.0, -0.5]).unwrap();
        let scaled = |i: usize, f: f64| read(&z, i) == zs[i].iter().map(|v| f * v).collect::<Vec<_>>();
        verdict.holds(|| format!("{precision}: scale"), scaled(0, 1.0) && scaled(1, 2.0) && scaled(2, -0.5));
        space.scale(z.view_mut(0..1), &[0.0]).unwrap();
        verdict.holds(|| format!("{precision}: scale by zero"), read(&z, 0).iter().all(|&v| v == 0.0));
        let (mut z, zs) = filled(space, &[6, 7, 8]);
        space.copy(x.view(2..3), z.view_mut(1..2)).unwrap();
        let copied = read(&z, 0) == zs[0] && read(&z, 1) == xs[2] && read(&z, 2) == zs[2];
        verdict.holds(|| format!("{precision}: copy"), copied);
        let nothing = space.gram(x.view(0..0), y.all()).unwrap();
        verdict.holds(|| format!("{precision}: gram of nothing"), nothing.is_empty());
    }
    verdict.pronounce("vectors", backend.info().name);
}

pub fn vectors_are_copied_across_precisions(open: Open<'_>) {
    let mut verdict = Verdict::default();
    let backend = open(Precision::F32);
    let (single, double) = (backend.space(4, Precision::F32), backend.space(4, Precision::F64));
    let values = [1.0 + 1e-12, 1.0 / 3.0, -1e-20, 1e20];
    let rounded = values.map(|v| f64::from(v as f32));
    let mut wide = double.zeros(1).unwrap();
    double.write(&mut wide, 0, &values).unwrap();
    let mut narrow = single.zeros(1).unwrap();
    single.copy(wide.all(), narrow.all_mut()).unwrap();
    verdict.holds(|| "f64 to f32 rounds".into(), single.read(&narrow, 0).unwrap() == rounded);
    let mut back = double.zeros(1).unwrap();
    double.copy(narrow.all(), back.all_mut()).unwrap();
    verdict.holds(|| "f32 to f64 is exact".into(), double.read(&back, 0).unwrap() == rounded);
    single.write(&mut narrow, 0, &values).unwrap();
    verdict.holds(|| "writing rounds once".into(), single.read(&narrow, 0).unwrap() == rounded);
    // Sums of f32 entries are formed in f64: one large entry must not swallow small ones.
    let long = backend.space(LENGTH, Precision::F32);
    let mut x = long.zeros(2).unwrap();
    let mut entries = vec![2f64.powi(-13); LENGTH];
    entries[0] = 4096.0;
    long.write(&mut x, 0, &entries).unwrap();
    long.write(&mut x, 1, &vec![1.0; LENGTH]).unwrap();
    let total = long.gram(x.view(0..1), x.view(1..2)).unwrap();
    verdict.close(|| "inner products in f64".into(), &total, &[entries.iter().sum()], 1e-14);
    verdict.pronounce("precisions", backend.info().name);
}

pub fn wrong_sizes_of_vectors_are_errors(open: Open<'_>) {
    let mut verdict = Verdict::default();
    let backend: Box<dyn SecondOrderBackend> = open(Precision::F32);
    let space = backend.space(5, Precision::F32);
    let mut x = space.zeros(3).unwrap();
    let mut y = space.zeros(2).unwrap();
    let foreign = backend.space(6, Precision::F32).zeros(3).unwrap();
    let mut expect = |what: &str, refused: bool| verdict.holds(|| what.to_string(), refused);
    expect("a column too short", space.write(&mut x, 0, &[1.0; 4]).is_err());
    expect("a column too long", space.write(&mut x, 0, &[1.0; 6]).is_err());
    expect("writing column 3 of 3", space.write(&mut x, 3, &[1.0; 5]).is_err());
    expect("reading column 3 of 3", space.read(&x, 3).is_err());
    expect("a coefficient too few", space.combine(y.all_mut(), 0.0, x.all(), &[1.0; 5]).is_err());
    expect("a coefficient too many", space.combine(y.all_mut(), 0.0, x.all(), &[1.0; 7]).is_err());
    expect("columns 2..4 of 3", space.gram(x.view(2..4), y.all()).is_err());
    expect("writing to columns 1..3 of 2", space.combine(y.view_mut(1..3), 0.0, x.view(0..1), &[1.0; 2]).is_err());
    expect("copying three columns to two", space.copy(x.all(), y.all_mut()).is_err());
    expect("two factors for three columns", space.scale(x.all_mut(), &[1.0; 2]).is_err());
    expect("scaling columns 2..4 of 3", space.scale(x.view_mut(2..4), &[1.0; 2]).is_err());
    expect("vectors of another length in gram", space.gram(foreign.all(), x.all()).is_err());
    expect("vectors of another length in combine", space.combine(y.all_mut(), 0.0, foreign.all(), &[1.0; 6]).is_err());
    expect("vectors of another length in copy", space.copy(foreign.all(), x.all_mut()).is_err());
    expect("reading a block of another length", space.read(&foreign, 0).is_err());
    verdict.pronounce("sizes of vectors", backend.info().name);
}
