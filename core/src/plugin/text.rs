//! Text and bytes on their way across, checked on arrival.

use super::raw::{Bytes, Str};
use std::mem::ManuallyDrop;

/// The longest text that is read from another library. Graphs of large networks take a few hundred kilobytes.
const LONGEST: usize = 1 << 30;

/// What is wrong with a text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TextError {
    #[error("a null pointer to {0} bytes")]
    Null(usize),
    #[error("a length of {0} bytes")]
    Length(usize),
    #[error("bytes that are no UTF-8")]
    NotText,
}

impl Str {
    /// Borrows a text.
    pub const fn new(text: &str) -> Self {
        Str { ptr: text.as_ptr(), len: text.len() }
    }

    /// Borrows bytes.
    pub(crate) fn bytes(bytes: &[u8]) -> Self {
        Str { ptr: bytes.as_ptr(), len: bytes.len() }
    }

    /// The bytes it points at.
    ///
    /// # Safety
    /// A pointer that is not null must point at `len` bytes that live as long as `'a`.
    pub(crate) unsafe fn as_bytes<'a>(self) -> Result<&'a [u8], TextError> {
        match (self.ptr.is_null(), self.len) {
            (_, 0) => Ok(&[]),
            (true, n) => Err(TextError::Null(n)),
            (_, n) if n > LONGEST => Err(TextError::Length(n)),
            // SAFETY: not null, and the caller vouches for length and lifetime.
            _ => Ok(unsafe { std::slice::from_raw_parts(self.ptr, self.len) }),
        }
    }

    /// The text it points at.
    ///
    /// # Safety
    /// As [`as_bytes`](Self::as_bytes).
    pub(crate) unsafe fn as_text<'a>(self) -> Result<&'a str, TextError> {
        // SAFETY: the caller vouches for it.
        let bytes = unsafe { self.as_bytes() }?;
        std::str::from_utf8(bytes).map_err(|_| TextError::NotText)
    }
}

impl Bytes {
    /// Nothing, to be filled by a callee.
    pub const fn empty() -> Self {
        Bytes { ptr: std::ptr::null_mut(), len: 0, cap: 0, free: None }
    }

    /// Gives bytes away.
    pub(crate) fn give(bytes: Vec<u8>) -> Self {
        let mut bytes = ManuallyDrop::new(bytes);
        Bytes { ptr: bytes.as_mut_ptr(), len: bytes.len(), cap: bytes.capacity(), free: Some(free) }
    }

    /// Takes a copy of what another library gave, and lets that library free its own.
    ///
    /// # Safety
    /// The bytes must be as their maker left them.
    pub(crate) unsafe fn take(mut self) -> Result<Vec<u8>, TextError> {
        let borrowed = Str { ptr: self.ptr, len: self.len };
        // SAFETY: the maker filled pointer and length together, and frees them only below.
        let copied = unsafe { borrowed.as_bytes() }.map(<[u8]>::to_vec);
        if let Some(free) = self.free.take() {
            // SAFETY: `free` came with these bytes and is called once.
            unsafe { free(&raw mut self) };
        }
        copied
    }

    /// As [`take`](Self::take), for text that people read: what is no UTF-8 is replaced.
    ///
    /// # Safety
    /// As [`take`](Self::take).
    pub(crate) unsafe fn take_text(self) -> String {
        // SAFETY: the caller vouches for it.
        match unsafe { self.take() } {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) => format!("(a message that cannot be read: {error})"),
        }
    }
}

unsafe extern "C" fn free(bytes: *mut Bytes) {
    // SAFETY: `give` made these parts from a vector of this very library, and the receiver calls this once.
    unsafe {
        let b = &mut *bytes;
        drop(Vec::from_raw_parts(b.ptr, b.len, b.cap));
        *b = Bytes::empty();
    }
}

/// Whether a name can stand on a command line: lower-case letters, digits, `-`, `_`, at most 64 of them.
pub fn is_name(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    !name.is_empty() && name.len() <= 64 && name.chars().all(fits)
}

/// One line for people: control characters (a terminal would obey them) become spaces.
pub(crate) fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>().trim().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back_as_they_were_given_and_are_freed_by_their_maker() {
        let given = Bytes::give("Grüße".as_bytes().to_vec());
        // SAFETY: just made.
        assert_eq!(unsafe { given.take_text() }, "Grüße");
        // SAFETY: nothing is read through a null pointer.
        assert_eq!(unsafe { Bytes::empty().take() }, Ok(Vec::new()));
    }

    #[test]
    fn hostile_lengths_and_pointers_are_refused() {
        let null = Str { ptr: std::ptr::null(), len: 5 };
        let long = Str { ptr: [0u8].as_ptr(), len: usize::MAX };
        // SAFETY: both are refused before anything is read.
        unsafe {
            assert_eq!(null.as_text(), Err(TextError::Null(5)));
            assert_eq!(long.as_bytes(), Err(TextError::Length(usize::MAX)));
            assert_eq!(Str::bytes(&[0xff]).as_text(), Err(TextError::NotText));
        }
    }

    #[test]
    fn names_are_those_of_a_command_line() {
        assert!(
            is_name("resnet-20_b") && !is_name("") && !is_name("Über") && !is_name("a/b") && !is_name(&"a".repeat(65))
        );
        assert_eq!(one_line("red \u{1b}[31m alert\n"), "red  [31m alert");
    }
}
