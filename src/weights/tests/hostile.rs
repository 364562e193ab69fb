//! Bytes made to break the reader: whatever comes in, tensors or an error come out, soon and in bounded memory.

use super::real_files::{RESNET, SMALLCNN, shared};
use crate::weights::test_support::{Py, archive, dict, floats, legacy, ordered, storage, tensor, vector};
use crate::weights::{decode, write_safetensors};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::fs;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// Reads, and holds what comes out against the length of what went in.
fn answer(bytes: &[u8]) {
    if let Ok(tensors) = decode(bytes) {
        let elements: usize = tensors.iter().map(|(_, tensor)| tensor.values.len()).sum();
        assert!(elements <= bytes.len() + (1 << 20));
        for (_, tensor) in &tensors {
            assert_eq!(tensor.shape.iter().product::<usize>(), tensor.values.len());
        }
    }
}

/// A small file of each layout, made once: writing one waits for the disk.
fn samples() -> &'static [Vec<u8>] {
    static SAMPLES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(make_samples);
    &SAMPLES
}

fn make_samples() -> Vec<Vec<u8>> {
    let value = dict([
        ("epoch", Py::Int(3)),
        (
            "state_dict",
            ordered([
                ("module.a", tensor(storage("FloatStorage", "0", 6), 0, &[3, 2], &[1, 3])),
                ("module.b", tensor(storage("HalfStorage", "1", 4), 1, &[3], &[1])),
            ]),
        ),
    ]);
    let (first, second) = (floats(&[0.5; 6]), vec![0x3c; 8]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("w");
    let old = legacy(&value, &[("0", 6, first.clone()), ("1", 4, second.clone())]);
    let dict = decode(&old).unwrap().into_iter().collect();
    write_safetensors(&path, &dict, &BTreeMap::from([("a".to_owned(), "b".to_owned())])).unwrap();
    vec![archive(&value, &[("0", first), ("1", second)]), old, fs::read(&path).unwrap()]
}

/// A change to a file: a byte set, a few removed, inserted or repeated, or the end cut off.
#[derive(Debug, Clone)]
enum Change {
    Set(usize, u8),
    Remove(usize, usize),
    Insert(usize, Vec<u8>),
    Copy(usize, usize, usize),
    Cut(usize),
}

fn change() -> impl Strategy<Value = Change> {
    let at = any::<usize>;
    let bytes = prop_oneof![
        Just(vec![0xff; 8]),
        Just(vec![0; 4]),
        Just(b"\xff\xff\xff\x7f".to_vec()),
        prop::collection::vec(any::<u8>(), 1..9)
    ];
    prop_oneof![
        4 => (at(), any::<u8>()).prop_map(|(at, byte)| Change::Set(at, byte)),
        1 => (at(), 1usize..20).prop_map(|(at, count)| Change::Remove(at, count)),
        2 => (at(), bytes).prop_map(|(at, bytes)| Change::Insert(at, bytes)),
        1 => (at(), at(), 1usize..40).prop_map(|(from, to, count)| Change::Copy(from, to, count)),
        1 => at().prop_map(Change::Cut),
    ]
}

/// Applies the change within the first `span` bytes, where a large file keeps what steers the reader.
fn apply(bytes: &mut Vec<u8>, change: &Change, span: usize) {
    let span = span.min(bytes.len()).max(1);
    let end = |at: usize, count: usize, length: usize| (at + count).min(length);
    match change {
        Change::Set(at, byte) => {
            if let Some(place) = bytes.get_mut(at % span) {
                *place = *byte;
            }
        }
        Change::Remove(at, count) => {
            let at = (at % span).min(bytes.len());
            bytes.drain(at..end(at, *count, bytes.len()));
        }
        Change::Insert(at, inserted) => {
            let at = (at % span).min(bytes.len());
            bytes.splice(at..at, inserted.iter().copied());
        }
        Change::Copy(from, to, count) => {
            let (from, to) = ((from % span).min(bytes.len()), (to % span).min(bytes.len()));
            let part = bytes[from..end(from, *count, bytes.len())].to_vec();
            bytes.splice(to..to, part);
        }
        Change::Cut(at) => bytes.truncate(at % (bytes.len() + 1)),
    }
}

proptest! {
    #[test]
    fn any_bytes_are_answered(
        start in prop::sample::select(vec![&b""[..], b"PK\x03\x04", b"\x80\x02", b"\x10\x00\x00\x00\x00\x00\x00\x00{", b"(dp0\n"]),
        rest in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        answer(&[start, &rest].concat());
    }

    #[test]
    fn any_header_of_safetensors_is_answered(
        begin in any::<usize>(), end in any::<usize>(), shape in prop::collection::vec(any::<usize>(), 0..4), data in 0usize..20,
    ) {
        let header = format!(
            r#"{{"a":{{"dtype":"F32","shape":[],"data_offsets":[0,4]}},"b":{{"dtype":"F64","shape":{shape:?},"data_offsets":[{begin},{end}]}}}}"#
        );
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header.as_bytes());
        bytes.resize(bytes.len() + data, 0);
        answer(&bytes);
    }

    #[test]
    fn any_sizes_of_a_tensor_are_answered(
        offset in any::<i64>(), elements in any::<i64>(),
        shape in prop::collection::vec(prop_oneof![0i64..4, any::<i64>()], 0..4),
        stride in prop::collection::vec(prop_oneof![0i64..4, any::<i64>()], 0..4),
    ) {
        for elements in [elements, 6] {
            let value = dict([("w", tensor(storage("FloatStorage", "0", elements), offset % 8, &shape, &stride))]);
            answer(&legacy(&value, &[("0", elements as u64, floats(&[0.5; 6]))]));
            answer(&archive(&value, &[("0", floats(&[0.5; 6]))]));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]
    #[test]
    fn small_files_changed_anywhere_are_answered(changes in prop::collection::vec(change(), 1..6)) {
        for sample in samples() {
            let mut bytes = sample.clone();
            changes.iter().for_each(|change| apply(&mut bytes, change, usize::MAX));
            answer(&bytes);
        }
    }
}

#[test]
fn real_files_changed_anywhere_are_answered() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    for (name, span) in [(RESNET, 14_100), (SMALLCNN, 2_750)] {
        let Some(path) = shared(name) else { continue };
        let whole = fs::read(path).unwrap();
        for round in 0..400 {
            let mut bytes = whole.clone();
            let changes = prop::collection::vec(change(), 1..4).new_tree(&mut runner).unwrap().current();
            // Mostly in the pickles; now and then among the numbers.
            let span = if round % 8 == 0 { usize::MAX } else { span };
            changes.iter().for_each(|change| apply(&mut bytes, change, span));
            answer(&bytes);
        }
    }
}

