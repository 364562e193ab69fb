//! Studies whose process is killed: nothing but time is lost.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test that cannot go on has failed

mod cli_common;

use cli_common::Place;
use hesse_core::random::{Purpose, Stream};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Everything that the study of large batches has, on a network of a few thousand parameters.
const LARGE_BATCH: &str = "study large-batch --model mlp:hidden=8,activation=tanh --data glyphs:train=60,test=30 \
    --batch-sizes 10,60 --seeds 2 --until-loss 1.2 --lr 0.03 --eps 0.02,0.05 --curvature-samples 20 --top 2 \
    --line-points 5 --plane-points 3 --track-every 8 --out out";

fn begin(place: &Place, study: &str, more: &[&str]) -> Child {
    let mut command: Command = place.command();
    command.args(study.split_whitespace()).args(more).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}

fn to_the_end(place: &Place, study: &str, more: &[&str]) -> Duration {
    let start = Instant::now();
    let output = place.command().args(study.split_whitespace()).args(more).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    start.elapsed()
}

/// Kills a study ten times with SIGKILL, each time at a random moment of a new attempt, and lets the last attempt end.
fn killed_ten_times(place: &Place, study: &str, more: &[&str], whole: Duration, seed: u64) {
    let mut random = Stream::new(seed, Purpose::Probe, 0);
    let mut kills = 0;
    for _ in 0..60 {
        if kills == 10 {
            to_the_end(place, study, more);
            return;
        }
        let mut child = begin(place, study, more);
        std::thread::sleep(whole.mul_f64(0.02 + 0.2 * random.uniform()));
        // One that has ended already was not killed; the next attempt finds everything done.
        if child.try_wait().unwrap().is_none() {
            child.kill().unwrap();
            kills += 1;
        }
        child.wait().unwrap();
    }
    panic!("only {kills} of 60 attempts ran long enough to be killed");
}

/// Every file of the report, as bytes; `study.json` without times, and flags that say how many processes and threads made
/// alike.
fn report(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for at in [folder.to_path_buf(), folder.join("tables"), folder.join("pictures")] {
        for entry in fs::read_dir(&at).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                continue;
            }
            let mut bytes = fs::read(&path).unwrap();
            if let Ok(text) = String::from_utf8(bytes.clone()) {
                let text = text.replace("--threads 2 --jobs 2", "--threads 1 --jobs 1");
                bytes = text.replace(", 2 threads", ", 1 threads").into_bytes();
            }
            if path.ends_with("study.json") {
                let value = timeless(serde_json::from_slice(&bytes).unwrap());
                bytes = serde_json::to_vec(&value).unwrap();
            }
            found.insert(path.strip_prefix(folder).unwrap().to_path_buf(), bytes);
        }
    }
    found
}

fn timeless(mut value: serde_json::Value) -> serde_json::Value {
    match &mut value {
        serde_json::Value::Object(fields) => {
            // A command line is a list of words, in which the replacement above finds nothing.
            let times = ["seconds", "train_seconds", "samples_per_second", "command", "threads"];
            fields.retain(|name, _| !times.contains(&name.as_str()));
            fields.values_mut().for_each(|v| *v = timeless(v.take()));
        }
        serde_json::Value::Array(values) => values.iter_mut().for_each(|v| *v = timeless(v.take())),
        _ => {}
    }
    value
}

fn assert_same(found: &BTreeMap<PathBuf, Vec<u8>>, expected: &BTreeMap<PathBuf, Vec<u8>>) {
    assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    assert!(found.keys().any(|name| name.ends_with("report.html")) && found.len() >= 12);
    for (name, bytes) in expected {
        assert!(found[name] == *bytes, "{} differs", name.display());
    }
}

