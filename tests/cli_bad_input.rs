//! What is wrong is refused in one line that says what would be right; nothing panics and nothing is overwritten.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test that cannot go on has failed

mod cli_common;

use cli_common::{Place, Run, SMALL, write_cifar10};
use std::collections::BTreeMap;
use std::fs;

/// One line on standard error, nothing on standard output, the code and the words that a person needs.
#[track_caller]
fn refused(run: &Run, code: i32, words: &[&str]) {
    assert_eq!(run.code, Some(code), "{run:?}");
    assert!(run.out.is_empty(), "{run:?}");
    assert!(run.err.starts_with("hesse: ") && run.err.lines().count() == 1, "{run:?}");
    for word in words {
        assert!(run.err.contains(word), "`{word}` is missing in {run:?}");
    }
}

fn with_weights(place: &Place, name: &str) -> Run {
    place.small("spectrum", &["--weights", name])
}

#[test]
fn a_weights_file_that_does_not_exist_is_named() {
    refused(&with_weights(&Place::new(), "none.pt"), 1, &["none.pt"]);
}

#[test]
fn an_empty_weights_file_is_refused() {
    let place = Place::new();
    fs::write(place.path("empty"), "").unwrap();
    refused(&with_weights(&place, "empty"), 1, &["empty", "expected", "found"]);
}

#[test]
fn a_folder_as_weights_is_refused() {
    let place = Place::new();
    fs::create_dir(place.path("folder")).unwrap();
    refused(&with_weights(&place, "folder"), 1, &["folder"]);
}

#[test]
fn a_text_file_as_weights_is_refused() {
    let place = Place::new();
    fs::write(place.path("notes.pt"), "these are no weights\n").unwrap();
    refused(&with_weights(&place, "notes.pt"), 1, &["notes.pt", "expected", "found"]);
}

#[test]
fn a_pickle_with_a_foreign_class_is_refused_and_not_run() {
    let place = Place::new();
    // {"w": os.system}, then a call of it that would leave a file behind.
    let pickle = b"\x80\x02}X\x01\x00\x00\x00wcposix\nsystem\nX\x0b\x00\x00\x00touch wrong\x85Rs.";
    fs::write(place.path("evil.pkl"), pickle).unwrap();
    refused(&with_weights(&place, "evil.pkl"), 1, &["evil.pkl", "posix.system"]);
    assert_eq!(place.entries(), ["evil.pkl"]);
}

#[test]
fn weights_of_another_network_are_refused_with_the_names_that_differ() {
    let place = Place::new();
    place
        .run(["train", "--model", "mlp:hidden=4", "--data", "glyphs:train=64,test=32", "--epochs", "1", "--out", "run"])
        .ok();
    let run = place.small("spectrum", &["--weights", "run/model.safetensors"]);
    refused(&run, 1, &["model.safetensors", "fc2.weight", "fc1.weight"]);
}

#[test]
fn weights_that_are_not_finite_are_refused_with_tensor_and_entry() {
    use hesse::weights::{StateDict, TensorData, Values, write_safetensors};
    let place = Place::new();
    let mut bias = vec![0.0f32; 10];
    bias[7] = f32::NAN;
    let dict: StateDict = [
        ("fc1.weight".to_string(), TensorData { shape: vec![10, 784], values: Values::F32(vec![0.01; 7840]) }),
        ("fc1.bias".to_string(), TensorData { shape: vec![10], values: Values::F32(bias) }),
    ]
    .into_iter()
    .collect();
    write_safetensors(&place.path("nan.safetensors"), &dict, &BTreeMap::new()).unwrap();
    refused(&with_weights(&place, "nan.safetensors"), 1, &["nan.safetensors", "fc1.bias", "entry 7", "NaN"]);
}

#[test]
fn ranges_of_samples_that_mean_nothing_are_refused() {
    let place = Place::new();
    for (range, word) in [("9..3", "runs backwards"), ("a..b", "a..b"), ("", "--samples"), ("5..5", "empty")] {
        refused(&place.small("spectrum", &["--samples", range]), 2, &["--samples", word]);
    }
}

