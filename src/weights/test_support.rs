//! A small pickle writer and both PyTorch layouts around it, so that the tests need neither Python nor stored files.

use std::io::{Cursor, Write};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// A Python value to be pickled.
#[derive(Debug, Clone)]
pub(super) enum Py {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Str(String),
    List(Vec<Py>),
    Tuple(Vec<Py>),
    Dict(Vec<(Py, Py)>),
    Class(&'static str, &'static str),
    Call(Box<Py>, Vec<Py>),
    /// A call whose result is given items.
    Filled(Box<Py>, Vec<(Py, Py)>),
    /// A value that is given a state.
    Built(Box<Py>, Box<Py>),
    Persistent(Box<Py>),
}

pub(super) fn text(text: &str) -> Py {
    Py::Str(text.to_owned())
}

pub(super) fn ints(items: &[i64]) -> Py {
    Py::Tuple(items.iter().map(|&item| Py::Int(item)).collect())
}

pub(super) fn dict<const N: usize>(entries: [(&str, Py); N]) -> Py {
    Py::Dict(entries.into_iter().map(|(key, value)| (text(key), value)).collect())
}

pub(super) fn ordered<const N: usize>(entries: [(&str, Py); N]) -> Py {
    let Py::Dict(entries) = dict(entries) else { return Py::None };
    let empty = Py::Call(Box::new(Py::Class("collections", "OrderedDict")), Vec::new());
    Py::Filled(Box::new(empty), entries)
}

/// A storage of a class of the module `torch`.
pub(super) fn storage(class: &'static str, key: &str, elements: i64) -> Py {
    let items = vec![text("storage"), Py::Class("torch", class), text(key), text("cpu"), Py::Int(elements)];
    Py::Persistent(Box::new(Py::Tuple(items)))
}

/// What `torch.save` writes for a tensor today.
pub(super) fn tensor(storage: Py, offset: i64, shape: &[i64], stride: &[i64]) -> Py {
    let hooks = Py::Call(Box::new(Py::Class("collections", "OrderedDict")), Vec::new());
    let args = vec![storage, Py::Int(offset), ints(shape), ints(stride), Py::Bool(false), hooks];
    Py::Call(Box::new(Py::Class("torch._utils", "_rebuild_tensor_v2")), args)
}

/// A vector of floats that fills its storage.
pub(super) fn vector(key: &str, elements: i64) -> Py {
    tensor(storage("FloatStorage", key, elements), 0, &[elements], &[1])
}

pub(super) fn floats(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// The value as protocol 2 writes it.
pub(super) fn pickle(value: &Py) -> Vec<u8> {
    let mut out = vec![0x80, 2];
    write(value, &mut out);
    out.push(b'.');
    out
}

fn write(value: &Py, out: &mut Vec<u8>) {
    match value {
        Py::None => out.push(b'N'),
        Py::Bool(value) => out.push(0x89 - u8::from(*value)),
        Py::Int(value) => {
            out.extend([0x8a, 8]);
            out.extend(value.to_le_bytes());
        }
        Py::Float(value) => {
            out.push(b'G');
            out.extend(value.to_be_bytes());
        }
        Py::Str(text) => {
            out.push(b'X');
            out.extend((text.len() as u32).to_le_bytes());
            out.extend(text.as_bytes());
        }
        Py::List(items) => {
            out.extend(*b"](");
            items.iter().for_each(|item| write(item, out));
            out.push(b'e');
        }
        Py::Tuple(items) => {
            out.push(b'(');
            items.iter().for_each(|item| write(item, out));
            out.push(b't');
        }
        Py::Dict(entries) => {
            out.push(b'}');
            fill(entries, out);
        }
        Py::Class(module, name) => out.extend(format!("c{module}\n{name}\n").as_bytes()),
        Py::Call(class, args) => {
            write(class, out);
            write(&Py::Tuple(args.clone()), out);
            out.push(b'R');
        }
        Py::Filled(object, entries) => {
            write(object, out);
            fill(entries, out);
        }
        Py::Built(object, state) => {
            write(object, out);
            write(state, out);
            out.push(b'b');
        }
        Py::Persistent(id) => {
            write(id, out);
            out.push(b'Q');
        }
    }
}

fn fill(entries: &[(Py, Py)], out: &mut Vec<u8>) {
    out.push(b'(');
    for (key, value) in entries {
        write(key, out);
        write(value, out);
    }
    out.push(b'u');
}

/// The older layout: `storages` as key, number of elements and bytes.
pub(super) fn legacy(value: &Py, storages: &[(&str, u64, Vec<u8>)]) -> Vec<u8> {
    let mut out = b"\x80\x02\x8a\x0al\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\x02M\xe9\x03.".to_vec();
    out.extend(pickle(&dict([("protocol_version", Py::Int(1001)), ("little_endian", Py::Bool(true))])));
    out.extend(pickle(value));
    out.extend(pickle(&Py::List(storages.iter().map(|(key, _, _)| text(key)).collect())));
    for (_, count, bytes) in storages {
        out.extend(count.to_le_bytes());
        out.extend(bytes);
    }
    out
}

/// The archive layout, all records stored as they are.
pub(super) fn archive(value: &Py, storages: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut records = vec![("data.pkl".to_owned(), pickle(value)), ("byteorder".to_owned(), b"little".to_vec())];
    records.extend(storages.iter().map(|(key, bytes)| (format!("data/{key}"), bytes.clone())));
    records.push(("version".to_owned(), b"3\n".to_vec()));
    zip(&records, CompressionMethod::Stored)
}

pub(super) fn zip(records: &[(String, Vec<u8>)], method: CompressionMethod) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(method);
    for (name, bytes) in records {
        zip.start_file(format!("archive/{name}"), options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}
