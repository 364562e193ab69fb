use crate::weights::error::Fault;
use crate::weights::test_support::*;
use crate::weights::values::{TensorData, Values};
use zip::CompressionMethod;

type Read = Vec<(String, TensorData)>;

fn both(value: &Py, storages: &[(&str, u64, Vec<u8>)]) -> Read {
    let records: Vec<_> = storages.iter().map(|(key, _, bytes)| (*key, bytes.clone())).collect();
    let old = super::read_legacy(&legacy(value, storages)).unwrap();
    let new = super::read_archive(&archive(value, &records)).unwrap();
    assert_eq!(old, new);
    new
}

fn six() -> (&'static str, u64, Vec<u8>) {
    ("0", 6, floats(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]))
}

fn message<T: std::fmt::Debug>(result: Result<T, Fault>) -> String {
    result.unwrap_err().in_file(std::path::Path::new("w.pt")).to_string()
}

fn names(read: &Read) -> Vec<&str> {
    read.iter().map(|(name, _)| name.as_str()).collect()
}

#[test]
fn tensors_of_one_storage_are_cut_out_of_it_in_their_own_order() {
    let part = |offset, shape: &[i64], stride: &[i64]| tensor(storage("FloatStorage", "0", 6), offset, shape, stride);
    let value = ordered([
        ("plain", part(0, &[2, 3], &[3, 1])),
        ("transposed", part(0, &[3, 2], &[1, 3])),
        ("tail", part(4, &[2], &[1])),
        ("every other", part(1, &[3], &[2])),
        ("expanded", part(3, &[2, 2], &[0, 0])),
        ("scalar", part(5, &[], &[])),
        ("empty", part(0, &[0, 4], &[4, 1])),
    ]);
    let read = both(&value, &[six()]);
    let values: Vec<_> = read.iter().map(|(_, tensor)| (tensor.shape.clone(), tensor.values.to_f64())).collect();
    assert_eq!(names(&read), ["plain", "transposed", "tail", "every other", "expanded", "scalar", "empty"]);
    assert_eq!(
        values,
        [
            (vec![2, 3], vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0]),
            (vec![3, 2], vec![0.0, 3.0, 1.0, 4.0, 2.0, 5.0]),
            (vec![2], vec![4.0, 5.0]),
            (vec![3], vec![1.0, 3.0, 5.0]),
            (vec![2, 2], vec![3.0; 4]),
            (vec![], vec![5.0]),
            (vec![0, 4], vec![]),
        ]
    );
}

#[test]
fn every_class_of_storage_is_decoded() {
    let classes: [(&str, &[u8], Values); 10] = [
        ("DoubleStorage", &[0, 0, 0, 0, 0, 0, 0xf8, 0x3f], Values::F64(vec![1.5])),
        ("FloatStorage", &[0, 0, 0xc0, 0x3f], Values::F32(vec![1.5])),
        ("HalfStorage", &[0, 0x3e], Values::F32(vec![1.5])),
        ("BFloat16Storage", &[0xc0, 0x3f], Values::F32(vec![1.5])),
        ("LongStorage", &[0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], Values::I64(vec![-2])),
        ("IntStorage", &[0xfe, 0xff, 0xff, 0xff], Values::I64(vec![-2])),
        ("ShortStorage", &[0xfe, 0xff], Values::I64(vec![-2])),
        ("CharStorage", &[0xfe], Values::I64(vec![-2])),
        ("ByteStorage", &[0xfe], Values::I64(vec![254])),
        ("BoolStorage", &[1], Values::I64(vec![1])),
    ];
    for (class, bytes, expected) in classes {
        let value = dict([("w", tensor(storage(class, "k", 1), 0, &[1], &[1]))]);
        assert_eq!(both(&value, &[("k", 1, bytes.to_vec())])[0].1.values, expected, "{class}");
    }
}

#[test]
fn old_new_and_untyped_forms_of_a_tensor_are_read() {
    let function = |name| Box::new(Py::Class("torch._utils", name));
    let shape = || (ints(&[2]), ints(&[1]));
    let oldest = {
        let (shape, stride) = shape();
        Py::Call(function("_rebuild_tensor"), vec![storage("FloatStorage", "0", 6), Py::Int(1), shape, stride])
    };
    let untyped = {
        let (shape, stride) = shape();
        let Py::Persistent(id) = storage("FloatStorage", "1", 8) else { panic!("a storage") };
        let Py::Tuple(mut items) = *id else { panic!("a tuple") };
        items[1] = Py::Class("torch.storage", "UntypedStorage");
        let storage = Py::Persistent(Box::new(Py::Tuple(items)));
        let args = [Py::Bool(false), Py::None, Py::Class("torch", "float32")];
        Py::Call(function("_rebuild_tensor_v3"), [storage, Py::Int(0), shape, stride].into_iter().chain(args).collect())
    };
    let size = Py::Call(Box::new(Py::Class("torch", "Size")), vec![ints(&[2])]);
    let sized = Py::Call(
        function("_rebuild_tensor_v2"),
        vec![storage("FloatStorage", "0", 6), Py::Int(2), size, ints(&[1]), Py::Bool(true), Py::None],
    );
    let parameter = Py::Call(function("_rebuild_parameter"), vec![vector("0", 6), Py::Bool(true), Py::None]);
    let value = dict([("oldest", oldest), ("untyped", untyped), ("sized", sized), ("parameter", parameter)]);
    let read = both(&value, &[six(), ("1", 8, floats(&[7.0, 8.0]))]);
    let values: Vec<_> = read.iter().map(|(_, tensor)| tensor.values.to_f64()).collect();
    assert_eq!(values, [vec![1.0, 2.0], vec![7.0, 8.0], vec![2.0, 3.0], vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0]]);
}