#[test]
fn real_files_cut_off_are_refused() {
    for name in [RESNET, SMALLCNN] {
        let Some(path) = shared(name) else { continue };
        let whole = fs::read(path).unwrap();
        let ends = (0..200).map(|part| part * whole.len() / 200).chain((0..3000).step_by(7)).chain([whole.len() - 1]);
        for end in ends {
            assert!(decode(&whole[..end]).is_err(), "{end} bytes of {name}");
        }
    }
}

/// The time limit is generous: the attacks would take hours where they worked.
fn answers_soon(bytes: &[u8]) {
    let start = Instant::now();
    answer(bytes);
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
}

#[test]
fn many_names_for_one_tensor_do_not_multiply_it() {
    let shared = tensor(storage("FloatStorage", "0", 1), 0, &[1 << 19], &[0]);
    let names: Vec<(Py, Py)> = (0..50).map(|at| (Py::Str(format!("w{at}")), shared.clone())).collect();
    let bytes = legacy(&Py::Dict(names), &[("0", 1, floats(&[1.0]))]);
    assert!(decode(&bytes).is_err());
}

#[test]
fn dictionaries_that_share_dictionaries_are_searched_once() {
    // One inner dictionary of many entries, and an outer one whose entries are all that dictionary.
    let mut object = b"\x80\x02}(".to_vec();
    object.extend(b"K\x00}q\x01(");
    object.extend(b"X\x01\x00\x00\x00aN".repeat(100_000));
    object.extend(b"u");
    object.extend(b"X\x01\x00\x00\x00bh\x01".repeat(100_000));
    object.extend(b"u.");
    let mut bytes = legacy(&Py::None, &[]);
    let at = bytes.len() - crate::weights::test_support::pickle(&Py::List(vec![])).len() - b"\x80\x02N.".len();
    bytes.splice(at..at + 4, object);
    answers_soon(&bytes);
    let error = decode(&bytes).unwrap_err().in_file("w".as_ref()).to_string();
    assert!(error.contains("found none under `b`, `b`"), "{error}");
}

#[test]
fn a_name_of_many_bytes_is_not_hashed_again_and_again() {
    let value = dict([("x", Py::None), (&"n".repeat(5000), vector("0", 1))]);
    assert!(decode(&legacy(&value, &[("0", 1, floats(&[1.0]))])).is_err());
    let long = "k".repeat(300);
    assert!(decode(&legacy(&dict([("w", vector(&long, 1))]), &[(&long, 1, floats(&[1.0]))])).is_err());
}
