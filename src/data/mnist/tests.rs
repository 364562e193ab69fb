use super::*;
use proptest::prelude::*;
use std::fs;

fn pictures(count: u32, side: u32, bytes: usize) -> Vec<u8> {
    let mut file = vec![0, 0, 8, 3];
    [count, side, side].iter().for_each(|extent| file.extend(extent.to_be_bytes()));
    file.extend((0..bytes).map(|i| i as u8));
    file
}

fn labels(labels: &[u8]) -> Vec<u8> {
    let mut file = vec![0, 0, 8, 1];
    file.extend((labels.len() as u32).to_be_bytes());
    file.extend(labels);
    file
}

fn folder(images: &[u8], classes: &[u8]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("t10k-images-idx3-ubyte"), images).unwrap();
    fs::write(dir.path().join("t10k-labels-idx1-ubyte"), classes).unwrap();
    dir
}

fn refusal(images: &[u8], classes: &[u8]) -> String {
    let dir = folder(images, classes);
    let error = load(dir.path(), Split::Test).unwrap_err().to_string();
    error.replace(&format!("{}{}", dir.path().display(), std::path::MAIN_SEPARATOR), "")
}

#[test]
fn a_part_of_the_set_is_read_with_a_notice_of_the_count() {
    let data = load(folder(&pictures(2, 28, 1568), &labels(&[7, 1])).path(), Split::Test).unwrap();
    assert_eq!((data.labels.as_slice(), data.images.len(), data.sample_shape()), (&[7, 1][..], 1568, [1, 28, 28]));
    assert_eq!(data.image(1)[..3], [16, 17, 18]);
    assert_eq!(data.notices, ["mnist test: 2 samples, where the official files hold 10000"]);
}

#[test]
fn both_spellings_and_the_torchvision_folder_are_found() {
    let dir = tempfile::tempdir().unwrap();
    let raw = dir.path().join("MNIST").join("raw");
    fs::create_dir_all(&raw).unwrap();
    fs::write(raw.join("train-images.idx3-ubyte"), pictures(1, 28, 784)).unwrap();
    fs::write(raw.join("train-labels.idx1-ubyte"), labels(&[3])).unwrap();
    assert_eq!(load(dir.path(), Split::Train).unwrap().labels, [3]);
}

#[test]
fn a_truncated_record_names_the_byte() {
    assert_eq!(
        refusal(&pictures(2, 28, 1567), &labels(&[7, 1])),
        "t10k-images-idx3-ubyte: at byte 1583: expected 2 pictures up to byte 1584, \
         found the end of the file after 1 of them"
    );
}

#[test]
fn bytes_after_the_last_record_are_refused() {
    assert_eq!(
        refusal(&pictures(2, 28, 1570), &labels(&[7, 1])),
        "t10k-images-idx3-ubyte: at byte 1584: expected the end of 2 pictures, found 2 more bytes"
    );
}

#[test]
fn pictures_of_another_size_are_refused() {
    assert_eq!(
        refusal(&pictures(1, 32, 1024), &labels(&[7])),
        "t10k-images-idx3-ubyte: at byte 8: expected 28 rows, found 32"
    );
}

#[test]
fn a_label_beyond_the_classes_names_the_sample() {
    assert_eq!(
        refusal(&pictures(2, 28, 1568), &labels(&[7, 10])),
        "t10k-labels-idx1-ubyte: at byte 9: expected a label below 10, found label 10 (of sample 1)"
    );
}

#[test]
fn labels_and_pictures_must_be_as_many() {
    let error = refusal(&pictures(2, 28, 1568), &labels(&[7, 1, 2]));
    assert!(error.starts_with("t10k-labels-idx1-ubyte: at byte 4: expected 2 labels"), "{error}");
    assert!(error.ends_with("found 3"), "{error}");
}

#[test]
fn labels_in_place_of_pictures_are_recognised() {
    assert_eq!(
        refusal(&labels(&[1]), &labels(&[1])),
        "t10k-images-idx3-ubyte: at byte 0: expected an IDX file of pictures (00 00 08 03), found an IDX file of labels"
    );
}

#[test]
fn a_huge_count_neither_overflows_nor_allocates() {
    let error = refusal(&pictures(u32::MAX, 28, 784), &labels(&[1]));
    assert!(error.contains("expected 4294967295 pictures"), "{error}");
}

#[test]
fn a_missing_folder_names_the_files_and_the_mend() {
    let error = load(Path::new("no/such/folder"), Split::Test).unwrap_err().to_string();
    assert!(error.contains("t10k-images-idx3-ubyte.gz") && error.contains("no such folder"), "{error}");
    assert!(error.ends_with("`hesse data fetch mnist --dir no/such/folder` downloads them"), "{error}");
}

#[test]
fn the_official_test_set_has_its_known_counts() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/mnist");
    if !dir.is_dir() {
        println!("skipped: {} is absent", dir.display());
        return;
    }
    let data = load(&dir, Split::Test).unwrap();
    assert_eq!((data.len(), data.notices.len()), (10_000, 0));
    assert_eq!(data.labels[..5], [7, 2, 1, 0, 4]);
    assert_eq!(data.labels.iter().filter(|&&label| label == 0).count(), 980);
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..64),
        plausible in any::<bool>(),
        dims in 1u8..4,
    ) {
        let mut bytes = bytes;
        if plausible {
            bytes.splice(..bytes.len().min(4), [0, 0, 8, dims]);
        }
        let _ = idx::pictures(&bytes, 28);
        let _ = idx::labels(&bytes, 10);
    }
}
