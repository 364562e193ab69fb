//! Element types of files: their names in each format, their widths, and their decoding.

use super::error::Fault;
use super::values::Values;

/// The type of a stored element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dtype {
    F64,
    F32,
    F16,
    Bf16,
    I64,
    I32,
    I16,
    I8,
    U64,
    U32,
    U16,
    U8,
    Bool,
    /// Complex numbers are sized, so that a file that holds some can be walked, but not decoded.
    C64,
    C128,
}

impl Dtype {
    /// Bytes of one element.
    pub(super) fn size(self) -> usize {
        match self {
            Dtype::C128 => 16,
            Dtype::F64 | Dtype::I64 | Dtype::U64 | Dtype::C64 => 8,
            Dtype::F32 | Dtype::I32 | Dtype::U32 => 4,
            Dtype::F16 | Dtype::Bf16 | Dtype::I16 | Dtype::U16 => 2,
            Dtype::I8 | Dtype::U8 | Dtype::Bool => 1,
        }
    }

    /// The type by its name in a safetensors header.
    pub(super) fn from_safetensors(name: &str) -> Option<Self> {
        Some(match name {
            "F64" => Dtype::F64,
            "F32" => Dtype::F32,
            "F16" => Dtype::F16,
            "BF16" => Dtype::Bf16,
            "I64" => Dtype::I64,
            "I32" => Dtype::I32,
            "I16" => Dtype::I16,
            "I8" => Dtype::I8,
            "U64" => Dtype::U64,
            "U32" => Dtype::U32,
            "U16" => Dtype::U16,
            "U8" => Dtype::U8,
            "BOOL" => Dtype::Bool,
            "C64" => Dtype::C64,
            _ => return None,
        })
    }

    /// The type of PyTorch's typed storages by class name; an untyped storage counts bytes.
    pub(super) fn from_storage_class(name: &str) -> Option<Self> {
        Some(match name {
            "DoubleStorage" => Dtype::F64,
            "FloatStorage" => Dtype::F32,
            "HalfStorage" => Dtype::F16,
            "BFloat16Storage" => Dtype::Bf16,
            "LongStorage" => Dtype::I64,
            "IntStorage" => Dtype::I32,
            "ShortStorage" => Dtype::I16,
            "CharStorage" => Dtype::I8,
            "ByteStorage" | "UntypedStorage" | "_UntypedStorage" => Dtype::U8,
            "BoolStorage" => Dtype::Bool,
            "ComplexFloatStorage" => Dtype::C64,
            "ComplexDoubleStorage" => Dtype::C128,
            _ => return None,
        })
    }

    /// The type by its name in the module `torch`.
    pub(super) fn from_torch(name: &str) -> Option<Self> {
        Some(match name {
            "float64" | "double" => Dtype::F64,
            "float32" | "float" => Dtype::F32,
            "float16" | "half" => Dtype::F16,
            "bfloat16" => Dtype::Bf16,
            "int64" | "long" => Dtype::I64,
            "int32" | "int" => Dtype::I32,
            "int16" | "short" => Dtype::I16,
            "int8" => Dtype::I8,
            "uint64" => Dtype::U64,
            "uint32" => Dtype::U32,
            "uint16" => Dtype::U16,
            "uint8" => Dtype::U8,
            "bool" => Dtype::Bool,
            "complex64" | "cfloat" => Dtype::C64,
            "complex128" | "cdouble" => Dtype::C128,
            _ => return None,
        })
    }

