use super::super::file::hex;
use super::server::{Manner, Server};
use super::sources::{Archive, RemoteFile};
use super::*;
use flate2::{Compression, write::GzEncoder};
use sha2::{Digest, Sha256};
use std::time::Duration;

/// A folder, a server, and what the client is told to expect of it.
struct Trial {
    dir: tempfile::TempDir,
    server: Server,
    sha256: String,
    steps: Vec<String>,
}

impl Trial {
    fn new(body: &[u8], manner: Manner) -> Self {
        let sha256 = hex(&Sha256::digest(body));
        Self { dir: tempfile::tempdir().unwrap(), server: Server::start(body, manner), sha256, steps: Vec::new() }
    }

    fn fetch(&mut self, archive: Option<Archive<'_>>) -> Result<FetchReport, String> {
        let base = self.server.base();
        self.fetch_at(&[&base], archive)
    }

    fn fetch_at(&mut self, bases: &[&str], archive: Option<Archive<'_>>) -> Result<FetchReport, String> {
        let files = [RemoteFile { name: "file", sha256: &self.sha256, archive }];
        let source = Source { bases: &[], files: &files };
        let downloader = Downloader::with_pause(Duration::ZERO);
        let steps = &mut self.steps;
        let mut progress = |step: Progress<'_>| match step {
            Progress::Received { .. } => {}
            step => steps.push(format!("{step:?}").split(' ').next().unwrap_or_default().to_owned()),
        };
        fetch_from(&source, bases, self.dir.path(), &downloader, &mut progress).map_err(|error| error.to_string())
    }

    fn kept(&self, name: &str) -> Option<Vec<u8>> {
        fs::read(self.dir.path().join(name)).ok()
    }
}

fn body() -> Vec<u8> {
    (0..200_000u32).map(|i| (i.wrapping_mul(i) >> 7) as u8).collect()
}

#[test]
fn a_file_is_downloaded_once_and_then_found() {
    let mut trial = Trial::new(&body(), Manner::Proper);
    assert_eq!(trial.fetch(None).unwrap().bytes, 200_000);
    assert_eq!((trial.kept("file"), trial.kept("file.part")), (Some(body()), None));
    let again = trial.fetch(None).unwrap();
    assert_eq!((again.bytes, again.files), (0, vec![trial.dir.path().join("file")]));
    assert_eq!(trial.steps, ["Started", "Verified", "Present"]);
    assert_eq!(trial.server.requests(), ["GET /mirror/file HTTP/1.1"]);
}

#[test]
fn a_cut_download_is_continued_where_it_was_cut() {
    let mut trial = Trial::new(&body(), Manner::CutOnce(70_000));
    assert_eq!(trial.fetch(None).unwrap().bytes, 200_000);
    assert_eq!(trial.kept("file"), Some(body()));
    assert_eq!(trial.server.requests()[1], "GET /mirror/file HTTP/1.1 70000-");
    assert_eq!(trial.steps, ["Started", "Retrying", "Started", "Verified"]);
}

#[test]
fn a_part_left_by_an_earlier_run_is_continued() {
    let mut trial = Trial::new(&body(), Manner::Proper);
    fs::write(trial.dir.path().join("file.part"), &body()[..150_000]).unwrap();
    assert_eq!(trial.fetch(None).unwrap().bytes, 50_000);
    assert_eq!(trial.kept("file"), Some(body()));
}

#[test]
fn a_part_that_is_already_whole_only_gets_its_name() {
    let mut trial = Trial::new(&body(), Manner::Proper);
    fs::write(trial.dir.path().join("file.part"), body()).unwrap();
    assert_eq!(trial.fetch(None).unwrap().bytes, 0);
    assert_eq!(trial.kept("file"), Some(body()));
}

#[test]
fn a_part_of_something_else_is_dropped_and_fetched_anew() {
    for foreign in [vec![9; 1000], vec![9; 300_000]] {
        let mut trial = Trial::new(&body(), Manner::Proper);
        fs::write(trial.dir.path().join("file.part"), foreign).unwrap();
        trial.fetch(None).unwrap();
        assert_eq!((trial.kept("file"), trial.kept("file.part")), (Some(body()), None));
    }
}

#[test]
fn a_server_without_ranges_is_read_from_the_start() {
    let mut trial = Trial::new(&body(), Manner::NoRanges);
    fs::write(trial.dir.path().join("file.part"), &body()[..150_000]).unwrap();
    assert_eq!(trial.fetch(None).unwrap().bytes, 200_000);
    assert_eq!(trial.kept("file"), Some(body()));
}

#[test]
fn other_contents_are_refused_and_get_no_name() {
    let mut trial = Trial::new(&body(), Manner::Proper);
    trial.sha256 = "0".repeat(64);
    let error = trial.fetch(None).unwrap_err();
    assert!(error.contains(&format!("expected SHA-256 {}, found", "0".repeat(64))), "{error}");
    assert!(error.ends_with("the download was discarded"), "{error}");
    assert_eq!((trial.kept("file"), trial.kept("file.part")), (None, None));
}