#[test]
fn a_study_killed_at_ten_random_moments_gives_the_same_report_byte_for_byte_in_one_process_and_in_two() {
    let one = ["--threads", "1", "--jobs", "1"];
    let two = ["--threads", "2", "--jobs", "2"];
    let (whole, parts, processes) = (Place::new(), Place::new(), Place::new());
    let time = to_the_end(&whole, LARGE_BATCH, &one);
    let expected = report(&whole.path("out"));
    killed_ten_times(&parts, LARGE_BATCH, &one, time, 1);
    assert_same(&report(&parts.path("out")), &expected);
    // Here the parent is killed; its children see that and stop, and the next attempt waits for them.
    killed_ten_times(&processes, LARGE_BATCH, &two, time, 2);
    assert_same(&report(&processes.path("out")), &expected);
}

#[test]
fn the_comparison_of_methods_and_the_robust_study_survive_being_killed_too() {
    let methods = "study robust --as-large-batch-method --model mlp:hidden=8 --data glyphs:train=60,test=30 \
        --batch-sizes 10,60 --epochs 10 --curvature-samples 20 --out out";
    let robust = "study robust --model mlp:hidden=8 --data glyphs:train=60,test=30 --attacks fgsm,l2grad --epochs 6 \
        --tune-epochs 2 --batch-size 20 --line-points 5 --spectrum-samples 1,30 --out out";
    for (study, seed) in [(methods, 3), (robust, 4)] {
        let more = ["--threads", "2", "--jobs", "2"];
        let (whole, parts) = (Place::new(), Place::new());
        let time = to_the_end(&whole, study, &more);
        killed_ten_times(&parts, study, &more, time, seed);
        assert_same(&report(&parts.path("out")), &report(&whole.path("out")));
    }
}

/// The processes whose parent is this one.
#[cfg(target_os = "linux")]
fn children(parent: u32) -> Vec<u32> {
    let children = fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).unwrap_or_default();
    children.split_whitespace().filter_map(|id| id.parse().ok()).collect()
}

#[cfg(target_os = "linux")]
#[test]
fn a_cell_whose_process_is_killed_is_computed_again() {
    let (whole, hurt) = (Place::new(), Place::new());
    let two = ["--threads", "2", "--jobs", "2"];
    to_the_end(&whole, LARGE_BATCH, &two);
    let mut command = hurt.command();
    command.args(LARGE_BATCH.split_whitespace()).args(two).stdout(Stdio::null()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    let victim = loop {
        assert!(Instant::now() < deadline, "no child began");
        if let Some(id) = children(child.id()).first() {
            break *id;
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let killed = Command::new("kill").args(["-9", &victim.to_string()]).status().unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(killed.success() && output.status.success(), "{said}");
    assert!(said.contains("was killed") && said.contains("trying again by itself"), "{said}");
    assert_same(&report(&hurt.path("out")), &report(&whole.path("out")));
}

#[cfg(unix)]
#[test]
fn an_interrupted_parent_stops_its_children_and_ends_with_130() {
    let place = Place::new();
    let two = ["--threads", "2", "--jobs", "2", "--until-loss", "0.0001", "--epochs", "100000"];
    let study = LARGE_BATCH.replace("--until-loss 1.2", "");
    let mut command = place.command();
    command.args(study.split_whitespace()).args(two).stdout(Stdio::null()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    let begun = Instant::now();
    // Both children train.
    while fs::read_dir(place.path("out")).map_or(0, Iterator::count) < 2 {
        assert!(begun.elapsed() < Duration::from_secs(60), "no child began");
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::sleep(Duration::from_millis(300));
    let signalled = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    let asked = Instant::now();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(signalled.success() && output.status.code() == Some(130), "{said}");
    assert!(said.contains("the same command continues from out"), "{said}");
    assert!(asked.elapsed() < Duration::from_secs(20));
    let checkpoints = fs::read_dir(place.path("out")).unwrap();
    let kept = checkpoints.filter(|c| fs::read_dir(c.as_ref().unwrap().path()).unwrap().count() > 1).count();
    assert!(kept >= 2, "both children keep what they have");
}