#[test]
fn a_view_of_a_storage_in_very_old_files_is_read() {
    let Py::Persistent(id) = storage("FloatStorage", "0", 6) else { panic!("a storage") };
    let Py::Tuple(mut items) = *id else { panic!("a tuple") };
    items.push(Py::Tuple(vec![text("view"), Py::Int(2), Py::Int(3)]));
    let view = Py::Persistent(Box::new(Py::Tuple(items)));
    let value = dict([("w", tensor(view, 1, &[2], &[1]))]);
    assert_eq!(both(&value, &[six()])[0].1.values.to_f64(), [3.0, 4.0]);
}

#[test]
fn weights_are_found_wherever_a_checkpoint_keeps_them() {
    let weights = || ordered([("a.weight", vector("0", 6)), ("version", Py::Int(3))]);
    let optimizer = || dict([("state", Py::Dict(vec![(Py::Int(0), dict([("exp_avg", vector("0", 6))]))]))]);
    let beside =
        |key| dict([("epoch", Py::Int(7)), ("loss", Py::Float(0.5)), ("optimizer", optimizer()), (key, weights())]);
    for checkpoint in [
        weights(),
        beside("state_dict"),
        beside("model"),
        beside("net"),
        beside("model_state_dict"),
        beside("anything else"),
        dict([("model", beside("state_dict"))]),
        dict([("best", vector("0", 6)), ("state_dict", weights())]),
        dict([("ema", weights()), ("model", weights())]),
        Py::Built(Box::new(weights()), Box::new(dict([("_metadata", ordered([]))]))),
    ] {
        assert_eq!(names(&both(&checkpoint, &[six()])), ["a.weight"]);
    }
}

#[test]
fn an_ordered_dictionary_of_python_2_is_read() {
    let pairs = Py::List(vec![Py::List(vec![text("a"), vector("0", 6)])]);
    let value = Py::Call(Box::new(Py::Class("collections", "OrderedDict")), vec![pairs]);
    assert_eq!(names(&both(&value, &[six()])), ["a"]);
}

#[test]
fn the_last_of_two_equal_names_counts() {
    let value = dict([("a", vector("0", 6)), ("a", tensor(storage("FloatStorage", "0", 6), 5, &[1], &[1]))]);
    let read = both(&value, &[six()]);
    assert_eq!((read.len(), read[0].1.values.to_f64()), (1, vec![5.0]));
}

#[test]
fn what_holds_no_weights_is_said_to() {
    let read = |value: &Py| message(super::read_legacy(&legacy(value, &[])));
    assert!(read(&Py::List(vec![])).ends_with("expected a dictionary of named tensors, found a list"));
    let lone = message(super::read_legacy(&legacy(&vector("0", 6), &[six()])));
    assert!(lone.ends_with("found a tensor alone"), "{lone}");
    assert!(read(&dict([("epoch", Py::Int(1))])).ends_with("found none under `epoch`"));
    let two = dict([("first", ordered([("a", vector("0", 6))])), ("second", ordered([("b", vector("0", 6))]))]);
    let two = message(super::read_legacy(&legacy(&two, &[six()])));
    assert!(two.ends_with("found tensors under `first`, `second`"), "{two}");
}

#[test]
fn a_foreign_class_is_named_and_refused() {
    let call = Py::Call(Box::new(Py::Class("os", "system")), vec![text("touch executed")]);
    let value = dict([("w", vector("0", 6)), ("x", call)]);
    let old = message(super::read_legacy(&legacy(&value, &[six()])));
    let new = message(super::read_archive(&archive(&value, &[("0", six().2)])));
    for message in [&old, &new] {
        assert!(message.contains("found the class or function `os.system` (nothing was executed)"), "{message}");
    }
    assert!(new.contains("of record `archive/data.pkl`"), "{new}");
}

