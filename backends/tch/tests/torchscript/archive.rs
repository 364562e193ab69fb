//! TorchScript files written by hand, so that the test needs no Python and checks in nobody's binary.
//!
//! The format: a zip without compression, in one folder, with `version`, the source of the classes, a pickle of the
//! module object whose tensors refer to storages, the storages, and a pickle of constants.

use std::io::Write as _;
use std::path::Path;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// A tensor with its name.
pub type Named = (&'static str, Vec<usize>, Vec<f32>);

/// A module: its tensors, its children, and the source of its methods.
#[derive(Default, Clone)]
pub struct Module {
    pub class: &'static str,
    pub parameters: Vec<Named>,
    pub buffers: Vec<Named>,
    pub children: Vec<(&'static str, Module)>,
    /// Methods, indented by two.
    pub methods: String,
}

#[derive(Default)]
struct Writer {
    pickle: Vec<u8>,
    storages: Vec<Vec<u8>>,
    source: String,
}

impl Writer {
    fn text(&mut self, text: &str) {
        self.pickle.push(b'X');
        self.pickle.extend(u32::try_from(text.len()).unwrap().to_le_bytes());
        self.pickle.extend(text.as_bytes());
    }

    fn integer(&mut self, value: usize) {
        self.pickle.push(b'J');
        self.pickle.extend(i32::try_from(value).unwrap().to_le_bytes());
    }

    fn global(&mut self, module: &str, name: &str) {
        self.pickle.extend(format!("c{module}\n{name}\n").as_bytes());
    }

    /// `torch._utils._rebuild_tensor_v2((storage), offset, sizes, strides, requires_grad, hooks)`.
    fn tensor(&mut self, sizes: &[usize], values: &[f32]) {
        assert_eq!(sizes.iter().product::<usize>(), values.len());
        let number = self.storages.len().to_string();
        self.storages.push(values.iter().flat_map(|v| v.to_le_bytes()).collect());
        self.global("torch._utils", "_rebuild_tensor_v2");
        self.pickle.extend(b"((");
        self.text("storage");
        self.global("torch", "FloatStorage");
        self.text(&number);
        self.text("cpu");
        self.integer(values.len());
        self.pickle.extend(b"tQ");
        self.integer(0);
        let strides: Vec<usize> = (0..sizes.len()).map(|i| sizes[i + 1..].iter().product()).collect();
        for list in [sizes, &strides] {
            self.pickle.push(b'(');
            list.iter().for_each(|n| self.integer(*n));
            self.pickle.push(b't');
        }
        self.pickle.push(0x89);
        self.global("collections", "OrderedDict");
        self.pickle.extend(b")RtR");
    }

    /// The object, and before its class those of its children.
    fn module(&mut self, module: &Module) {
        self.global("__torch__", module.class);
        self.pickle.extend(b")\x81}(");
        self.text("training");
        // As PyTorch leaves a module that nobody has told to evaluate.
        self.pickle.push(0x88);
        for (name, sizes, values) in module.parameters.iter().chain(&module.buffers) {
            self.text(name);
            self.tensor(sizes, values);
        }
        for (name, child) in &module.children {
            self.text(name);
            self.module(child);
        }
        self.pickle.extend(b"ub");
        let list = |names: &[Named]| names.iter().map(|n| format!("\"{}\", ", n.0)).collect::<String>();
        let mut class = format!(
            "class {}(Module):\n  __parameters__ = [{}]\n  __buffers__ = [{}]\n  training : bool\n",
            module.class,
            list(&module.parameters),
            list(&module.buffers)
        );
        for (name, ..) in module.parameters.iter().chain(&module.buffers) {
            class.push_str(&format!("  {name} : Tensor\n"));
        }
        for (name, child) in &module.children {
            class.push_str(&format!("  {name} : __torch__.{}\n", child.class));
        }
        class.push_str(&module.methods);
        if !self.source.contains(&format!("class {}(", module.class)) {
            self.source.push_str(&class);
        }
    }
}

/// Writes the file.
pub fn write(file: &Path, module: &Module) {
    let mut writer = Writer::default();
    writer.pickle.extend(b"\x80\x02");
    writer.module(module);
    writer.pickle.push(b'.');
    let mut zip = ZipWriter::new(std::fs::File::create(file).unwrap());
    let plain = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    let mut put = |name: String, bytes: &[u8]| {
        zip.start_file(format!("net/{name}"), plain).unwrap();
        zip.write_all(bytes).unwrap();
    };
    put("data.pkl".into(), &writer.pickle);
    put("code/__torch__.py".into(), writer.source.as_bytes());
    for (i, bytes) in writer.storages.iter().enumerate() {
        put(format!("data/{i}"), bytes);
    }
    put("constants.pkl".into(), b"\x80\x02).");
    put("version".into(), b"3\n");
    zip.finish().unwrap();
}

/// Numbers that look random, of about this size.
pub fn numbers(count: usize, seed: usize, size: f64) -> Vec<f32> {
    (0..count).map(|i| (size * (((i + 31 * seed + 1) as f64) * 12.9898).sin()) as f32).collect()
}

/// `forward(self, x)` with this body.
pub fn forward(class: &str, body: &str) -> String {
    let body: String = body.trim().lines().map(|line| format!("    {}\n", line.trim())).collect();
    format!("  def forward(self: __torch__.{class},\n    x: Tensor) -> Tensor:\n{body}")
}