#[test]
fn a_file_of_the_same_name_is_not_replaced() {
    let mut trial = Trial::new(&body(), Manner::Proper);
    fs::write(trial.dir.path().join("file"), "my own").unwrap();
    let error = trial.fetch(None).unwrap_err();
    assert!(error.ends_with("move this file away to have it downloaded again"), "{error}");
    assert_eq!(trial.kept("file"), Some(b"my own".to_vec()));
}

#[test]
fn a_missing_file_is_reported_with_its_address_at_once() {
    let mut trial = Trial::new(&body(), Manner::NotFound);
    let error = trial.fetch(None).unwrap_err();
    assert!(error.starts_with("downloading http://127.0.0.1:"), "{error}");
    assert!(error.ends_with("/mirror/file: expected status 200 OK or 206 Partial Content, found status 404 Not Found"));
    assert_eq!(trial.server.requests().len(), 1);
}

#[test]
fn a_server_out_of_order_is_asked_again() {
    let mut trial = Trial::new(&body(), Manner::BusyOnce);
    assert_eq!(trial.fetch(None).unwrap().bytes, 200_000);
}

#[test]
fn a_server_that_never_sends_is_given_up() {
    let mut trial = Trial::new(&body(), Manner::AlwaysCut);
    assert!(trial.fetch(None).unwrap_err().contains("expected the whole file"));
    assert_eq!(trial.server.requests().len(), 3);
}

#[test]
fn the_second_address_is_tried_when_the_first_fails() {
    let mut trial = Trial::new(&body(), Manner::Proper);
    let (nobody, base) = (Server::start(&[], Manner::NotFound), trial.server.base());
    trial.fetch_at(&[&nobody.base(), &base], None).unwrap();
    assert_eq!(trial.steps, ["Retrying", "Started", "Verified"]);
}

#[test]
fn an_address_that_is_none_is_reported() {
    let mut trial = Trial::new(&body(), Manner::Proper);
    let error = trial.fetch_at(&["not an address"], None).unwrap_err();
    assert!(error.starts_with("downloading not an address/file"), "{error}");
}

fn packed(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (path, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        // Written directly, since the builder refuses the very paths that a hostile archive has.
        header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
        header.set_cksum();
        tar.append(&header, *bytes).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

const MEMBERS: Archive<'static> = Archive { folder: "folder", members: &[("a.bin", 3), ("b.bin", 2)] };

#[test]
fn an_archive_gives_its_named_members_and_nothing_else() {
    let files: [(&str, &[u8]); 5] = [
        ("../escape", b"x"),
        ("folder/other", b"x"),
        ("folder/../../a.bin", b"xxx"),
        ("folder/a.bin", b"abc"),
        ("./folder/b.bin", b"de"),
    ];
    let mut trial = Trial::new(&packed(&files), Manner::Proper);
    let report = trial.fetch(Some(MEMBERS)).unwrap();
    assert_eq!(report.files, MEMBERS.paths(trial.dir.path()));
    assert_eq!((trial.kept("folder/a.bin"), trial.kept("folder/b.bin")), (Some(b"abc".into()), Some(b"de".into())));
    assert_eq!((trial.kept("file"), trial.kept("folder/other"), trial.kept("../escape")), (None, None, None));
    assert_eq!(trial.fetch(Some(MEMBERS)).unwrap().bytes, 0);
    assert_eq!(trial.steps, ["Started", "Verified", "Unpacking", "Present"]);
}

#[test]
fn an_archive_without_a_member_is_refused_by_name() {
    let mut trial = Trial::new(&packed(&[("folder/a.bin", b"abc")]), Manner::Proper);
    assert!(trial.fetch(Some(MEMBERS)).unwrap_err().contains("expected b.bin in folder"));
}

#[test]
fn a_member_of_another_length_is_refused() {
    let mut trial = Trial::new(&packed(&[("folder/a.bin", b"abcd")]), Manner::Proper);
    let error = trial.fetch(Some(MEMBERS)).unwrap_err();
    assert!(error.ends_with("expected the file a.bin of 3 bytes, found 4 bytes"), "{error}");
}

#[test]
fn a_generated_set_has_nothing_to_download() {
    let kind = DataKind::Glyphs(super::super::GlyphOptions::default());
    let error = fetch(kind, Path::new("unused"), &FetchOptions::default(), &mut |_| {}).unwrap_err().to_string();
    assert!(error.ends_with("found `glyphs`, which is generated and needs no file"), "{error}");
}

#[test]
fn the_official_sums_of_mnist_are_those_of_the_originals() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/mnist");
    if !dir.is_dir() {
        println!("skipped: {} is absent", dir.display());
        return;
    }
    let source = sources::of(DataKind::Mnist).unwrap();
    let report = fetch_from(&source, &[], &dir, &Downloader::new(), &mut |_| {}).unwrap();
    assert_eq!((report.files.len(), report.bytes), (4, 0));
}
