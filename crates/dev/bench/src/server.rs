//! The server under measurement, started on free ports and observed through /proc.

use anyhow::{Context, Result, bail, ensure};
use std::{
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// Time limit for start and stop.
const PATIENCE: Duration = Duration::from_secs(60);
/// Interval of polling during start and stop.
const PAUSE: Duration = Duration::from_millis(1);
/// Interval of polling while the server processes its data.
const LOOK: Duration = Duration::from_millis(500);
/// CPU seconds per polling interval below which a server counts as idle.
const IDLE: f64 = 0.025;
/// Clock ticks a second in /proc/<pid>/stat. It is 100 on every Linux that Rust supports.
const TICKS_PER_SECOND: f64 = 100.0;

/// A server that was stopped.
pub struct Stopped {
    /// Its data folder.
    pub folder: TempDir,
    /// Time from SIGTERM to its end.
    pub took: Duration,
    /// CPU time of its whole life, in seconds.
    pub cpu_seconds: f64,
}

/// A running server.
pub struct Server {
    child: Child,
    folder: Option<TempDir>,
    /// Address of the pages and the API.
    pub http: SocketAddr,
    /// Address of OTLP over gRPC.
    pub otlp_grpc: SocketAddr,
    /// Address of OTLP over HTTP.
    pub otlp_http: SocketAddr,
    /// Time from its start until it was ready.
    pub start: Duration,
}

impl Server {
    /// Starts `binary` on a folder and waits until it is ready.
    pub fn start(binary: &Path, folder: TempDir) -> Result<Self> {
        Self::start_with(binary, folder, &[])
    }

    /// Like [`Self::start`], with more arguments.
    pub fn start_with(binary: &Path, folder: TempDir, arguments: &[&str]) -> Result<Self> {
        let [http, otlp_grpc, otlp_http] = free_addresses()?;
        let began = Instant::now();
        let child = Command::new(binary)
            .arg("serve")
            .args(["--log", "warn", "--http-addr", &http.to_string()])
            .args(["--otlp-grpc-addr", &otlp_grpc.to_string()])
            .args(["--otlp-http-addr", &otlp_http.to_string()])
            .arg("--data-dir")
            .arg(folder.path())
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .with_context(|| format!("starting {}", binary.display()))?;
        let mut server = Self {
            child,
            folder: Some(folder),
            http,
            otlp_grpc,
            otlp_http,
            start: Duration::ZERO,
        };
        while crate::http::get_blocking(http, "/readyz").is_err() {
            if let Some(status) = server.child.try_wait()? {
                bail!("the server ended ({status}) before it was ready");
            }
            if began.elapsed() > PATIENCE {
                bail!("the server was not ready within {PATIENCE:?}");
            }
            std::thread::sleep(PAUSE);
        }
        server.start = began.elapsed();
        Ok(server)
    }

    /// Process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// CPU time used so far, user and system, in seconds.
    pub fn cpu_seconds(&self) -> Result<f64> {
        let stat = self.proc("stat")?;
        // The second field is the name in parentheses and may contain anything.
        let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        let fields: Vec<&str> = fields.split_whitespace().collect();
        let ticks = |index: usize| {
            fields
                .get(index)
                .and_then(|field| field.parse::<f64>().ok())
        };
        let (Some(user), Some(system)) = (ticks(11), ticks(12)) else {
            bail!("/proc/<pid>/stat is not as expected: {stat}");
        };
        Ok((user + system) / TICKS_PER_SECOND)
    }

    /// Peak memory so far, in bytes.
    pub fn peak_memory_bytes(&self) -> Result<u64> {
        self.memory("VmHWM:")
    }

    /// Present memory, in bytes.
    pub fn memory_bytes(&self) -> Result<u64> {
        self.memory("VmRSS:")
    }

    fn memory(&self, name: &str) -> Result<u64> {
        let status = self.proc("status")?;
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        Ok(kilobytes.context("/proc/<pid>/status does not tell")? * 1024)
    }

    /// One of the server's metrics. With labels: the sum over all series.
    pub fn metric(&self, name: &str) -> Result<u64> {
        let text = crate::http::get_blocking(self.http, "/metrics").context("GET /metrics")?;
        let text = String::from_utf8_lossy(&text);
        let lines = text.lines().filter_map(|line| line.rsplit_once(' '));
        let series = lines.filter(|(series, _)| series.split('{').next() == Some(name));
        let values: Vec<&str> = series.map(|(_, value)| value).collect();
        ensure!(!values.is_empty(), "/metrics has no {name}");
        let parse = |value: &&str| {
            let number: Result<u64, _> = value.parse();
            number.with_context(|| format!("{name} is {value}"))
        };
        values.iter().map(parse).sum()
    }

    /// Waits until flushes and merges have nothing left to do: for `quiet`, no memtable waits, the
    /// size of the segments stays the same and almost no CPU is used. Returns whether that happened
    /// in time.
    pub fn settle(&self, quiet: Duration, patience: Duration) -> Result<bool> {
        let began = Instant::now();
        let (mut since, mut before) = (Instant::now(), None);
        while began.elapsed() < patience {
            std::thread::sleep(LOOK);
            let waiting = self.metric("hinomi_store_sealed_memtables")?
                + self.metric("hinomi_store_queue_batches")?;
            let segments = self.metric("hinomi_store_segment_bytes")?;
            let now = (segments, self.cpu_seconds()?);
            let same = before
                .is_some_and(|(segments, cpu): (u64, f64)| segments == now.0 && now.1 - cpu < IDLE);
            if !same || waiting > 0 {
                since = Instant::now();
            }
            before = Some(now);
            if since.elapsed() >= quiet {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Stops the server with SIGTERM.
    pub fn stop(mut self) -> Result<Stopped> {
        let began = Instant::now();
        let pid = self.child.id().to_string();
        Command::new("kill")
            .args(["-TERM", &pid])
            .status()
            .context("sending SIGTERM")?;
        // A process that has ended still reports its usage until it is waited for.
        while !self.proc("stat")?.contains(") Z ") {
            if began.elapsed() > PATIENCE {
                bail!("the server did not stop in {PATIENCE:?}")
            }
            std::thread::sleep(PAUSE);
        }
        let took = began.elapsed();
        let cpu_seconds = self.cpu_seconds()?;
        let status = self.child.wait()?;
        if !status.success() {
            bail!("the server ended badly: {status}");
        }
        let folder = self.folder.take();
        Ok(Stopped {
            folder: folder.context("the folder is there until the server stops")?,
            took,
            cpu_seconds,
        })
    }

    fn proc(&self, file: &str) -> Result<String> {
        let path = PathBuf::from(format!("/proc/{}/{file}", self.child.id()));
        std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Has no effect when the process has already ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_addresses<const N: usize>() -> Result<[SocketAddr; N]> {
    let listeners: Vec<_> = (0..N)
        .map(|_| TcpListener::bind("127.0.0.1:0"))
        .collect::<Result<_, _>>()?;
    let mut addresses = [SocketAddr::from(([127, 0, 0, 1], 0)); N];
    for (address, listener) in addresses.iter_mut().zip(&listeners) {
        *address = listener.local_addr()?;
    }
    Ok(addresses)
}
