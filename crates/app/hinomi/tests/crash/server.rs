//! The server as a process that is started repeatedly on one folder, and killed.

use std::{
    io::{BufRead, BufReader},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, ChildStderr, Command, Stdio},
    time::{Duration, Instant},
};

/// A server that is ready.
pub struct Server {
    process: Process,
    pub http: u16,
    pub otlp_http: u16,
    /// Time from the start until it was ready.
    pub ready_after: Duration,
}

/// A server that may not be ready.
pub struct Process {
    child: Child,
    http: u16,
    otlp_http: u16,
    started: Instant,
}

impl Server {
    /// Starts the server and waits until it is ready.
    pub fn start(data: &Path, config: &Path) -> Self {
        let mut process = Self::spawn(data, config);
        let mut lines = BufReader::new(process.stderr()).lines();
        let mut log = String::new();
        loop {
            let Some(Ok(line)) = lines.next() else {
                panic!("the server ended before it was ready:\n{log}");
            };
            log.push_str(&line);
            log.push('\n');
            if line.contains("ready") {
                break;
            }
        }
        let ready_after = process.started.elapsed();
        // Reads the pipe to its end, so that the server never waits for a reader.
        std::thread::spawn(move || lines.for_each(drop));
        Self {
            http: process.http,
            otlp_http: process.otlp_http,
            ready_after,
            process,
        }
    }

    /// Starts the process.
    pub fn spawn(data: &Path, config: &Path) -> Process {
        let [http, grpc, otlp_http] = free_ports();
        let binary = std::env::var_os("HINOMI_CRASH_BINARY")
            .map_or_else(|| env!("CARGO_BIN_EXE_hinomi").into(), PathBuf::from);
        let mut command = Command::new(binary);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("HINOMI_") {
                command.env_remove(name);
            }
        }
        let started = Instant::now();
        let child = command
            .arg("serve")
            .arg("--data-dir")
            .arg(data)
            .arg("--config")
            .arg(config)
            .args(["--http-addr", &format!("127.0.0.1:{http}")])
            .args(["--otlp-grpc-addr", &format!("127.0.0.1:{grpc}")])
            .args(["--otlp-http-addr", &format!("127.0.0.1:{otlp_http}")])
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Process {
            child,
            http,
            otlp_http,
            started,
        }
    }

    /// Sends SIGKILL.
    pub fn kill(self) {
        drop(self.process);
    }

    /// Sends SIGTERM. Returns the exit code.
    pub fn stop(mut self) -> Option<i32> {
        let pid = self.process.child.id().to_string();
        Command::new("kill").args(["-TERM", &pid]).status().unwrap();
        self.process.child.wait().unwrap().code()
    }
}

impl Process {
    /// Sends SIGKILL after a delay.
    pub fn kill_after(self, delay: Duration) {
        std::thread::sleep(delay);
        drop(self);
    }

    fn stderr(&mut self) -> ChildStderr {
        self.child.stderr.take().unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The newest file with this ending anywhere below a folder; `None` when there is none.
pub fn newest(folder: &Path, ending: &str) -> Option<PathBuf> {
    let entries = std::fs::read_dir(folder).ok()?;
    entries
        .filter_map(|entry| {
            let entry = entry.ok()?;
            if entry.file_type().ok()?.is_dir() {
                newest(&entry.path(), ending)
            } else {
                Some(entry.path()).filter(|path| path.to_string_lossy().ends_with(ending))
            }
        })
        .max()
}

/// Ports that were free a moment ago.
fn free_ports<const N: usize>() -> [u16; N] {
    let held: [TcpListener; N] = std::array::from_fn(|_| TcpListener::bind("127.0.0.1:0").unwrap());
    held.map(|listener| listener.local_addr().unwrap().port())
}
