//! The C header: generated from the Rust layouts, compared with the one that is checked in.

use std::path::Path;

const RAW: [&str; 7] = ["value", "manifest", "model", "space", "solver", "attack", "backend"];

const PREAMBLE: &str = r#"/* The plugin interface of Hesse, version 1.
 *
 * A library exports one function, `const HesseManifest *hesse_plugin_manifest(void)`, whose result points at a constant.
 * Every struct begins with its size; within a version, structs only grow at their end.
 *
 * Generated from core/src/plugin/raw; a test compares the two. Write it anew with
 * HESSE_BLESS=1 cargo test --test plugins header
 */
"#;

fn generated() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("core/src/plugin/raw");
    let mut config = cbindgen::Config {
        language: cbindgen::Language::C,
        header: Some(PREAMBLE.to_string()),
        include_guard: Some("HESSE_PLUGIN_H".into()),
        cpp_compat: true,
        documentation_style: cbindgen::DocumentationStyle::C99,
        line_length: 110,
        usize_is_size_t: true,
        ..Default::default()
    };
    config.export.prefix = Some("Hesse".into());
    config.constant.allow_static_const = false;
    // Nothing exported names the tables, since plugins define and do not call; so they are named here.
    config.export.include = [
        "Manifest",
        "HostTable",
        "RawEntry",
        "RawOption",
        "ModelTable",
        "OperatorTable",
        "SpaceTable",
        "SolverTable",
        "SolverReport",
        "RawEigenRequest",
        "RawEvent",
        "RawStatistics",
        "AttackTable",
        "OracleTable",
        "RawAttackRequest",
        "BackendTable",
        "RawBackendRequest",
        "RawBackendInfo",
        "RawFeed",
        "RunReport",
    ]
    .map(String::from)
    .to_vec();
    let builder = RAW
        .iter()
        .fold(cbindgen::Builder::new().with_config(config), |b, file| b.with_src(folder.join(format!("{file}.rs"))));
    let mut text = Vec::new();
    builder.generate().expect("the layouts are plain C").write(&mut text);
    String::from_utf8(text).expect("text")
}

#[test]
fn the_checked_in_header_is_the_one_of_the_layouts() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("core/include/hesse_plugin.h");
    let generated = generated();
    if std::env::var_os("HESSE_BLESS").is_some() {
        std::fs::write(&path, &generated).unwrap();
    }
    let checked_in = std::fs::read_to_string(&path).unwrap();
    assert!(generated == checked_in, "{} is out of date; see its first lines", path.display());
}
