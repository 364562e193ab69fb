//! One request and its answer, appended to what is there.
//!
//! A server is asked for the rest with `Range`; one that does not know ranges answers with the whole, and then the
//! kept part is dropped. Compression is declined, because an unpacked `.gz` has another SHA-256.

use super::super::DataError;
use super::report::Progress;
use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::path::Path;
use ureq::http::{HeaderMap, StatusCode};

/// Most bytes of one file; the largest published one has 170 MB.
const LIMIT: u64 = 1 << 30;

/// What to ask for, and where to put it.
pub struct Transfer<'a> {
    pub agent: &'a ureq::Agent,
    pub url: &'a str,
    pub name: &'a str,
    pub part: &'a Path,
}

/// What one request brought.
pub struct Attempt {
    /// Bytes from before that were continued.
    pub kept: u64,
    /// New bytes.
    pub received: u64,
    pub outcome: Outcome,
}

/// Whether another try can help.
pub enum Outcome {
    /// The server has no more bytes.
    Complete,
    /// The connection broke, or the server was out of order; why.
    Broken(String),
}

impl Transfer<'_> {
    /// Asks once for what is missing.
    pub fn run(&self, progress: &mut dyn FnMut(Progress<'_>)) -> Result<Attempt, DataError> {
        let have = self.part.metadata().map_or(0, |metadata| metadata.len());
        let broken = |reason: String| Ok(Attempt { kept: 0, received: 0, outcome: Outcome::Broken(reason) });
        let mut request = self.agent.get(self.url).header("Accept-Encoding", "identity");
        if have > 0 {
            request = request.header("Range", format!("bytes={have}-"));
        }
        let response = match request.call() {
            Ok(response) => response,
            Err(ureq::Error::BadUri(reason)) => return Err(self.refused("an address", reason)),
            Err(error) => return broken(error.to_string()),
        };
        let kept = match response.status() {
            StatusCode::OK => 0,
            StatusCode::PARTIAL_CONTENT if continues(response.headers(), have) => have,
            // Nothing after what is there: perhaps it was whole already. The SHA-256 will tell.
            StatusCode::RANGE_NOT_SATISFIABLE if have > 0 => {
                return Ok(Attempt { kept: have, received: 0, outcome: Outcome::Complete });
            }
            status if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
                return broken(format!("status {status}"));
            }
            status => return Err(self.refused("status 200 OK or 206 Partial Content", format!("status {status}"))),
        };
        let total = length(response.headers()).map(|rest| kept.saturating_add(rest));
        progress(Progress::Started { file: self.name, url: self.url, kept, total });
        self.store(response.into_body().into_reader(), kept, total, progress)
    }

    fn store(
        &self,
        mut body: impl Read,
        kept: u64,
        total: Option<u64>,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Attempt, DataError> {
        let io = |operation| DataError::io(operation, self.part);
        let mut options = OpenOptions::new();
        // Neither flag clears the file by itself when appending.
        options.create(true).append(kept > 0).write(true).truncate(kept == 0);
        let mut file = options.open(self.part).map_err(io("opening"))?;
        let mut bytes = kept;
        let mut buffer = vec![0; 1 << 16];
        let outcome = loop {
            let chunk = match body.read(&mut buffer) {
                Ok(0) => break Outcome::Complete,
                Ok(count) => buffer.get(..count).unwrap_or_default(),
                Err(error) => break Outcome::Broken(error.to_string()),
            };
            file.write_all(chunk).map_err(io("writing"))?;
            bytes += chunk.len() as u64;
            if bytes > LIMIT {
                return Err(self.refused(&format!("at most {LIMIT} bytes"), "more".into()));
            }
            progress(Progress::Received { file: self.name, bytes, total });
        };
        // The name that follows promises a whole file, so the bytes must be on disk before it.
        file.sync_all().map_err(io("writing"))?;
        let outcome = match (outcome, total) {
            (Outcome::Complete, Some(total)) if bytes < total => {
                Outcome::Broken(format!("the end of the answer after {bytes} of {total} bytes"))
            }
            (outcome, _) => outcome,
        };
        Ok(Attempt { kept, received: bytes - kept, outcome })
    }

    fn refused(&self, expected: &str, found: String) -> DataError {
        DataError::Download { url: self.url.into(), expected: expected.into(), found }
    }
}

/// Whether a partial answer begins where the kept bytes end.
fn continues(headers: &HeaderMap, have: u64) -> bool {
    let range = headers.get("content-range").and_then(|value| value.to_str().ok()).unwrap_or_default();
    range
        .strip_prefix("bytes ")
        .and_then(|range| range.split_once('-'))
        .is_some_and(|(start, _)| start.parse() == Ok(have))
}

fn length(headers: &HeaderMap) -> Option<u64> {
    headers.get("content-length")?.to_str().ok()?.parse().ok()
}
