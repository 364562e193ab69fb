use super::*;
use crate::pickle::MAX_OPERATIONS;
use proptest::prelude::*;
use std::fs;

/// Pixels that differ between samples, planes and places.
fn pixels(samples: usize) -> Vec<u8> {
    (0..samples * PIXELS).map(|i| (i * 7 + i / PIXELS) as u8).collect()
}

fn binary_ten(labels: &[u8]) -> Vec<u8> {
    let images = pixels(labels.len());
    labels.iter().zip(images.chunks(PIXELS)).flat_map(|(&label, image)| [&[label], image].concat()).collect()
}

/// A batch as Python 2 and numpy 1 wrote the official files.
fn pickled(key: &str, labels: &[u8], columns: u16, by_columns: bool, contents: &[u8]) -> Vec<u8> {
    let string = [b"T", (contents.len() as u32).to_le_bytes().as_slice(), contents].concat();
    pickled_with(key, labels, columns, by_columns, &string)
}

/// The same, with the operations that leave the pixels on the stack.
fn pickled_with(key: &str, labels: &[u8], columns: u16, by_columns: bool, contents: &[u8]) -> Vec<u8> {
    let text = |text: &str| [&[b'U', text.len() as u8], text.as_bytes()].concat();
    let rows = labels.len() as u16;
    let mut out = b"\x80\x02}q\x01(".to_vec();
    out.extend([text("batch_label"), text("testing batch 1 of 1"), text(key)].concat());
    out.extend(b"]q\x02(");
    labels.iter().for_each(|label| out.extend([b'K', *label]));
    out.push(b'e');
    out.extend(text("data"));
    out.extend(b"cnumpy.core.multiarray\n_reconstruct\nq\x03cnumpy\nndarray\nq\x04K\x00\x85U\x01b\x87Rq\x05(K\x01");
    out.extend([&b"M"[..], &rows.to_le_bytes(), b"M", &columns.to_le_bytes(), b"\x86"].concat());
    out.extend(
        b"cnumpy\ndtype\nq\x06U\x02u1K\x00K\x01\x87Rq\x07(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb",
    );
    out.push(if by_columns { 0x88 } else { 0x89 });
    out.extend(contents);
    out.extend(b"tbu.");
    out
}

fn put(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    dir
}

fn refusal(variant: Variant, name: &str, bytes: &[u8]) -> String {
    let dir = put(&[(name, bytes)]);
    let error = load(variant, dir.path(), Split::Test).unwrap_err().to_string();
    error.replace(&format!("{}{}", dir.path().display(), std::path::MAIN_SEPARATOR), "")
}

#[test]
fn both_layouts_give_the_same_pixels_and_hash() {
    let binary = put(&[("cifar-10-batches-bin/test_batch.bin", &binary_ten(&[3, 9]))]);
    let python = put(&[("cifar-10-batches-py/test_batch", &pickled("labels", &[3, 9], 3072, false, &pixels(2)))]);
    let [binary, python] = [binary, python].map(|dir| load(Variant::Ten, dir.path(), Split::Test).unwrap());
    assert_eq!((binary.labels.as_slice(), binary.image(1)), (&[3, 9][..], &pixels(2)[PIXELS..]));
    assert_eq!(binary.notices, ["cifar10 test: 2 samples, where the official files hold 10000"]);
    assert_eq!(binary.hash(), python.hash());
    assert_eq!(binary, python);
}

#[test]
fn the_five_training_batches_are_joined_in_order() {
    let batches: Vec<_> = (1..=5u8).map(|n| (format!("data_batch_{n}.bin"), binary_ten(&[n, n + 1]))).collect();
    let files: Vec<(&str, &[u8])> = batches.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    let data = load(Variant::Ten, put(&files).path(), Split::Train).unwrap();
    assert_eq!(data.labels, [1, 2, 2, 3, 3, 4, 4, 5, 5, 6]);
    let error = load(Variant::Ten, put(&files[..4]).path(), Split::Train).unwrap_err().to_string();
    assert!(error.contains("expected data_batch_5.bin in") && error.contains("only 4 of the train files"), "{error}");
}

