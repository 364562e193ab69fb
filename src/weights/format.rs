//! Which format a file is in, told by its content: `.pt` and `.pth` are used for three layouts and renamed at will.

use super::error::Fault;
use crate::pickle::shown;

/// The layouts that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Safetensors,
    /// PyTorch's layout since 1.6: a zip archive of a pickle and one record for each storage.
    TorchArchive,
    /// A pickle, perhaps PyTorch's older layout.
    Pickle,
}

/// Bytes from the start that decide the format and let an unknown one be described.
pub(super) const NEEDED: u64 = 512;

/// Most bytes of a safetensors header; the format's reference implementation has the same limit.
pub(super) const MAX_HEADER: u64 = 100_000_000;

/// Recognises a format by the first [`NEEDED`] bytes, or says what the file is instead.
pub(super) fn recognise(bytes: &[u8]) -> Result<Format, Fault> {
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") {
        return Ok(Format::TorchArchive);
    }
    if let Some((length, rest)) = bytes.split_first_chunk::<8>()
        && u64::from_le_bytes(*length) <= MAX_HEADER
        && rest.first() == Some(&b'{')
    {
        return Ok(Format::Safetensors);
    }
    if looks_like_pickle(bytes) {
        return Ok(Format::Pickle);
    }
    let expected = "a file of weights (safetensors, or PyTorch's .pt, .pth or .th)";
    Err(if bytes.is_empty() {
        Fault::new(expected, "an empty file")
    } else {
        Fault::new(expected, describe(bytes)).at(0)
    })
}

/// Binary pickles say so. Those of the text protocol begin like text, so only openings that no prose has count.
fn looks_like_pickle(bytes: &[u8]) -> bool {
    let binary = bytes.first() == Some(&0x80) && bytes.get(1).is_some_and(|&protocol| protocol < 16);
    let class = bytes.strip_prefix(b"(").unwrap_or(bytes).strip_prefix(b"c").is_some_and(names_a_class)
        && bytes.last() == Some(&b'.');
    let containers: [&[u8]; 6] = [b"(dp", b"(lp", b"(tp", b"}q\x00", b"]q\x00", b"L119547037146038801333356L\n"];
    binary || class || containers.iter().any(|opening| bytes.starts_with(opening))
}

/// Whether the text holds a module and a name on a line each, as the opcode `c` has them.
fn names_a_class(text: &[u8]) -> bool {
    let mut lines = text.splitn(3, |&byte| byte == b'\n');
    let mut identifier = || {
        let line = lines.next().unwrap_or_default();
        !line.is_empty() && line.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.'))
    };
    identifier() && identifier() && text.iter().filter(|&&byte| byte == b'\n').count() >= 2
}

fn describe(bytes: &[u8]) -> String {
    let known: [(&[u8], &str); 8] = [
        (b"version https://git-lfs", "a Git LFS pointer; the file itself was not fetched"),
        (b"\x1f\x8b", "a gzip archive; unpack it first"),
        (b"\x89HDF", "an HDF5 file, as Keras writes"),
        (b"\x93NUMPY", "a NumPy array"),
        (b"\x89PNG", "a PNG picture"),
        (b"GGUF", "a GGUF file"),
        (b"\x7fELF", "a program"),
        (b"7z\xbc\xaf", "a 7-Zip archive; unpack it first"),
    ];
    if let Some((_, what)) = known.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return (*what).to_owned();
    }
    if bytes.get(257..262) == Some(b"ustar") {
        return "a tar archive (PyTorch before 0.1.10 wrote those; save it again with a newer one)".to_owned();
    }
    let start = bytes.get(..40).unwrap_or(bytes);
    match opening_text(start) {
        Some(text) if text.trim_start().starts_with('<') => {
            format!("text that begins with `{}` (a web page instead of the file?)", shown(text))
        }
        Some(text) => format!("text that begins with `{}`", shown(text)),
        None => {
            let hex: Vec<String> = start.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
            format!("unknown content that begins with the bytes {}", hex.join(" "))
        }
    }
}

/// The bytes as text, if they are printable; a character that the cut split is dropped.
fn opening_text(bytes: &[u8]) -> Option<&str> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => std::str::from_utf8(bytes.get(..error.valid_up_to())?).ok()?,
        Err(_) => return None,
    };
    let printable = text.chars().all(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t'));
    (printable && !text.is_empty()).then_some(text)
}