#[test]
fn a_range_beyond_the_samples_says_how_many_there_are() {
    let place = Place::new();
    refused(&place.small("spectrum", &["--samples", "0..99999"]), 2, &["0..99999", "only 64 samples", "train"]);
    refused(&place.small("spectrum", &["--split", "test", "--samples", "32.."]), 2, &["only 32 samples", "test"]);
}

#[test]
fn a_number_of_eigenvalues_that_cannot_be_is_refused() {
    let place = Place::new();
    refused(&place.small("spectrum", &["--top", "0"]), 2, &["--top 0", "at least one"]);
    refused(&place.small("spectrum", &["--top", "7851"]), 2, &["7850", "7851"]);
    refused(&place.small("spectrum", &["--top", "-1"]), 2, &["-1"]);
    refused(&place.small("spectrum", &["--top", "7000", "--bottom", "851"]), 2, &["7850", "7851"]);
    refused(&place.small("spectrum", &["--top", "18446744073709551615", "--bottom", "2"]), 2, &["7850"]);
}

#[test]
fn numbers_out_of_range_are_refused_with_the_flag() {
    let place = Place::new();
    let cases = [
        ("--batch-size", "0"),
        ("--threads", "0"),
        ("--tol", "0"),
        ("--tol", "nan"),
        ("--max-products", "0"),
        ("--memory", "lots"),
        ("--label-smoothing", "1"),
        ("--class-weights", "1,-1"),
        ("--dtype", "f16"),
        ("--normalize", "0.5"),
        ("--normalize", "0.5/0"),
        ("--batch-norm", "maybe"),
        ("--seed", "-1"),
    ];
    for (flag, value) in cases {
        refused(&place.small("spectrum", &[flag, value]), 2, &[flag, "--help"]);
    }
    let train = ["train", "--model", "m1", "--data", "glyphs", "--batch-size", "0", "--out", "x"];
    refused(&place.run(train), 2, &["--batch-size", "at least 1"]);
    assert!(place.entries().is_empty());
}

#[test]
fn unknown_names_are_answered_with_known_ones() {
    let place = Place::new();
    refused(&place.small("spectrum", &["--backend", "nosuch"]), 2, &["nosuch", "candle", "hesse backends"]);
    refused(&place.small("spectrum", &["--solver", "lancsoz"]), 2, &["did you mean `lanczos`?"]);
    refused(&place.small("spectrum", &["--solver", "lanczos:nosuch=1"]), 2, &["nosuch"]);
    refused(&place.small("spectrum", &["--device", "abacus"]), 1, &["abacus"]);
    refused(&place.small("spectrum", &["--params", "nosuch*"]), 2, &["nosuch*", "fc1.weight"]);
    let named = |model, data| place.run(["spectrum", "--model", model, "--data", data]);
    refused(&named("nosuch", "glyphs"), 2, &["nosuch", "hesse models"]);
    refused(&named("resnet21", "glyphs"), 2, &["did you mean `resnet20`?"]);
    refused(&named("m1:activation=nosuch", "glyphs"), 2, &["activation=nosuch", "relu"]);
    refused(&named("m1:nosuch=1", "glyphs"), 2, &["no option 'nosuch'", "activation"]);
    refused(&named("m1", "imagenet"), 2, &["imagenet", "cifar10"]);
    refused(&place.run(["spectre"]), 2, &["spectre", "spectrum"]);
    refused(&place.run(["spectrum", "--model", "m1"]), 2, &["--data"]);
}