#[test]
fn a_tensor_beyond_its_storage_is_named_and_refused() {
    for (offset, shape, stride) in
        [(1, vec![6], vec![1]), (0, vec![i64::MAX, 4], vec![1, 1]), (0, vec![2], vec![1 << 62])]
    {
        let value = dict([("conv.weight", tensor(storage("FloatStorage", "0", 6), offset, &shape, &stride))]);
        let message = message(super::read_legacy(&legacy(&value, &[six()])));
        assert!(message.contains("a tensor within its storage of 6 elements"), "{message}");
        assert!(message.contains("`conv.weight`"), "{message}");
    }
    let negative = dict([("w", tensor(storage("FloatStorage", "0", 6), -1, &[1], &[1]))]);
    assert!(message(super::read_legacy(&legacy(&negative, &[six()]))).contains("a size of zero or more, found -1"));
}

#[test]
fn a_small_file_cannot_ask_for_much_memory() {
    let huge = tensor(storage("FloatStorage", "0", 6), 0, &[1 << 40], &[0]);
    let message = message(super::read_legacy(&legacy(&dict([("w", huge)]), &[six()])));
    assert!(message.contains("expected at most") && message.contains("elements in a file of"), "{message}");
    let unbounded = dict([("w", vector("0", i64::MAX))]);
    assert!(super::read_legacy(&legacy(&unbounded, &[("0", i64::MAX as u64, floats(&[1.0]))])).is_err());
    assert!(super::read_archive(&archive(&unbounded, &[("0", floats(&[1.0]))])).is_err());
}

#[test]
fn a_storage_of_another_size_than_declared_is_refused() {
    let value = dict([("w", vector("0", 6))]);
    let old = message(super::read_legacy(&legacy(&value, &[("0", 5, floats(&[0.0; 5]))])));
    assert!(old.contains("expected 6 elements in storage `0`, found 5"), "{old}");
    let new = message(super::read_archive(&archive(&value, &[("0", floats(&[0.0; 5]))])));
    assert!(new.contains("in record `archive/data/0`: expected 24 bytes (6 elements), found 20"), "{new}");
    let absent = message(super::read_archive(&archive(&value, &[])));
    assert!(absent.contains("expected a record `archive/data/0`, found none"), "{absent}");
    let absent = message(super::read_legacy(&legacy(&value, &[])));
    assert!(absent.contains("expected storage `0` in the list of storage keys"), "{absent}");
}

#[test]
fn a_file_cut_off_anywhere_is_refused() {
    let value = dict([("w", vector("0", 6))]);
    let old = legacy(&value, &[six()]);
    let new = archive(&value, &[("0", six().2)]);
    for end in 0..old.len() {
        assert!(super::read_legacy(&old[..end]).is_err(), "{end} of {}", old.len());
    }
    for end in 0..new.len() {
        assert!(super::read_archive(&new[..end]).is_err(), "{end} of {}", new.len());
    }
    let last = message(super::read_legacy(&old[..old.len() - 1]));
    assert!(last.contains("expected 24 bytes of storage `0`, found 23 (the file is cut off)"), "{last}");
}

#[test]
fn a_plain_pickle_is_told_from_a_file_of_pytorch() {
    let plain = message(super::read_legacy(&pickle(&dict([("a", Py::Int(1))]))));
    assert!(plain.contains("PyTorch's magic number, found a pickle of a dictionary that torch.save did not write"));
    let evil = Py::Call(Box::new(Py::Class("posix", "system")), vec![text("true")]);
    assert!(message(super::read_legacy(&pickle(&evil))).contains("`posix.system`"));
}

#[test]
fn an_archive_of_something_else_is_refused() {
    let record = |name: &str, bytes: &[u8]| (name.to_owned(), bytes.to_vec());
    let other = zip(&[record("a.npy", b"")], CompressionMethod::Stored);
    assert!(message(super::read_archive(&other)).contains("found one of `archive/a.npy`, …"));
    let two = zip(&[record("data.pkl", b""), record("b/data.pkl", b"")], CompressionMethod::Stored);
    assert!(message(super::read_archive(&two)).contains("expected one record `data.pkl`"));
    let empty = zip(&[], CompressionMethod::Stored);
    assert!(message(super::read_archive(&empty)).contains("found an empty one"));
    let big = zip(&[record("data.pkl", b"\x80\x02}."), record("byteorder", b"big")], CompressionMethod::Stored);
    assert!(message(super::read_archive(&big)).contains("expected `little` for the byte order, found `big`"));
}

#[test]
fn compressed_records_and_flipped_bits_are_refused() {
    let value = pickle(&dict([("w", vector("0", 6))]));
    let records = [("data.pkl".to_owned(), value), ("data/0".to_owned(), vec![0; 24])];
    let packed = message(super::read_archive(&zip(&records, CompressionMethod::Deflated)));
    assert!(packed.contains("a record stored uncompressed"), "{packed}");
    let mut stored = zip(&records, CompressionMethod::Stored);
    let at = stored.windows(24).position(|window| window == [0; 24]).unwrap();
    stored[at + 5] ^= 1;
    let flipped = message(super::read_archive(&stored));
    assert!(flipped.contains("bytes that match the record's checksum"), "{flipped}");
}
