//! Files that others trained and published. Expected numbers were computed from the raw bytes by a few lines of Python.

use crate::weights::{StateDict, Values, Wanted, assign, read};
use std::path::PathBuf;

/// A file of the shared folder beside the checkout, or `None` (said aloud) where there is none.
pub(super) fn shared(name: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data/weights").join(name);
    if path.is_file() {
        return Some(path);
    }
    println!("skipped: {} is not there", path.display());
    None
}

pub(super) const RESNET: &str = "akamaster_resnet20-12fca82f.th";
pub(super) const SMALLCNN: &str = "trades_model_mnist_smallcnn.pt";

fn values(dict: &StateDict, name: &str) -> Vec<f64> {
    let tensor = dict.get(name).unwrap();
    assert!(matches!(tensor.values, Values::F32(_)));
    tensor.values.to_f64()
}

#[test]
fn a_published_resnet_is_read_from_its_state_dict() {
    let Some(path) = shared(RESNET) else { return };
    let dict = read(&path).unwrap();
    assert_eq!(dict.len(), 97);
    assert_eq!(dict.iter().map(|(_, tensor)| tensor.values.len()).sum::<usize>(), 271_098);
    assert_eq!(dict.iter().next().unwrap().0, "module.conv1.weight");
    assert_eq!(dict.get("module.conv1.weight").unwrap().shape, [16, 3, 3, 3]);
    let first = values(&dict, "module.conv1.weight");
    assert_eq!(first[..2], [-0.138_181_462_883_949_28, -0.162_417_680_025_100_7]);
    assert!((first.iter().sum::<f64>() - 1.310_098_200_003_267_3).abs() < 1e-12);
    assert!((values(&dict, "module.linear.weight").iter().sum::<f64>() + 0.045_627_388_637_512_93).abs() < 1e-12);
    assert_eq!(dict.first_non_finite(), None);
    assert_eq!(dict.source(), Some(path.as_path()));
}

#[test]
fn a_published_mnist_network_is_read_from_its_plain_dictionary() {
    let Some(path) = shared(SMALLCNN) else { return };
    let dict = read(&path).unwrap();
    assert_eq!(dict.len(), 14);
    assert_eq!(dict.iter().map(|(_, tensor)| tensor.values.len()).sum::<usize>(), 312_202);
    assert_eq!(dict.get("classifier.fc3.weight").unwrap().shape, [10, 200]);
    let last = values(&dict, "classifier.fc3.bias");
    assert_eq!(last[..2], [0.065_089_143_812_656_4, 0.493_505_299_091_339_1]);
    assert!(
        (values(&dict, "feature_extractor.conv1.weight").iter().sum::<f64>() + 18.946_480_975_509_985).abs() < 1e-12
    );
}

#[test]
fn the_prefix_of_data_parallel_training_goes_when_the_model_has_none() {
    let Some(path) = shared(RESNET) else { return };
    let dict = read(&path).unwrap();
    let names: Vec<(String, Vec<usize>)> = dict
        .iter()
        .map(|(name, tensor)| (name.strip_prefix("module.").unwrap().to_owned(), tensor.shape.clone()))
        .collect();
    let wanted: Vec<Wanted> = names.iter().rev().map(|(name, shape)| Wanted { name, shape, required: true }).collect();
    let tensors = assign(&dict, &wanted).unwrap();
    assert_eq!(tensors[0], dict.get("module.linear.bias"));
    assert_eq!(tensors[96], dict.get("module.conv1.weight"));
    let message = assign(&dict, &wanted[1..]).unwrap_err().to_string();
    assert!(message.contains("1 extra tensor: module.linear.bias [10]"), "{message}");
    assert!(message.contains(RESNET), "{message}");
}