#[test]
fn attacks_and_budgets_that_cannot_be_are_refused() {
    let place = Place::new();
    let run = |attack: &str, more: &[&str]| place.small("attack", &[&["--attack", attack], more].concat());
    let eps = ["--eps", "0.1"];
    refused(&run("fgms", &eps), 2, &["did you mean `fgsm`?", "hesse attacks"]);
    refused(&run("nosuch", &eps), 2, &["nosuch", "hesse attacks"]);
    refused(&run("pgd:steps=0", &eps), 2, &["steps=0", "at least 1"]);
    refused(&run("fgsm,steps=3", &eps), 2, &["no option 'steps'"]);
    refused(&run("steps=3", &eps), 2, &["--attack", "name of an attack"]);
    refused(&run(",", &eps), 2, &["expected an attack"]);
    refused(&run("fgsm", &["--eps", "-0.1"]), 2, &["--eps"]);
    refused(&run("fgsm", &["--eps", "8/0"]), 2, &["--eps", "8/255"]);
    refused(&run("fgsm", &["--eps", "0.1", "--norm", "l3"]), 2, &["--norm", "linf, l2 or l1"]);
    refused(&run("fgsm", &[]), 2, &["--eps", "glyphs has no usual one"]);
    refused(
        &run("fgsm", &["--eps", "0.1", "--targeted", "other"]),
        2,
        &["--targeted", "next, least-likely, random or all"],
    );
    refused(&run("fgsm", &["--eps", "0.1", "--sheet", "nowhere/a.png"]), 2, &["--sheet", "no folder nowhere"]);
    refused(&run("fgsm", &["--eps", "0.1", "--save", "."]), 2, &["--save", "a folder"]);
    refused(&place.small("attack", &["--eps", "0.1"]), 2, &["--attack"]);
    let l1 = run("deepfool", &["--eps", "1", "--norm", "l1", "--json", "out.json"]);
    assert_eq!(l1.code, Some(2), "{l1:?}");
    assert!(l1.err.contains("no form for the norm l1") && place.entries().is_empty(), "{l1:?}");
}

#[test]
fn a_network_that_does_not_fit_the_samples_is_refused() {
    let place = Place::new();
    write_cifar10(&place.path("cifar"));
    let run = |model| place.run(["spectrum", "--model", model, "--data", "cifar10:cifar"]);
    refused(&run("m1"), 1, &["m1", "cifar10", "[3, 32, 32]"]);
    refused(&run("smallcnn"), 1, &["smallcnn", "cifar10"]);
    let grey = place.run(["spectrum", "--model", "c1", "--data", "glyphs:train=8,test=8"]);
    refused(&grey, 1, &["c1", "glyphs", "[1, 28, 28]"]);
    let normalized = place.small("spectrum", &["--normalize", "0,0,0/1,1,1"]);
    refused(&normalized, 2, &["--normalize", "1 channels", "found 3"]);
    let weighted = place.small("spectrum", &["--class-weights", "1,2"]);
    refused(&weighted, 1, &["class weights", "10"]);
}

#[test]
fn data_that_is_missing_or_damaged_is_named() {
    let place = Place::new();
    fs::create_dir(place.path("void")).unwrap();
    let missing = place.run(["spectrum", "--model", "m1", "--data", "mnist:void"]);
    refused(&missing, 1, &["void", "train-images"]);
    let train = place.run(["train", "--model", "m1", "--data", "mnist:void", "--out", "x"]);
    refused(&train, 1, &["void", "train-images"]);
    assert!(!place.path("x").exists());
    write_cifar10(&place.path("cifar"));
    fs::write(place.path("cifar/test_batch.bin"), [3u8; 100]).unwrap();
    let cut = place.run(["data", "info", "cifar10:cifar", "--split", "test"]);
    refused(&cut, 1, &["test_batch.bin", "byte"]);
}

#[test]
fn wrong_input_leaves_an_earlier_result_as_it_was() {
    let place = Place::new();
    fs::write(place.path("result.json"), "earlier").unwrap();
    refused(&place.small("spectrum", &["--json", "result.json", "--top", "7851"]), 2, &[]);
    refused(&place.small("spectrum", &["--json", "result.json", "--weights", "none"]), 1, &[]);
    assert_eq!(fs::read_to_string(place.path("result.json")).unwrap(), "earlier");
    assert_eq!(place.entries(), ["result.json"]);
}

