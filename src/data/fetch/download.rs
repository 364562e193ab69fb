//! One file over HTTP: continued after a cut, checked, and only then given its name.
//!
//! The SHA-256 is the only judge of contents. Lengths, `ETag` and `Last-Modified` differ between mirrors and proxies;
//! a continued file that does not add up is simply fetched once more from the start.

use super::super::{DataError, file};
use super::report::Progress;
use super::sources::RemoteFile;
use super::transfer::{Outcome, Transfer};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Tries in a row that may bring nothing before giving up.
const FRUITLESS_TRIES: u32 = 3;
/// Tries altogether, against a server that sends a few bytes each time.
const TRIES: u32 = 100;

/// Downloads files, with the same settings for each.
pub struct Downloader {
    agent: ureq::Agent,
    pause: Duration,
}

impl Downloader {
    pub fn new() -> Self {
        Self::with_pause(Duration::from_secs(1))
    }

    /// With this time between the first tries; it doubles from try to try.
    pub fn with_pause(pause: Duration) -> Self {
        let seconds = |n| Some(Duration::from_secs(n));
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(seconds(30))
            .timeout_recv_response(seconds(60))
            // A stalled body is cut here and continued by the next try.
            .timeout_recv_body(seconds(600))
            .build();
        Self { agent: config.into(), pause }
    }

    /// Makes sure that `target` is the published file, from the first address that serves it.
    /// Returns the number of bytes received.
    pub fn file(
        &self,
        bases: &[&str],
        file: &RemoteFile<'_>,
        target: &Path,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<u64, DataError> {
        if target.exists() {
            let mend = "move this file away to have it downloaded again";
            check(target, file.sha256, mend)?;
            progress(Progress::Present { file: file.name });
            return Ok(0);
        }
        let mut last = None;
        for base in bases {
            if let Some(error) = last.take() {
                progress(Progress::Retrying { file: file.name, reason: &DataError::to_string(&error) });
            }
            let url = format!("{}/{}", base.trim_end_matches('/'), file.name);
            match self.from(&url, file, target, progress) {
                Ok(received) => {
                    progress(Progress::Verified { file: file.name });
                    return Ok(received);
                }
                // A full disk is no better at the next address.
                Err(error @ DataError::Io { .. }) => return Err(error),
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(|| DataError::Download {
            url: file.name.into(),
            expected: "an address to download from".into(),
            found: "none".into(),
        }))
    }

    fn from(
        &self,
        url: &str,
        file: &RemoteFile<'_>,
        target: &Path,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<u64, DataError> {
        let part = part(target);
        let mut received = 0;
        loop {
            let (bytes, continued) = self.whole(url, file.name, &part, progress)?;
            received += bytes;
            match check(&part, file.sha256, "the download was discarded") {
                Ok(()) => break,
                Err(error) => {
                    fs::remove_file(&part).map_err(DataError::io("removing", &part))?;
                    if !continued {
                        return Err(error);
                    }
                    let reason = "the continued file does not have the published SHA-256";
                    progress(Progress::Retrying { file: file.name, reason });
                }
            }
        }
        fs::rename(&part, target).map_err(DataError::io("renaming", &part))?;
        Ok(received)
    }

    /// Fills `part` to its end. Returns the bytes received, and whether any were kept from before.
    fn whole(
        &self,
        url: &str,
        name: &str,
        part: &Path,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<(u64, bool), DataError> {
        let transfer = Transfer { agent: &self.agent, url, name, part };
        let (mut received, mut continued, mut fruitless) = (0, false, 0);
        for _ in 0..TRIES {
            let attempt = transfer.run(progress)?;
            received += attempt.received;
            continued |= attempt.kept > 0;
            let reason = match attempt.outcome {
                Outcome::Complete => return Ok((received, continued)),
                Outcome::Broken(reason) => reason,
            };
            fruitless = if attempt.received > 0 { 0 } else { fruitless + 1 };
            if fruitless == FRUITLESS_TRIES {
                let expected = "the whole file".into();
                return Err(DataError::Download { url: url.into(), expected, found: reason });
            }
            progress(Progress::Retrying { file: name, reason: &reason });
            std::thread::sleep(self.pause * (1 << fruitless));
        }
        let found = format!("a connection that broke {TRIES} times");
        Err(DataError::Download { url: url.into(), expected: "the whole file".into(), found })
    }
}

/// Where the file is kept until it is whole.
pub fn part(target: &Path) -> PathBuf {
    let mut name = target.as_os_str().to_owned();
    name.push(".part");
    name.into()
}

fn check(path: &Path, expected: &str, mend: &str) -> Result<(), DataError> {
    let found = sha256(path).map_err(DataError::io("reading", path))?;
    if found == expected {
        return Ok(());
    }
    Err(DataError::Checksum { file: path.to_owned(), expected: expected.into(), found, mend: mend.into() })
}

fn sha256(path: &Path) -> io::Result<String> {
    let mut reader = File::open(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match reader.read(&mut buffer)? {
            0 => return Ok(file::hex(&hasher.finalize())),
            count => hasher.update(buffer.get(..count).unwrap_or_default()),
        }
    }
}
