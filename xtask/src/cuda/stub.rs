//! A library in place of the NVIDIA driver's, for the linker and for machines without a driver.
//!
//! Every function that `cuda.h` declares answers CUDA_ERROR_STUB_LIBRARY, as those of NVIDIA's own stub do. A program that was
//! linked with it finds the driver's library by the same name where there is one.

use crate::wheels::at;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

/// What the driver's library is called.
const SONAME: &str = "libcuda.so.1";

/// Every name in the header that a function of the driver may have: `cuMemAlloc`, `cuMemAlloc_v2`, …
fn functions(header: &str) -> BTreeSet<&str> {
    let words = header.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    let is_function =
        |w: &&str| w.strip_prefix("cu").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase()));
    words.filter(is_function).collect()
}

/// The stub as C.
fn source(header: &str) -> String {
    let mut text = String::from("/* CUDA_ERROR_STUB_LIBRARY */\n");
    for function in functions(header) {
        text.push_str(&format!("int {function}(void) {{ return 34; }}\n"));
    }
    text
}

/// Makes `lib/stubs/libcuda.so` and `libcuda.so.1` in the toolkit's folder.
///
/// # Errors
/// Where there is no header or no C compiler.
pub fn make(toolkit: &Path) -> Result<(), String> {
    let header = toolkit.join("include/cuda.h");
    let header = fs::read_to_string(&header).map_err(at(&header))?;
    let folder = toolkit.join("lib/stubs");
    fs::create_dir_all(&folder).map_err(at(&folder))?;
    let (code, library) = (folder.join("libcuda.c"), folder.join(SONAME));
    fs::write(&code, source(&header)).map_err(at(&code))?;
    let compiler = std::env::var("CC").ok().filter(|c| !c.is_empty()).unwrap_or_else(|| "cc".to_string());
    let status = Command::new(&compiler)
        .args(["-shared", "-fPIC", "-O1", "-w", &format!("-Wl,-soname,{SONAME}"), "-o"])
        .args([&library, &code])
        .status()
        .map_err(|e| format!("{compiler}: {e}; install a C compiler, or name one in CC"))?;
    if !status.success() {
        return Err(format!("{compiler} cannot compile {} ({status})", code.display()));
    }
    super::link(SONAME, &folder.join("libcuda.so"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_told_from_types_and_constants() {
        let header = "#define cuMemAlloc cuMemAlloc_v2\nCUresult CUDAAPI cuInit(unsigned int Flags);\n\
                      typedef struct CUctx_st *CUcontext; /* custom cubin cudaError */ CU_CTX_SCHED_AUTO";
        assert_eq!(functions(header).into_iter().collect::<Vec<_>>(), ["cuInit", "cuMemAlloc", "cuMemAlloc_v2"]);
        assert!(source(header).contains("int cuInit(void) { return 34; }"));
    }
}
