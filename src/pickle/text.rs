//! Literals of the text protocols (0 and, in part, 1), which predate the binary ones and still turn up.

/// The bytes of a quoted Python 2 string, such as `'it\'s'`; `None` without matching quotes.
pub(super) fn quoted(line: &[u8]) -> Option<Vec<u8>> {
    let (first, rest) = line.split_first()?;
    let (last, body) = rest.split_last()?;
    if first != last || !matches!(first, b'\'' | b'"') {
        return None;
    }
    let mut out = Vec::with_capacity(body.len());
    let mut bytes = body.iter().copied();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        match bytes.next()? {
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'x' => out.push(u8::try_from(hex(&mut bytes, 2)?).ok()?),
            other => out.push(other),
        }
    }
    Some(out)
}

/// The text of a `raw-unicode-escape` line: Latin-1, with `\uXXXX` and `\UXXXXXXXX`.
pub(super) fn raw_unicode(line: &[u8]) -> Option<String> {
    let mut out = String::with_capacity(line.len());
    let mut bytes = line.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        let digits = match (byte, bytes.peek()) {
            (b'\\', Some(b'u')) => 4,
            (b'\\', Some(b'U')) => 8,
            _ => {
                out.push(char::from(byte));
                continue;
            }
        };
        bytes.next();
        // Halves of a surrogate pair have no counterpart in a Rust string.
        out.push(char::from_u32(hex(&mut bytes, digits)?).unwrap_or(char::REPLACEMENT_CHARACTER));
    }
    Some(out)
}

fn hex(bytes: &mut impl Iterator<Item = u8>, digits: usize) -> Option<u32> {
    let mut value = 0u32;
    for _ in 0..digits {
        value = (value << 4) | char::from(bytes.next()?).to_digit(16)?;
    }
    Some(value)
}

/// A decimal number of a text line.
pub(super) fn decimal<T: std::str::FromStr>(line: &[u8]) -> Option<T> {
    std::str::from_utf8(line).ok()?.trim().parse().ok()
}
