//! The libraries under test, built once per run with the profile of the test itself.

use hesse_core::plugin::import::LibraryEntries;
use hesse_core::plugin::load;
use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

/// `target/<profile>` of this test.
pub fn profile_folder() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.parent().and_then(|deps| deps.parent()).unwrap().to_path_buf()
}

/// Names a folder of libraries that were built elsewhere, such as with another layout of Rust's structures.
const ELSEWHERE: &str = "HESSE_TEST_LIBRARIES";

static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    if let Some(folder) = std::env::var_os(ELSEWHERE) {
        return PathBuf::from(folder);
    }
    let folder = profile_folder();
    let mut command = Command::new(env!("CARGO"));
    // Without the one crate whose library needs libtorch and is no example.
    let packages = ["--workspace", "--exclude", "hesse-tch"];
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(["build", "--quiet", "--locked", "--examples"]).args(packages);
    if folder.file_name().is_some_and(|name| name == "release") {
        command.arg("--release");
    }
    if let Some(target) = folder.parent() {
        command.arg("--target-dir").arg(target);
    }
    let status = command.status().expect("cargo runs");
    assert!(status.success(), "the loadable libraries do not build");
    folder.join("examples")
});

/// The file of a loadable library.
pub fn file(name: &str) -> PathBuf {
    FOLDER.join(format!("{}{name}{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX))
}

/// A loadable library, opened but not registered.
pub fn library(name: &str) -> &'static LibraryEntries {
    load::open(&file(name)).unwrap_or_else(|error| panic!("{error}"))
}