#[test]
fn the_fine_label_is_the_class_of_cifar100() {
    let record = [&[19, 99], pixels(1).as_slice()].concat();
    let data = load(Variant::Hundred, put(&[("test.bin", &record)]).path(), Split::Test).unwrap();
    assert_eq!((data.labels.as_slice(), data.classes, data.class_names.len()), (&[99][..], 100, 100));
    let pickle = pickled("fine_labels", &[99], 3072, false, &pixels(1));
    assert_eq!(load(Variant::Hundred, put(&[("test", &pickle)]).path(), Split::Test).unwrap(), data);
}

#[test]
fn a_truncated_record_names_the_byte() {
    assert_eq!(
        refusal(Variant::Ten, "test_batch.bin", &binary_ten(&[1, 2])[..6000]),
        "test_batch.bin: at byte 3073: expected record 1 of 3073 bytes, found 2927 bytes \
         (the file is cut off, or of another layout)"
    );
}

#[test]
fn a_label_beyond_the_classes_names_byte_and_sample() {
    assert_eq!(
        refusal(Variant::Ten, "test_batch.bin", &binary_ten(&[1, 10])),
        "test_batch.bin: at byte 3073: expected a label below 10, found label 10 (of sample 1)"
    );
    let records = [&[0, 0], pixels(1).as_slice(), &[20, 0], &pixels(1)].concat();
    assert!(refusal(Variant::Hundred, "test.bin", &records).contains("at byte 3074: expected a coarse label below 20"));
    let error = refusal(Variant::Ten, "test_batch", &pickled("labels", &[1, 12], 3072, false, &pixels(2)));
    assert!(
        error.ends_with("expected labels below 10 under the key `labels`, found label 12 (of sample 1)"),
        "{error}"
    );
    assert!(error.starts_with("test_batch: at byte 43:"), "{error}");
}

#[test]
fn one_set_under_the_name_of_the_other_is_refused() {
    assert!(refusal(Variant::Hundred, "test.bin", &binary_ten(&[1, 2])).contains("at byte 3074: expected record 1"));
    let error = refusal(Variant::Hundred, "test", &pickled("labels", &[1], 3072, false, &pixels(1)));
    assert!(
        error.contains("a dictionary with the key `fine_labels`, found the keys [\"batch_label\", \"labels\""),
        "{error}"
    );
}

#[test]
fn foreign_files_are_named_for_what_they_are() {
    let error = refusal(Variant::Ten, "test_batch.bin", b"<html>not found</html>");
    assert!(error.ends_with("expected records of 3073 bytes, found a web page (a failed download?)"), "{error}");
    let error = refusal(Variant::Ten, "test_batch.bin", &pickled("labels", &[1], 3072, false, &pixels(1)));
    assert!(error.ends_with("the whole is a Python pickle"), "{error}");
    let error = refusal(Variant::Ten, "test_batch", &[0x1f, 0x8b, 8, 0]);
    assert_eq!(error, "test_batch: at byte 0: expected a pickled batch, found a gzip file");
}

#[test]
fn a_pickle_that_would_run_code_is_refused_by_name() {
    let error = refusal(Variant::Ten, "test_batch", b"\x80\x02cos\nsystem\nU\x02ls\x85R.");
    assert!(error.starts_with("test_batch: byte 2 of the pickle: ") && error.contains("`os.system`"), "{error}");
}

#[test]
fn an_array_of_another_shape_is_refused() {
    for (columns, contents) in [(3071, pixels(1)), (3072, pixels(2)), (3072, vec![])] {
        let error = refusal(Variant::Ten, "test_batch", &pickled("labels", &[1], columns, false, &contents));
        let found = format!("found shape [1, {columns}] with {} bytes", contents.len());
        assert!(error.contains("expected an array of shape [1, 3072]") && error.ends_with(&found), "{error}");
    }
    let error = refusal(Variant::Ten, "test_batch", &pickled("labels", &[], 3072, false, &[]));
    assert!(error.contains("expected an array of shape [0, 3072]"), "{error}");
}

#[test]
fn an_array_by_columns_is_turned() {
    let rows = pixels(3);
    let columns: Vec<u8> = (0..PIXELS).flat_map(|pixel| [0, 1, 2].map(|row| rows[row * PIXELS + pixel])).collect();
    let dir = put(&[("test_batch", &pickled("labels", &[1, 2, 3], 3072, true, &columns))]);
    assert_eq!(load(Variant::Ten, dir.path(), Split::Test).unwrap().images, rows);
}

