//! The server under measurement: started on free ports, read through /proc.

use anyhow::{Context, Result, bail};
use std::{
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// It is ready well within this, and stops within it.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(20);
/// The kernel's clock ticks a second in /proc/<pid>/stat; 100 on every Linux that Rust runs on.
const TICKS_PER_SECOND: f64 = 100.0;

/// A running server.
pub struct Server {
    child: Child,
    folder: Option<TempDir>,
    /// Pages and API.
    pub http: SocketAddr,
    /// OTLP over gRPC.
    pub otlp_grpc: SocketAddr,
}

impl Server {
    /// Starts `binary` on a folder and waits until it answers that it is ready.
    pub fn start(binary: &Path, folder: TempDir) -> Result<Self> {
        let [http, otlp_grpc, otlp_http] = free_addresses()?;
        let child = Command::new(binary)
            .arg("serve")
            .args(["--log", "warn", "--http-addr", &http.to_string()])
            .args(["--otlp-grpc-addr", &otlp_grpc.to_string()])
            .args(["--otlp-http-addr", &otlp_http.to_string()])
            .arg("--data-dir")
            .arg(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .with_context(|| format!("starting {}", binary.display()))?;
        let mut server = Self {
            child,
            folder: Some(folder),
            http,
            otlp_grpc,
        };
        let began = Instant::now();
        while crate::http::get_blocking(http, "/readyz").is_err() {
            if let Some(status) = server.child.try_wait()? {
                bail!("the server ended ({status}) before it was ready");
            }
            if began.elapsed() > PATIENCE {
                bail!("the server was not ready within {PATIENCE:?}");
            }
            std::thread::sleep(PAUSE);
        }
        Ok(server)
    }

    /// CPU time that it has used, user and system, in seconds.
    pub fn cpu_seconds(&self) -> Result<f64> {
        let stat = self.proc("stat")?;
        // The second field is the name in parentheses and may hold anything.
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

    /// The most memory that it has held, in bytes.
    pub fn peak_memory_bytes(&self) -> Result<u64> {
        let status = self.proc("status")?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        Ok(kilobytes.context("/proc/<pid>/status has no VmHWM")? * 1024)
    }

    /// Stops it by SIGTERM; its folder, and how many bytes it left there.
    pub fn stop(mut self) -> Result<(TempDir, u64)> {
        let pid = self.child.id().to_string();
        Command::new("kill")
            .args(["-TERM", &pid])
            .status()
            .context("sending SIGTERM")?;
        let began = Instant::now();
        loop {
            match self.child.try_wait()? {
                Some(status) if status.success() => break,
                Some(status) => bail!("the server ended badly: {status}"),
                None if began.elapsed() > PATIENCE => {
                    bail!("the server did not stop in {PATIENCE:?}")
                }
                None => std::thread::sleep(PAUSE),
            }
        }
        let folder = self
            .folder
            .take()
            .context("the folder is there until the server stops")?;
        let bytes = size(folder.path())?;
        Ok((folder, bytes))
    }

    fn proc(&self, file: &str) -> Result<String> {
        let path = PathBuf::from(format!("/proc/{}/{file}", self.child.id()));
        std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Nothing to do where it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Bytes in all files below a folder.
fn size(folder: &Path) -> Result<u64> {
    let mut total = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        total += if metadata.is_dir() {
            size(&entry.path())?
        } else {
            metadata.len()
        };
    }
    Ok(total)
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
