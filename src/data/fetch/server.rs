//! A web server of one file for the tests, with the faults of real ones.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// How the server behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// As it should, ranges included.
    Proper,
    /// The first answer ends after so many bytes of the body.
    CutOnce(usize),
    /// Every answer ends before the body.
    AlwaysCut,
    /// Ranges are ignored.
    NoRanges,
    /// The file is not there.
    NotFound,
    /// Out of order for the first request.
    BusyOnce,
}

/// The running server; it stops when dropped.
pub struct Server {
    address: String,
    requests: Arc<Mutex<Vec<String>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub fn start(body: &[u8], manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (requests, stop) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let thread = std::thread::spawn({
            let (body, requests, stop) = (body.to_vec(), requests.clone(), stop.clone());
            move || {
                for stream in listener.incoming() {
                    if stop.load(Ordering::SeqCst) {
                        return;
                    }
                    // A client that hangs up early is none of the server's business.
                    let _ = answer(stream.unwrap(), &body, manner, &requests);
                }
            }
        });
        Self { address, requests, stop, thread: Some(thread) }
    }

    pub fn base(&self) -> String {
        format!("http://{}/mirror", self.address)
    }

    /// The request line and the `Range` header of each request, joined by a space.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(&self.address);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

fn answer(mut stream: TcpStream, body: &[u8], manner: Manner, log: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let mut request = lines.next().unwrap_or(Ok(String::new()))?;
    let mut start = None;
    for line in lines {
        let line = line?;
        if line.is_empty() {
            break;
        }
        if let Some(range) = line.to_lowercase().strip_prefix("range: bytes=") {
            start = range.trim_end_matches('-').parse::<usize>().ok();
            request = format!("{request} {range}");
        }
    }
    let first = {
        let mut log = log.lock().unwrap();
        log.push(request);
        log.len() == 1
    };
    let close = "Connection: close\r\n\r\n";
    let start = start.filter(|_| manner != Manner::NoRanges);
    let (status, rest) = match (manner, start) {
        (Manner::NotFound, _) => ("404 Not Found".into(), &b""[..]),
        (Manner::BusyOnce, _) if first => ("503 Service Unavailable".into(), &b""[..]),
        (_, Some(start)) if start >= body.len() => ("416 Range Not Satisfiable".into(), &b""[..]),
        (_, Some(start)) => {
            let range = format!("Content-Range: bytes {start}-{}/{}", body.len() - 1, body.len());
            (format!("206 Partial Content\r\n{range}"), &body[start..])
        }
        (_, None) => ("200 OK".into(), body),
    };
    write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {}\r\n{close}", rest.len())?;
    let sent = match manner {
        Manner::CutOnce(count) if first => count,
        Manner::AlwaysCut => 0,
        _ => rest.len(),
    };
    stream.write_all(&rest[..sent.min(rest.len())])?;
    stream.flush()
}
