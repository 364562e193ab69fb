//! One clear error for each thing that is no file of weights.

use crate::weights::test_support::{Py, dict, floats, legacy, pickle, text, vector};
use crate::weights::{WeightsError, read, read_metadata};
use std::fs;

fn message(content: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.pt");
    fs::write(&path, content).unwrap();
    let error = read(&path).unwrap_err();
    let message = error.to_string();
    assert!(message.contains("weights.pt"), "{message}");
    assert!(read_metadata(&path).is_ok() || !matches!(error, WeightsError::Io { .. }));
    message
}

#[test]
fn a_missing_file_and_a_directory_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let missing = read(&folder.path().join("none.pt")).unwrap_err();
    assert!(matches!(missing, WeightsError::Io { operation: "read weights from", .. }));
    assert!(missing.to_string().contains("none.pt"));
    let directory = read(folder.path()).unwrap_err().to_string();
    assert!(directory.ends_with("found a directory"), "{directory}");
}

#[test]
fn what_is_no_file_of_weights_is_described() {
    for (content, found) in [
        (&b""[..], ": expected a file of weights (safetensors, or PyTorch's .pt, .pth or .th), found an empty file"),
        (b"Dear diary,\n", "found text that begins with `Dear diary,\\n`"),
        (b"cat\nsat on the mat.", "found text that begins with `cat\\nsat"),
        (b"<!DOCTYPE html><html>", "(a web page instead of the file?)"),
        (b"version https://git-lfs.github.com/spec/v1\noid", "a Git LFS pointer"),
        (b"\x1f\x8b\x08\x00", "a gzip archive"),
        (b"\x00\x01\x02\x03", "at byte 0: expected a file of weights"),
        (b"\x00\x01\x02\x03", "the bytes 00 01 02 03"),
    ] {
        let message = message(content);
        assert!(message.contains(found), "{message}");
    }
}

#[test]
fn a_tar_archive_of_the_first_pytorch_is_recognised() {
    let mut tar = vec![0u8; 1024];
    tar[..8].copy_from_slice(b"storages");
    tar[257..262].copy_from_slice(b"ustar");
    assert!(message(&tar).contains("a tar archive"));
}

#[test]
fn a_plain_pickle_is_not_taken_for_weights() {
    let message = message(&pickle(&dict([("a", Py::List(vec![Py::Int(1)]))])));
    assert!(message.contains("at byte 0: expected PyTorch's magic number"), "{message}");
}

#[test]
fn a_pickle_that_would_run_a_command_is_refused_and_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let proof = folder.path().join("executed");
    let command = format!("touch {}", proof.display());
    let call = || Py::Call(Box::new(Py::Class("os", "system")), vec![text(&command)]);
    let text_protocol = format!("cos\nsystem\n(S'{command}'\ntR.").into_bytes();
    for (content, place) in [
        (legacy(&dict([("w", call())]), &[]), "at byte "),
        (legacy(&call(), &[]), "at byte "),
        (pickle(&call()), "at byte 2"),
        (text_protocol, "at byte 0"),
    ] {
        let path = folder.path().join("weights.pt");
        fs::write(&path, content).unwrap();
        let error = read(&path).unwrap_err();
        assert!(matches!(&error, WeightsError::Foreign { class, .. } if class == "os.system"), "{error}");
        assert!(error.to_string().contains(place), "{error}");
    }
    assert!(!proof.exists());
}

#[test]
fn a_file_cut_off_says_where_it_ends_and_what_is_missing() {
    let whole = legacy(&dict([("w", vector("0", 6))]), &[("0", 6, floats(&[0.5; 6]))]);
    let message = message(&whole[..whole.len() - 10]);
    let byte = whole.len() - 24;
    assert!(message.contains(&format!("at byte {byte}: expected 24 bytes of storage `0`, found 14")), "{message}");
}

#[test]
fn a_safetensors_file_with_a_wrong_header_is_refused_with_the_tensor() {
    let file = |header: &str, data: usize| {
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header.as_bytes());
        bytes.resize(bytes.len() + data, 0);
        bytes
    };
    let one = |dtype: &str, shape: &str, begin: u64, end: u64| {
        format!(r#"{{"w.a":{{"dtype":"{dtype}","shape":{shape},"data_offsets":[{begin},{end}]}}}}"#)
    };
    for (bytes, found) in [
        (file(&one("F32", "[2]", 0, 8), 7), "expected data of at least 8 bytes, found 7"),
        (file(&one("F32", "[2]", 0, 8), 9), "expected 8 bytes of data, as the header declares, found 9"),
        (
            file(&one("F32", "[3]", 0, 8), 8),
            "expected bytes for [3] elements of type F32, found 8 bytes (tensor `w.a`)",
        ),
        (file(&one("F32", "[2]", 4, 12), 12), "the next begins at 4 (tensor `w.a`)"),
        (file(&one("F8_E4M3", "[8]", 0, 8), 8), "a known element type such as F32, found `F8_E4M3` (tensor `w.a`)"),
        (file(&one("C64", "[1]", 0, 8), 8), "expected real numbers, found complex numbers (tensor `w.a`)"),
        (file(&one("F32", "[18446744073709551615,2]", 0, 8), 8), "(tensor `w.a`)"),
        (file(&one("F32", "[2305843009213693951]", 0, 18_446_744_073_709_551_612), 8), "(tensor `w.a`)"),
        (file(&one("F32", "[-1]", 0, 8), 8), "(tensor `w.a`)"),
        (file(&one("F32", "[2]", 8, 0), 8), "(tensor `w.a`)"),
        (file("{\"__metadata__\":3}", 0), "expected strings by name under `__metadata__`"),
        (file("{not json", 0), "expected a safetensors header in JSON"),
        (b"\xff\x00\x00\x00\x00\x00\x00\x00{}".to_vec(), "expected a safetensors header of 255 bytes, found 2"),
    ] {
        let message = message(&bytes);
        assert!(message.contains(found), "{message}");
    }
}
