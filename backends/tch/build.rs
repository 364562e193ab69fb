//! Compiles the C++ part against the libtorch that torch-sys found, and tells the linker where that lies.
//!
//! The place of libtorch is written into the library, so that the program finds it without an environment variable: where
//! it is now, then beside the library, then where it lies from `target/<profile>`. Elsewhere the loader's own means find
//! it (`LD_LIBRARY_PATH`).
use std::path::{Path, PathBuf};

const SOURCES: [&str; 12] = [
    "chain",
    "convolution",
    "device",
    "indexing",
    "mode",
    "numbers",
    "pooling",
    "route",
    "script",
    "softmax",
    "tape",
    "vectors",
];

fn main() {
    println!("cargo:rerun-if-changed=cpp");
    for variable in ["LIBTORCH", "LIBTORCH_INCLUDE", "LIBTORCH_USE_PYTORCH"] {
        println!("cargo:rerun-if-env-changed={variable}");
    }
    let installed = std::env::var_os("LIBTORCH_USE_PYTORCH").is_some();
    // torch-sys links `tch`, which names this variable.
    let Some(libraries) = std::env::var_os("DEP_TCH_LIBTORCH_LIB").map(PathBuf::from) else {
        panic!("torch-sys has not said where libtorch is; `cargo xtask libtorch` brings it");
    };
    let include = match std::env::var_os("LIBTORCH_INCLUDE").filter(|_| !installed) {
        Some(folder) => PathBuf::from(folder).join("include"),
        None => libraries.parent().unwrap_or(Path::new("/")).join("include"),
    };
    let mut build = cc::Build::new();
    build.cpp(true).pic(true).std("c++17").opt_level(3).debug(false).warnings(true).extra_warnings(false);
    // Headers of libtorch are not ours to clean up.
    build.flag("-isystem").flag(&include).flag("-isystem").flag(include.join("torch/csrc/api/include"));
    build.define("_GLIBCXX_USE_CXX11_ABI", "1").include("cpp");
    // Vector loops may assume that comparisons do not trap; sums keep their order.
    build.flag("-fno-math-errno").flag("-fno-trapping-math").flag_if_supported("-fvisibility=hidden");
    build.files(SOURCES.map(|s| format!("cpp/{s}.cpp")));
    build.compile("hesse_tch_shim");
    let place = libraries.display();
    // Of everything linked here: `link-arg-tests` would leave out the unit tests of the library.
    println!("cargo:rustc-link-arg=-Wl,-rpath,{place}:$ORIGIN:$ORIGIN/../libtorch/lib");
    // libc10 is needed by libtorch_cpu and by the C++ part itself.
    println!("cargo:rustc-link-search=native={place}");
    for library in ["torch_cpu", "c10"] {
        println!("cargo:rustc-link-lib={library}");
    }
    println!("cargo:rustc-link-lib=stdc++");
}
