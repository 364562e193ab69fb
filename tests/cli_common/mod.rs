//! Running the program in a fresh folder, as a person would.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
// Each test binary uses a part of this.
#![allow(dead_code)]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// A problem small enough for a debug build: 64 samples, one linear layer and 7,850 parameters.
pub const SMALL: [&str; 6] = ["--model", "mlp:hidden=none", "--data", "glyphs:train=64,test=32", "--threads", "1"];

/// What a run left behind.
#[derive(Debug)]
pub struct Run {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Run {
    /// Standard output as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e} in {self:?}"))
    }

    /// The same, after asserting that the run succeeded.
    pub fn ok(self) -> Self {
        assert_eq!(self.code, Some(0), "{self:?}");
        self
    }
}

/// A folder of its own for a test.
pub struct Place(TempDir);

impl Place {
    pub fn new() -> Self {
        Place(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The program, ready to be run here.
    pub fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hesse"));
        command.current_dir(self.0.path()).env_remove("HESSE_DATA").stdin(Stdio::null());
        command
    }

    /// Runs the program to its end.
    pub fn run<S: AsRef<std::ffi::OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Run {
        let output = self.command().args(arguments).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Run { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
    }

    /// Runs `command` on the small problem with more flags.
    pub fn small(&self, command: &str, more: &[&str]) -> Run {
        self.run([command].iter().chain(&SMALL).chain(more))
    }

    /// Files and folders here.
    pub fn entries(&self) -> Vec<String> {
        let names = std::fs::read_dir(self.0.path()).unwrap().map(|e| e.unwrap().file_name());
        names.map(|n| n.to_string_lossy().into_owned()).collect()
    }
}

/// A data set in CIFAR-10's binary layout: four records in each file.
pub fn write_cifar10(folder: &Path) {
    std::fs::create_dir_all(folder).unwrap();
    let names = (1..=5).map(|i| format!("data_batch_{i}.bin")).chain(["test_batch.bin".to_string()]);
    for (number, name) in names.enumerate() {
        let record = |i: usize| {
            let pixels = (0..3072).map(move |p| ((p * 31 + i * 97 + number * 13) % 256) as u8);
            std::iter::once((i % 10) as u8).chain(pixels)
        };
        std::fs::write(folder.join(name), (0..4).flat_map(record).collect::<Vec<u8>>()).unwrap();
    }
}
