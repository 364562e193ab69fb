//! Bytes to operations: lengths are checked here, once, so that the machine never sees a raw byte.
//!
//! Left out on purpose: extension codes (`EXT1` and so on), out-of-band buffers, textual persistent ids, `OBJ` and
//! `NEWOBJ_EX`. No weights or data set uses them, and each widens the door.

use super::error::{PickleError, Problem};
use super::text::{decimal, quoted, raw_unicode};
use std::borrow::Cow;

/// One step of the pickle machine.
#[derive(Debug)]
pub(super) enum Op<'a> {
    Skip,
    Stop,
    Mark,
    Pop,
    PopMark,
    Dup,
    None,
    Bool(bool),
    Int(i128),
    BigInt,
    Float(f64),
    Text(Cow<'a, str>),
    Bytes(Cow<'a, [u8]>),
    EmptyList,
    EmptyTuple,
    EmptyDict,
    EmptySet,
    List,
    Dict,
    Tuple,
    TupleOf(usize),
    FrozenSet,
    Append,
    Appends,
    SetItem,
    SetItems,
    AddItems,
    Put(u32),
    Memoize,
    Get(u32),
    Global(&'a [u8], &'a [u8]),
    Instance(&'a [u8], &'a [u8]),
    StackGlobal,
    Reduce,
    Build,
    PersistentId,
}

/// Reads operations one after the other.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    opcode_at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at, opcode_at: at }
    }

    /// The byte after the last operation read.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// An error at the last operation read.
    pub(super) fn error(&self, problem: Problem) -> PickleError {
        PickleError { at: self.opcode_at, problem }
    }

    fn take(&mut self, count: u64) -> Result<&'a [u8], PickleError> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        match usize::try_from(count).ok().and_then(|n| rest.get(..n)) {
            Some(bytes) => {
                self.at += bytes.len();
                Ok(bytes)
            }
            None => Err(self.error(Problem::Truncated { needed: count, left: rest.len() as u64 })),
        }
    }

    /// A little-endian unsigned number of up to eight bytes.
    fn number(&mut self, width: u64) -> Result<u64, PickleError> {
        Ok(self.take(width)?.iter().rev().fold(0, |value, &byte| (value << 8) | u64::from(byte)))
    }

    fn counted(&mut self, width: u64) -> Result<&'a [u8], PickleError> {
        let count = self.number(width)?;
        self.take(count)
    }

    fn line(&mut self) -> Result<&'a [u8], PickleError> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        match rest.iter().position(|&byte| byte == b'\n') {
            Some(end) => {
                self.at += end + 1;
                Ok(rest.get(..end).unwrap_or_default())
            }
            None => Err(self.error(Problem::Truncated { needed: 1, left: 0 })),
        }
    }

    fn memo_line(&mut self) -> Result<u32, PickleError> {
        let line = self.line()?;
        decimal(line).ok_or_else(|| self.error(Problem::Literal("a memo number")))
    }

    fn memo(&mut self, width: u64) -> Result<u32, PickleError> {
        Ok(self.number(width)? as u32)
    }

    fn text(&mut self, width: u64) -> Result<Op<'a>, PickleError> {
        Ok(Op::Text(String::from_utf8_lossy(self.counted(width)?)))
    }

    fn byte_string(&mut self, width: u64) -> Result<Op<'a>, PickleError> {
        Ok(Op::Bytes(Cow::Borrowed(self.counted(width)?)))
    }

    fn long(&mut self, width: u64) -> Result<Op<'a>, PickleError> {
        let bytes = self.counted(width)?;
        if bytes.len() > 16 {
            return Ok(Op::BigInt);
        }
        let negative = bytes.last().is_some_and(|byte| byte & 0x80 != 0);
        let mut wide = if negative { [0xff; 16] } else { [0; 16] };
        wide.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
        Ok(Op::Int(i128::from_le_bytes(wide)))
    }

    fn int_line(&mut self) -> Result<Op<'a>, PickleError> {
        Ok(match self.line()? {
            b"00" => Op::Bool(false),
            b"01" => Op::Bool(true),
            line => self.integer(line)?,
        })
    }

    fn integer(&self, line: &[u8]) -> Result<Op<'a>, PickleError> {
        let digits = line.strip_suffix(b"L").unwrap_or(line);
        match decimal(digits) {
            Some(value) => Ok(Op::Int(value)),
            None if !digits.is_empty() && digits.iter().all(|b| b.is_ascii_digit() || *b == b'-') => Ok(Op::BigInt),
            None => Err(self.error(Problem::Literal("an integer"))),
        }
    }

    /// The next operation.
    pub(super) fn next(&mut self) -> Result<Op<'a>, PickleError> {
        self.opcode_at = self.at;
        let code = self.take(1)?.first().copied().unwrap_or_default();
        Ok(match code {
            0x80 => match self.number(1)? as u8 {
                0..=5 => Op::Skip,
                protocol => return Err(self.error(Problem::Protocol(protocol))),
            },
            // A frame only tells a streaming reader how much to buffer.
            0x95 => self.take(8).map(|_| Op::Skip)?,
            b'.' => Op::Stop,
            b'(' => Op::Mark,
            b'0' => Op::Pop,
            b'1' => Op::PopMark,
            b'2' => Op::Dup,
            b'N' => Op::None,
            0x88 => Op::Bool(true),
            0x89 => Op::Bool(false),
            b'J' => Op::Int(i128::from(self.number(4)? as u32 as i32)),
            b'K' => Op::Int(i128::from(self.number(1)?)),
            b'M' => Op::Int(i128::from(self.number(2)?)),
            0x8a => self.long(1)?,
            0x8b => self.long(4)?,
            b'I' => self.int_line()?,
            b'L' => {
                let line = self.line()?;
                self.integer(line)?
            }
            b'G' => Op::Float(f64::from_bits(self.number(8)?.swap_bytes())),
            b'F' => {
                let line = self.line()?;
                Op::Float(decimal(line).ok_or_else(|| self.error(Problem::Literal("a number")))?)
            }
            b'X' => self.text(4)?,
            0x8c => self.text(1)?,
            0x8d => self.text(8)?,
            b'V' => {
                let line = self.line()?;
                let text = raw_unicode(line).ok_or_else(|| self.error(Problem::Literal("a Unicode string")))?;
                Op::Text(Cow::Owned(text))
            }
            b'T' | b'B' => self.byte_string(4)?,
            b'U' | b'C' => self.byte_string(1)?,
            0x8e | 0x96 => self.byte_string(8)?,
            b'S' => {
                let line = self.line()?;
                let bytes = quoted(line).ok_or_else(|| self.error(Problem::Literal("a quoted string")))?;
                Op::Bytes(Cow::Owned(bytes))
            }
            b']' => Op::EmptyList,
            b')' => Op::EmptyTuple,
            b'}' => Op::EmptyDict,
            0x8f => Op::EmptySet,
            b'l' => Op::List,
            b'd' => Op::Dict,
            b't' => Op::Tuple,
            0x85 => Op::TupleOf(1),
            0x86 => Op::TupleOf(2),
            0x87 => Op::TupleOf(3),
            0x91 => Op::FrozenSet,
            b'a' => Op::Append,
            b'e' => Op::Appends,
            b's' => Op::SetItem,
            b'u' => Op::SetItems,
            0x90 => Op::AddItems,
            b'q' => Op::Put(self.memo(1)?),
            b'r' => Op::Put(self.memo(4)?),
            b'p' => Op::Put(self.memo_line()?),
            0x94 => Op::Memoize,
            b'h' => Op::Get(self.memo(1)?),
            b'j' => Op::Get(self.memo(4)?),
            b'g' => Op::Get(self.memo_line()?),
            b'c' => Op::Global(self.line()?, self.line()?),
            b'i' => Op::Instance(self.line()?, self.line()?),
            0x93 => Op::StackGlobal,
            // `NEWOBJ` differs from a call only in how Python makes the object.
            b'R' | 0x81 => Op::Reduce,
            b'b' => Op::Build,
            b'Q' => Op::PersistentId,
            other => return Err(self.error(Problem::UnknownOpcode(other))),
        })
    }
}