#[test]
fn a_place_that_cannot_take_the_result_is_refused_before_the_work() {
    let place = Place::new();
    refused(&place.small("spectrum", &["--json", "none/result.json"]), 2, &["none/result.json", "no folder"]);
    fs::create_dir(place.path("folder")).unwrap();
    refused(&place.small("spectrum", &["--json", "folder"]), 2, &["--json folder", "found a folder"]);
}

#[test]
fn flags_that_contradict_each_other_are_refused() {
    let place = Place::new();
    let run = place.small("spectrum", &["--loss", "squared-error", "--label-smoothing", "0.1"]);
    refused(&run, 2, &["--label-smoothing", "cross-entropy"]);
    let arguments = ["train"].into_iter().chain(SMALL).chain(["--nesterov", "--momentum", "0"]);
    refused(&place.run(arguments), 2, &["momentum"]);
}

#[test]
fn a_label_that_no_sample_has_left_after_ignoring_gives_no_mean() {
    let place = Place::new();
    let info =
        place.run(["data", "info", "glyphs:train=64,test=32", "--split", "train", "--samples", "0..1", "--json", "-"]);
    let counts = info.ok().json()["splits"][0]["per_class"].clone();
    let label = counts.as_array().unwrap().iter().position(|n| n == 1).unwrap().to_string();
    let run = place.small("spectrum", &["--samples", "0..1", "--ignored-label", &label]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.err.contains("total weight"), "{run:?}");
}

/// The program alone in a folder, so that no library lies beside it.
#[cfg(unix)]
fn alone(place: &Place) -> std::path::PathBuf {
    let program = place.path("bin").join("hesse");
    fs::create_dir(place.path("bin")).unwrap();
    fs::copy(env!("CARGO_BIN_EXE_hesse"), &program).unwrap();
    program
}

#[cfg(unix)]
fn run_alone(place: &Place, program: &std::path::Path, arguments: &[&str]) -> Run {
    let mut command = std::process::Command::new(program);
    command.args(arguments).current_dir(place.path("")).env_remove("HESSE_PLUGIN_PATH");
    command.env("HOME", place.path("")).env("XDG_DATA_HOME", place.path("data"));
    // Another test's child process may hold the copy open for writing until it starts its own program.
    let output = loop {
        match command.output() {
            Err(e) if e.kind() == std::io::ErrorKind::ExecutableFileBusy => std::thread::yield_now(),
            other => break other.unwrap(),
        }
    };
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Run { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
}

/// What mends a missing backend.
#[cfg(unix)]
const MEND: &str = "cargo xtask libtorch && cargo build --release -p hesse-tch";

#[test]
#[cfg(unix)]
fn a_backend_whose_library_is_missing_is_refused_with_the_command_that_makes_it() {
    let place = Place::new();
    let program = alone(&place);
    let run = run_alone(&place, &program, &[&["spectrum"], &SMALL[..], &["--backend", "tch"]].concat());
    refused(&run, 1, &["backend tch", "hesse_tch", MEND]);
    let listed = run_alone(&place, &program, &["backends"]);
    assert!(listed.code == Some(0) && listed.out.contains("candle") && listed.out.contains(MEND), "{listed:?}");
}

#[test]
#[cfg(unix)]
fn a_backend_whose_library_does_not_load_is_refused_with_the_cause_and_the_command() {
    let place = Place::new();
    let program = alone(&place);
    let name = format!("{}hesse_tch{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    fs::write(place.path("bin").join(name), "not a library").unwrap();
    let run = run_alone(&place, &program, &[&["spectrum"], &SMALL[..], &["--backend", "tch"]].concat());
    refused(&run, 1, &["backend tch", "not", "library", MEND]);
}

#[test]
fn a_cuda_device_on_a_build_without_one_is_refused_by_name() {
    let place = Place::new();
    for device in ["cuda", "cuda:1"] {
        refused(&place.small("spectrum", &["--device", device]), 1, &["candle", device, "CPU"]);
    }
}
