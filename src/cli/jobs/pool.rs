//! The side of the parent: children begun, heard, asked to stop, and begun again where something killed them.

use super::Share;
use super::child::PIECE;
use super::screen::Screen;
use crate::cli::interrupt;
use crate::study::{Piece, StudyError};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;
use thiserror::Error;

/// How often an interruption is looked for while no child says anything.
const PAUSE: Duration = Duration::from_millis(50);

/// A child that did not do its piece, with what it said.
#[derive(Debug, Error)]
#[error("{message}")]
pub(in crate::cli) struct JobFailed {
    /// One line.
    pub message: String,
    /// The exit code of this process then.
    pub code: u8,
}

/// All pieces of a study, to be done by several processes.
pub(in crate::cli) struct Pool<'a> {
    /// The command line of this process.
    pub command: &'a [String],
    /// Where an interrupted study goes on.
    pub folder: &'a Path,
    /// What each process gets.
    pub share: Share,
}

/// What a child has to say.
enum Said {
    /// What it is doing.
    Doing(String),
    /// What stays to be read.
    Stays(String),
    /// Both its pipes are closed.
    Closed,
}

/// A child at its piece.
struct Running<'p> {
    piece: &'p Piece,
    child: Child,
    /// Closed, it asks the child to stop.
    leash: Option<ChildStdin>,
    /// Its last line on standard error, which is its error where it fails.
    last: String,
    open: usize,
}

impl Pool<'_> {
    /// Does all pieces, stage by stage, those that cost most first.
    ///
    /// # Errors
    /// Where a child fails, where one is killed twice, and [`StudyError::Interrupted`]; all children have ended then.
    pub fn run(&self, pieces: &[Piece]) -> anyhow::Result<()> {
        interrupt::listen();
        let mut screen = Screen::new(pieces.len());
        let mut stages: Vec<usize> = pieces.iter().map(|p| p.stage).collect();
        stages.sort_unstable();
        stages.dedup();
        for stage in stages {
            let mut waiting: Vec<&Piece> = pieces.iter().filter(|p| p.stage == stage).collect();
            waiting.sort_by(|a, b| b.cost.total_cmp(&a.cost));
            let killed = self.together(waiting, self.share.jobs, &mut screen)?;
            // One at a time, in case memory was short.
            for (piece, how) in killed {
                screen.stays(&format!("hesse: note: {} was killed ({how}); trying again by itself", piece.name));
                if let Some((piece, how)) = self.together(vec![piece], 1, &mut screen)?.pop() {
                    let message = format!(
                        "{} was killed twice ({how}); where memory is short, --jobs 1 and --micro-batch need less",
                        piece.name
                    );
                    return Err(JobFailed { message, code: 1 }.into());
                }
            }
        }
        Ok(())
    }

    /// Does pieces that do not need each other; returns those whose process was killed.
    fn together<'p>(
        &self,
        mut waiting: Vec<&'p Piece>,
        jobs: usize,
        screen: &mut Screen,
    ) -> anyhow::Result<Vec<(&'p Piece, String)>> {
        waiting.reverse();
        let (sender, receiver) = channel();
        let mut running: BTreeMap<usize, Running<'p>> = BTreeMap::new();
        let (mut next, mut killed, mut failed) = (0, Vec::new(), None);
        loop {
            let stopping = interrupt::asked() || failed.is_some();
            if stopping {
                running.values_mut().for_each(|child| child.leash = None);
            }
            while !stopping
                && running.len() < jobs
                && let Some(piece) = waiting.pop()
            {
                running.insert(next, self.begin(piece, next, &sender)?);
                screen.begin(next, &piece.name);
                next += 1;
            }
            if running.is_empty() {
                break;
            }
            let Some((piece, status, last)) = hear(&receiver, &mut running, screen)? else { continue };
            match status.code() {
                Some(0) => {}
                // A child that was asked to stop, or that a signal meant for all has reached.
                Some(130) => interrupt::ask(),
                Some(code) => {
                    let message = last.strip_prefix("hesse: ").unwrap_or(&last).to_string();
                    let code = u8::try_from(code).unwrap_or(1);
                    failed.get_or_insert(JobFailed { message, code });
                }
                None => killed.push((piece, status.to_string())),
            }
        }
        if interrupt::asked() {
            let during = "between the cells of a study".to_string();
            return Err(StudyError::Interrupted { during, folder: self.folder.to_owned() }.into());
        }
        match failed {
            Some(failed) => Err(failed.into()),
            None => Ok(killed),
        }
    }

    fn begin<'p>(
        &self,
        piece: &'p Piece,
        slot: usize,
        sender: &Sender<(usize, Said)>,
    ) -> Result<Running<'p>, JobFailed> {
        let failed =
            |source: std::io::Error| JobFailed { message: format!("beginning another process: {source}"), code: 1 };
        let mut command = Command::new(std::env::current_exe().map_err(failed)?);
        command
            .args(self.command.iter().skip(1))
            .args([PIECE, piece.id.as_str()])
            .args(["--piece-threads", &self.share.threads.to_string()])
            .args(["--piece-memory", &self.share.memory.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        // Ctrl-C reaches this process alone, which passes it on.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn().map_err(failed)?;
        let mut open = 0;
        if let Some(pipe) = child.stdout.take() {
            listen(pipe, slot, sender.clone(), Said::Doing);
            open += 1;
        }
        if let Some(pipe) = child.stderr.take() {
            listen(pipe, slot, sender.clone(), Said::Stays);
            open += 1;
        }
        Ok(Running { piece, leash: child.stdin.take(), child, last: String::new(), open })
    }
}

/// Passes lines on until the pipe closes.
fn listen(pipe: impl Read + Send + 'static, slot: usize, sender: Sender<(usize, Said)>, said: fn(String) -> Said) {
    std::thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            if sender.send((slot, said(line))).is_err() {
                return;
            }
        }
        let _ = sender.send((slot, Said::Closed));
    });
}

/// Waits a moment for a child to say something; where one has ended, what its piece was, how it ended, and its last line.
fn hear<'p>(
    receiver: &Receiver<(usize, Said)>,
    running: &mut BTreeMap<usize, Running<'p>>,
    screen: &mut Screen,
) -> Result<Option<(&'p Piece, ExitStatus, String)>, JobFailed> {
    let (slot, said) = match receiver.recv_timeout(PAUSE) {
        Ok(heard) => heard,
        Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return Ok(None),
    };
    let Some(child) = running.get_mut(&slot) else { return Ok(None) };
    match said {
        Said::Doing(text) => screen.doing(slot, text),
        Said::Stays(text) => {
            // What children note this process has noted, and an error is told at the end.
            if !text.starts_with("hesse: ") {
                screen.stays(&text);
            }
            child.last = text;
        }
        Said::Closed => {
            child.open -= 1;
            if child.open == 0
                && let Some(mut ended) = running.remove(&slot)
            {
                let failed =
                    |source: std::io::Error| JobFailed { message: format!("waiting for a process: {source}"), code: 1 };
                let status = ended.child.wait().map_err(failed)?;
                screen.end(slot, status.success());
                return Ok(Some((ended.piece, status, ended.last)));
            }
        }
    }
    Ok(None)
}
