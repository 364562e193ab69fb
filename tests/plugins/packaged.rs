//! A plugin as its author has it: hesse-core from its package rather than from this folder, built by Cargo alone.

use crate::built::profile_folder;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A command as in a person's shell, without what `cargo test` sets for this test.
fn plain(program: &str, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder);
    for variable in ["CARGO_TARGET_DIR", "RUSTFLAGS", "CARGO_MANIFEST_DIR", "RUST_BACKTRACE"] {
        command.env_remove(variable);
    }
    command
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn good(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}\n{}", said(&output));
    said(&output)
}

/// The package of hesse-core, unpacked into `place`.
fn package(place: &Path) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let target = place.join("packaging");
    // Not verified: the plugin that is built against it verifies it.
    good(
        plain(env!("CARGO"), root)
            .args(["package", "--package", "hesse-core", "--no-verify", "--allow-dirty", "--quiet", "--target-dir"])
            .arg(&target),
    );
    let file = target.join(format!("package/hesse-core-{}.crate", env!("CARGO_PKG_VERSION")));
    let archive = flate2::read::GzDecoder::new(fs::File::open(file).unwrap());
    tar::Archive::new(archive).unpack(place).unwrap();
    place.join(format!("hesse-core-{}", env!("CARGO_PKG_VERSION")))
}

/// One test, because both halves build the same crate.
#[cfg(unix)]
#[test]
fn a_solver_on_the_packaged_core_runs_from_any_folder_and_one_built_to_abort_is_refused() {
    let place = tempfile::tempdir().unwrap();
    let core = package(place.path());
    let hesse = env!("CARGO_BIN_EXE_hesse");
    good(plain(hesse, place.path()).args(["plugin", "new", "demo", "--kind", "solver", "--core"]).arg(&core));
    let folder = place.path().join("demo");
    // Compiled crates are kept between runs of this test.
    let kept = profile_folder().join("plugin-packaged");
    fs::create_dir_all(&kept).unwrap();
    let build = |configuration: &[&str]| {
        let mut command = plain(env!("CARGO"), &folder);
        good(command.args(["build", "--release", "--quiet", "--target-dir"]).arg(&kept).args(configuration));
        let library = folder.join(hesse::plugin::new::library("demo"));
        fs::create_dir_all(library.parent().unwrap()).unwrap();
        fs::copy(kept.join("release").join(library.file_name().unwrap()), &library).unwrap();
        library
    };

    let library = build(&[]);
    assert!(good(plain(hesse, Path::new("/")).args(["plugin", "check"]).arg(&library)).contains("all hold"));
    let measure = ["--solver", "demo", "--model", "m1", "--data", "glyphs", "--samples", "0..64", "--top", "2"];
    let spectrum = |folder: &Path, library: &Path| {
        good(plain(hesse, folder).arg("spectrum").arg("--plugin").arg(library).args(measure))
    };
    let text = spectrum(Path::new("/"), &library);
    assert!(text.contains("all converged"), "{text}");
    let relative = library.strip_prefix(&folder).unwrap();
    assert!(spectrum(&folder, relative).contains("all converged"));

    let library = build(&["--config", "profile.release.panic=\"abort\""]);
    let output = plain(hesse, &folder).args(["plugin", "check"]).arg(&library).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("built with `panic = \"abort\"`"), "{}", said(&output));
}
