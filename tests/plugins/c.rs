//! Libraries written in C, against the checked-in header.

use crate::built::profile_folder;
use hesse_core::attack::{AttackRequest, Goal, Norm, ThreatModel};
use hesse_core::eigen::Control;
use hesse_core::plugin::load;
use hesse_core::registry::all;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Compiles a C file into a library of its own name, with macros defined.
pub fn compile(source: &str, name: &str, macros: &[&str]) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = profile_folder().join("c-fixtures");
    std::fs::create_dir_all(&folder).unwrap();
    let suffix = std::env::consts::DLL_SUFFIX;
    let target = folder.join(format!("lib{name}{suffix}"));
    // Beside, then renamed: another test may be loading the one that is there.
    let beside = folder.join(format!("{name}-{}{suffix}", std::process::id()));
    let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".into());
    let mut command = Command::new(compiler);
    command.args(["-std=c11", "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-I"]);
    command.arg(root.join("core/include")).arg("-o").arg(&beside).arg(root.join(source));
    command.args(macros.iter().map(|m| format!("-D{m}")));
    assert!(command.status().expect("a C compiler").success(), "{source} does not compile");
    std::fs::rename(&beside, &target).unwrap();
    target
}

#[test]
fn an_attack_in_c_loads_and_passes_its_suite() {
    let file = compile("core/include/examples/sign.c", "sign", &[]);
    let library = load::open(&file).unwrap();
    let attack = library.attacks[0];
    assert_eq!((attack.name, library.library.package.as_str()), ("sign", "c-sign"));
    let verdict = hesse::plugin::check::check_attack(&attack);
    assert!(verdict.passes(), "{verdict:?}");
    // It is not registered, so nobody else sees it.
    assert!(all::<hesse_core::registry::AttackEntry>().iter().all(|e| e.name != "sign"));
}

#[test]
fn its_refusals_arrive_in_its_own_words() {
    let file = compile("core/include/examples/sign.c", "sign-refusing", &[]);
    let entry = load::open(&file).unwrap().attacks[0];
    let error = (entry.make)(&"steps=3".parse().unwrap()).err().unwrap();
    assert_eq!(error.to_string(), "this attack has no options");
    let attack = (entry.make)(&Default::default()).unwrap();
    let request = AttackRequest {
        samples: &[0.5; 6],
        labels: &[1],
        goal: Goal::Untargeted,
        threat: ThreatModel { norm: Norm::L2, lower: 0.0, upper: 1.0 },
        epsilon: 0.1,
        indices: &[0],
        seed: 0,
    };
    let error = attack.run(&crate::failures::Constant, &request, &mut |_| Control::Continue).unwrap_err();
    assert_eq!(error.to_string(), "this attack has no form but for linf");
}