#[test]
fn bytes_that_python_3_wrote_as_text_are_turned_back() {
    let text: String = pixels(1).into_iter().map(char::from).collect();
    let length = (text.len() as u32).to_le_bytes();
    let encoding = |name: &str| [b"X\x06\0\0\0", name.as_bytes(), b"\x86R"].concat();
    let start = [b"c_codecs\nencode\nX", length.as_slice(), text.as_bytes()].concat();
    let with = |name| pickled_with("labels", &[1], 3072, false, &[start.clone(), encoding(name)].concat());
    let dir = put(&[("test_batch", &with("latin1"))]);
    assert_eq!(load(Variant::Ten, dir.path(), Split::Test).unwrap().images, pixels(1));
    assert!(refusal(Variant::Ten, "test_batch", &with("cp1252")).contains("expected a numpy array of unsigned bytes"));
}

#[test]
fn a_missing_folder_names_both_layouts_and_the_mend() {
    let error = load(Variant::Hundred, Path::new("no/such/folder"), Split::Test).unwrap_err().to_string();
    assert_eq!(
        error,
        "cifar100: expected test.bin (there or in cifar-100-binary) or test (there or in cifar-100-python) in \
         no/such/folder, found no such folder; `hesse data fetch cifar100 --dir no/such/folder` downloads them"
    );
}

#[test]
fn the_official_pickles_stay_below_the_bound_on_operations() {
    // A name, its memo number, and two labels for each of 50,000 samples.
    const { assert!(50_000 * 4 * 4 < MAX_OPERATIONS) };
}

fn shared(name: &str) -> Option<std::path::PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data").join(name);
    if !path.exists() {
        println!("skipped: {} is absent", path.display());
        return None;
    }
    Some(path)
}

#[test]
fn parts_of_the_real_sets_are_read_with_their_counts() {
    for (variant, folder, train, test) in
        [(Variant::Ten, "cifar-10", 8_336, 1_017), (Variant::Hundred, "cifar-100", 1_117, 916)]
    {
        let Some(dir) = shared(folder) else { return };
        for (split, count) in [(Split::Train, train), (Split::Test, test)] {
            let data = load(variant, &dir, split).unwrap();
            assert_eq!((data.len(), data.notices.len()), (count, 1));
        }
    }
}

#[test]
fn the_names_of_the_classes_are_those_of_the_real_sets() {
    for (variant, file) in
        [(Variant::Ten, "cifar-10/batches.meta.txt"), (Variant::Hundred, "cifar-100/fine_label_names.txt")]
    {
        let Some(path) = shared(file) else { return };
        let published = fs::read_to_string(path).unwrap();
        assert_eq!(names::of(variant), published.split_whitespace().collect::<Vec<_>>());
    }
}

#[test]
fn a_real_truncated_pickle_is_refused_clearly() {
    let Some(path) = shared("bad/cifar10_test_batch_truncated.pickle") else { return };
    let error = refusal(Variant::Ten, "test_batch", &fs::read(path).unwrap());
    let start = "test_batch: byte 20212 of the pickle: expected 30720000 more bytes";
    assert!(error.starts_with(start) && error.contains("found 3125511 "), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_bytes_make_the_binary_reader_panic(bytes in prop::collection::vec(0u8..12, 0..10_000)) {
        let _ = binary::parse(&bytes, Variant::Ten);
        let _ = binary::parse(&bytes, Variant::Hundred);
    }

    #[test]
    fn no_damage_to_a_pickle_makes_the_reader_panic(
        edits in prop::collection::vec((0usize..300, any::<u8>()), 1..4),
        end in prop::option::of(0usize..3500),
    ) {
        let mut bytes = pickled("labels", &[1], 3072, false, &pixels(1));
        edits.iter().for_each(|&(at, byte)| bytes[at] = byte);
        bytes.truncate(end.unwrap_or(bytes.len()));
        let contents = file::Contents { path: "hostile".into(), bytes, unpacked: false };
        let _ = python::parse(&contents, Variant::Ten);
    }
}
