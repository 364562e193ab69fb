//! Texts of a hostile manifest: names, summaries and options.
#![no_main]
use libfuzzer_sys::fuzz_target;

fuzz_target!(|texts: Vec<Vec<u8>>| {
    let texts: Vec<&[u8]> = texts.iter().map(Vec::as_slice).collect();
    hesse_core::plugin::import::fuzz(&texts);
});