    /// The elements of little-endian bytes, of which a rest shorter than one element is ignored.
    pub(super) fn decode(self, bytes: &[u8]) -> Result<Values, Fault> {
        Ok(match self {
            Dtype::F64 => Values::F64(each(bytes, f64::from_le_bytes)),
            Dtype::F32 => Values::F32(each(bytes, f32::from_le_bytes)),
            Dtype::F16 => Values::F32(each(bytes, |b| half_to_f32(u16::from_le_bytes(b)))),
            Dtype::Bf16 => Values::F32(each(bytes, |b| f32::from_bits(u32::from(u16::from_le_bytes(b)) << 16))),
            Dtype::I64 => Values::I64(each(bytes, i64::from_le_bytes)),
            Dtype::I32 => Values::I64(each(bytes, |b| i64::from(i32::from_le_bytes(b)))),
            Dtype::I16 => Values::I64(each(bytes, |b| i64::from(i16::from_le_bytes(b)))),
            Dtype::I8 => Values::I64(each(bytes, |b| i64::from(i8::from_le_bytes(b)))),
            Dtype::U64 => Values::I64(unsigned(bytes)?),
            Dtype::U32 => Values::I64(each(bytes, |b| i64::from(u32::from_le_bytes(b)))),
            Dtype::U16 => Values::I64(each(bytes, |b| i64::from(u16::from_le_bytes(b)))),
            Dtype::U8 => Values::I64(each(bytes, |b: [u8; 1]| i64::from(u8::from_le_bytes(b)))),
            Dtype::Bool => Values::I64(each(bytes, |b: [u8; 1]| i64::from(u8::from_le_bytes(b) != 0))),
            Dtype::C64 | Dtype::C128 => return Err(Fault::new("real numbers", "complex numbers")),
        })
    }
}

fn each<const N: usize, T>(bytes: &[u8], element: impl Fn([u8; N]) -> T) -> Vec<T> {
    bytes.as_chunks::<N>().0.iter().map(|chunk| element(*chunk)).collect()
}

fn unsigned(bytes: &[u8]) -> Result<Vec<i64>, Fault> {
    let element = |chunk: &[u8; 8]| {
        let value = u64::from_le_bytes(*chunk);
        i64::try_from(value).map_err(|_| Fault::new("integers below 2^63", value.to_string()))
    };
    bytes.as_chunks::<8>().0.iter().map(element).collect()
}

/// Widens IEEE half precision exactly, subnormals, infinities and NaN included.
fn half_to_f32(bits: u16) -> f32 {
    let sign = u32::from(bits & 0x8000) << 16;
    let exponent = u32::from(bits >> 10) & 0x1f;
    let fraction = u32::from(bits & 0x3ff);
    let magnitude = match exponent {
        // Zero or subnormal: a whole multiple of 2^-24, which f32 holds exactly.
        0 => (fraction as f32 * (1.0 / 16_777_216.0)).to_bits(),
        0x1f => 0x7f80_0000 | (fraction << 13),
        _ => ((exponent + 112) << 23) | (fraction << 13),
    };
    f32::from_bits(sign | magnitude)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_precision_is_widened_exactly() {
        for (bits, value) in [
            (0x0000, 0.0f32),
            (0x8000, -0.0),
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x7bff, 65504.0),
            (0x0400, 6.103_515_6e-5),
            (0x0001, 5.960_464_5e-8),
            (0x83ff, -6.097_555e-5),
            (0x7c00, f32::INFINITY),
            (0xfc00, f32::NEG_INFINITY),
            (0x3555, 0.333_251_95),
        ] {
            assert_eq!(half_to_f32(bits).to_bits(), value.to_bits(), "{bits:04x}");
        }
        assert!(half_to_f32(0x7e00).is_nan());
    }

    #[test]
    fn every_width_of_integer_keeps_its_value() {
        let one = |dtype: Dtype, bytes: &[u8]| dtype.decode(bytes).unwrap();
        assert_eq!(one(Dtype::I8, &[0xff]), Values::I64(vec![-1]));
        assert_eq!(one(Dtype::U8, &[0xff]), Values::I64(vec![255]));
        assert_eq!(one(Dtype::I16, &[0, 0x80]), Values::I64(vec![-32768]));
        assert_eq!(one(Dtype::U16, &[0, 0x80]), Values::I64(vec![32768]));
        assert_eq!(one(Dtype::I32, &[1, 0, 0, 0x80]), Values::I64(vec![-2_147_483_647]));
        assert_eq!(one(Dtype::U32, &[1, 0, 0, 0x80]), Values::I64(vec![2_147_483_649]));
        assert_eq!(one(Dtype::I64, &[0xff; 8]), Values::I64(vec![-1]));
        assert_eq!(one(Dtype::Bool, &[0, 1, 2]), Values::I64(vec![0, 1, 1]));
        assert!(Dtype::U64.decode(&[0xff; 8]).is_err());
    }

    #[test]
    fn bfloat16_is_the_upper_half_of_single_precision() {
        assert_eq!(Dtype::Bf16.decode(&[0xc0, 0x3f, 0x80, 0xff]).unwrap(), Values::F32(vec![1.5, f32::NEG_INFINITY]));
    }
}
