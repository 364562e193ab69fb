//! What is written can be read back, here and by the format's reference implementation.

use crate::weights::{StateDict, TensorData, Values, WeightsError, read, read_metadata, write_safetensors};
use ::safetensors::{Dtype, SafeTensors, serialize, tensor::TensorView};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::fs;

fn tensor(shape: &[usize], values: Values) -> TensorData {
    TensorData { shape: shape.to_vec(), values }
}

fn metadata() -> BTreeMap<String, String> {
    [("model", "resnet20"), ("seed", "7"), ("note", "a \"quoted\"\nline")]
        .map(|(k, v)| (k.to_owned(), v.to_owned()))
        .into()
}

fn entries(dict: &StateDict) -> Vec<(&str, &TensorData)> {
    dict.iter().collect()
}

#[test]
fn tensors_and_metadata_come_back_as_they_were_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("w.safetensors");
    let dict: StateDict = [
        ("z", tensor(&[2, 2], Values::F64(vec![1.0, -0.0, f64::MIN_POSITIVE, 1e300]))),
        ("count", tensor(&[], Values::I64(vec![i64::MIN]))),
        ("b", tensor(&[3], Values::F32(vec![f32::MAX, -1e-45, 0.1]))),
        ("a", tensor(&[0, 5], Values::F32(vec![]))),
    ]
    .into_iter()
    .map(|(name, tensor)| (name.to_owned(), tensor))
    .collect();
    write_safetensors(&path, &dict, &metadata()).unwrap();
    let back = read(&path).unwrap();
    assert_eq!(back.len(), 4);
    dict.iter().for_each(|(name, tensor)| assert_eq!(back.get(name), Some(tensor)));
    assert_eq!(read_metadata(&path).unwrap(), metadata());

    let bytes = fs::read(&path).unwrap();
    let other = SafeTensors::deserialize(&bytes).unwrap();
    assert_eq!(other.tensor("b").unwrap().dtype(), Dtype::F32);
    assert_eq!(other.tensor("count").unwrap().data(), i64::MIN.to_le_bytes());
    let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
    assert_eq!(header.metadata().clone().unwrap().into_iter().collect::<BTreeMap<_, _>>(), metadata());
}

#[test]
fn the_same_tensors_give_the_same_bytes_in_the_order_of_the_network() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (folder.path().join("1"), folder.path().join("2"));
    let dict: StateDict = ["conv2", "conv10", "bias"]
        .map(|name| (name.to_owned(), tensor(&[1], Values::F32(vec![1.5]))))
        .into_iter()
        .collect();
    write_safetensors(&first, &dict, &metadata()).unwrap();
    write_safetensors(&second, &dict, &metadata()).unwrap();
    assert_eq!(fs::read(&first).unwrap(), fs::read(&second).unwrap());
    assert_eq!(
        read(&first).unwrap().iter().map(|(name, _)| name.to_owned()).collect::<Vec<_>>(),
        ["conv2", "conv10", "bias"]
    );
}

#[test]
fn files_of_the_reference_implementation_are_read() {
    let half = TensorView::new(Dtype::F16, vec![2], &[0, 0x3c, 0, 0xc0]).unwrap();
    let flags = TensorView::new(Dtype::BOOL, vec![1, 3], &[1, 0, 1]).unwrap();
    let bytes = serialize([("half", half), ("flags", flags)], None).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("no-extension");
    fs::write(&path, bytes).unwrap();
    let dict = read(&path).unwrap();
    assert_eq!(dict.get("half"), Some(&tensor(&[2], Values::F32(vec![1.0, -2.0]))));
    assert_eq!(dict.get("flags"), Some(&tensor(&[1, 3], Values::I64(vec![1, 0, 1]))));
    assert!(read_metadata(&path).unwrap().is_empty());
}

#[test]
fn what_cannot_be_written_is_named_and_leaves_the_old_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("w.safetensors");
    fs::write(&path, "old").unwrap();
    for (name, shape, found) in
        [("w", vec![3], "found 2"), ("w", vec![usize::MAX, 9], "found 2"), ("__metadata__", vec![2], "reserve")]
    {
        let dict: StateDict = [(name.to_owned(), tensor(&shape, Values::F32(vec![0.0; 2])))].into_iter().collect();
        let error = write_safetensors(&path, &dict, &BTreeMap::new()).unwrap_err();
        assert!(matches!(error, WeightsError::Unwritable { .. }));
        assert!(error.to_string().contains(found), "{error}");
    }
    let nowhere = folder.path().join("no folder/w");
    let error = write_safetensors(&nowhere, &StateDict::new(), &BTreeMap::new()).unwrap_err();
    assert!(matches!(error, WeightsError::Io { operation: "write weights to", .. }), "{error}");
    assert_eq!(fs::read(&path).unwrap(), b"old");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn the_first_number_that_is_none_is_found() {
    let mut dict = StateDict::new();
    dict.insert("a", tensor(&[2], Values::F32(vec![0.0, 1.0])));
    dict.insert("b", tensor(&[3], Values::F64(vec![0.0, f64::NEG_INFINITY, f64::NAN])));
    assert_eq!(dict.first_non_finite(), Some(("b".to_owned(), 1)));
    dict.insert("a", tensor(&[2], Values::F32(vec![f32::NAN, 1.0])));
    assert_eq!(dict.first_non_finite(), Some(("a".to_owned(), 0)));
    assert_eq!(dict.len(), 2);
}

fn any_tensor() -> impl Strategy<Value = TensorData> {
    let shape = prop::collection::vec(0usize..4, 0..4);
    (shape, 0..3, any::<u64>()).prop_map(|(shape, kind, seed)| {
        let count = shape.iter().product::<usize>() as u64;
        let bits = (0..count).map(|at| seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(at << 40));
        let values = match kind {
            // Finite, since NaN is unequal to itself.
            0 => Values::F32(bits.map(|bits| bits as f32).collect()),
            1 => Values::F64(bits.map(|bits| bits as f64).collect()),
            _ => Values::I64(bits.map(|bits| bits as i64).collect()),
        };
        TensorData { shape, values }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_dictionary_survives_the_round_trip(
        tensors in prop::collection::btree_map("\\PC{0,12}", any_tensor(), 0..6),
        metadata in prop::collection::btree_map("\\PC{0,8}", "\\PC{0,8}", 0..3),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("w");
        let dict: StateDict = tensors.into_iter().collect();
        write_safetensors(&path, &dict, &metadata).unwrap();
        let back = read(&path).unwrap();
        let sorted = |dict| { let mut all = entries(dict); all.sort_by_key(|(name, _)| (*name).to_owned()); all };
        prop_assert_eq!(sorted(&back), sorted(&dict));
        prop_assert_eq!(read_metadata(&path).unwrap(), metadata);
        let bytes = fs::read(&path).unwrap();
        let other = SafeTensors::deserialize(&bytes).unwrap();
        prop_assert_eq!(other.len(), dict.len());
    }
}
