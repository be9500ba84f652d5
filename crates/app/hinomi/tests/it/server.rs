//! The binary as a process with its own ports and its own folder.

use std::{
    io::{BufRead, BufReader, Read},
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// A running `hinomi serve`. It is killed when dropped.
pub struct Server {
    child: Child,
    pub http: u16,
    pub grpc: u16,
    pub otlp_http: u16,
}

impl Server {
    /// Starts the server on `dir` and waits until it is ready.
    pub fn start(dir: &Path) -> Self {
        Self::start_with(dir, &[])
    }

    /// Like [`Self::start`], with more flags.
    pub fn start_with(dir: &Path, flags: &[&str]) -> Self {
        let [http, grpc, otlp_http] = free_ports();
        let mut child = command()
            .arg("serve")
            .arg("--data-dir")
            .arg(dir)
            .args(["--http-addr", &format!("127.0.0.1:{http}")])
            .args(["--otlp-grpc-addr", &format!("127.0.0.1:{grpc}")])
            .args(["--otlp-http-addr", &format!("127.0.0.1:{otlp_http}")])
            .args(flags)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
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
        // Reads the pipe to its end, so that the server never waits for a reader.
        std::thread::spawn(move || lines.for_each(drop));
        Self {
            child,
            http,
            grpc,
            otlp_http,
        }
    }

    /// Sends SIGTERM and waits. Returns the exit code.
    pub fn stop(mut self) -> Option<i32> {
        let pid = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &pid]).status().unwrap();
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            assert!(
                Instant::now() < deadline,
                "the server did not stop within 30 s of SIGTERM"
            );
            std::thread::yield_now();
        }
    }

    /// Peak memory of the process so far, in bytes.
    pub fn peak_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib: u64 = line
            .unwrap()
            .trim()
            .trim_end_matches(" kB")
            .parse()
            .unwrap();
        kib << 10
    }

    /// Sends SIGKILL.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The binary, in an environment without settings for it.
pub fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hinomi"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("HINOMI_") {
            command.env_remove(name);
        }
    }
    command.stdin(Stdio::null());
    command
}

/// Runs a command that must fail at once. Returns its message and exit code.
pub fn failure(command: &mut Command) -> (String, Option<i32>) {
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut text = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
    (text, child.wait().unwrap().code())
}

/// Ports that were free a moment ago.
fn free_ports<const N: usize>() -> [u16; N] {
    let held: [TcpListener; N] = std::array::from_fn(|_| TcpListener::bind("127.0.0.1:0").unwrap());
    held.map(|listener| listener.local_addr().unwrap().port())
}
