//! The command line. Every flag can also be given as `HINOMI_…` and as a key of the TOML file.

use crate::{amounts::ByteCount, registry::RegistryUrl, retention::RetentionSettings};
use clap::{Args, Parser, Subcommand, ValueEnum};
use serde::Deserialize;
use std::{net::SocketAddr, path::PathBuf};

/// Hinomi: traces, live hitmap and the SQL behind it, in one process.
#[derive(Debug, Parser)]
#[command(name = "hinomi", version, about, max_term_width = 100)]
pub struct Cli {
    /// The subcommand to run.
    #[command(subcommand)]
    pub command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the server.
    Serve(ServerFlags),
    /// Run the server with simulated payments traffic, faults on a schedule and a day of history.
    Demo(DemoFlags),
    /// Check a data folder and, with --url, a running server. Changes nothing unless a flag asks for it.
    /// Exit code 0 when all is well, 1 when something should be done, 2 when stored data is damaged.
    Doctor(DoctorFlags),
    /// Copy a data folder, whose server may run, to a new folder; or verify such a copy.
    Backup(BackupFlags),
    /// Copy a backup to a new data folder and open it once.
    Restore(RestoreFlags),
    /// Report a deployment to a running server, and wait for its verdict if asked to. Exit code 0 when
    /// it was reported and, with --wait, the verdict is better or no difference; 1 when the server could
    /// not be reached or refused, 3 when the verdict is worse, 4 when there was too little traffic for a
    /// verdict.
    Deployment(DeploymentFlags),
}

/// Flags of a deployment.
#[derive(Debug, Clone, Args)]
pub struct DeploymentFlags {
    /// Service that was deployed: service.name.
    #[arg(long, value_name = "NAME")]
    pub service: String,
    /// Version that was deployed: service.version [default: none, for a change of configuration].
    #[arg(long, value_name = "VERSION")]
    pub version: Option<String>,
    /// service.namespace [default: the only one the service has].
    #[arg(long, value_name = "NAME")]
    pub namespace: Option<String>,
    /// deployment.environment.name [default: the only one the service has].
    #[arg(long, value_name = "NAME")]
    pub environment: Option<String>,
    /// Text that charts show next to the marker.
    #[arg(long, value_name = "TEXT")]
    pub label: Option<String>,
    /// Time of the deployment: RFC 3339 with a zone, Unix milliseconds or now-5m [default: now].
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
    /// How long to wait for the verdict: 90s, 10m [default: not at all].
    #[arg(long, value_name = "LENGTH", value_parser = length)]
    pub wait: Option<std::time::Duration>,
    /// Address of the running server.
    #[arg(
        long,
        env = "HINOMI_URL",
        value_name = "URL",
        default_value = "http://127.0.0.1:8080"
    )]
    pub url: String,
}

/// Flags of the doctor.
#[derive(Debug, Clone, Args)]
pub struct DoctorFlags {
    /// The data folder [default: ./data].
    #[arg(long, env = "HINOMI_DATA_DIR", value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Address of a running server to check as well: http://127.0.0.1:8080.
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// Read every byte of every segment.
    #[arg(long)]
    pub deep: bool,
    /// First rebuild the catalog from the segments. The server must be stopped. The old catalog is moved to
    /// aside/.
    #[arg(long)]
    pub rebuild_catalog: bool,
    /// First accept this machine's clock as right. The server must be stopped. From its next start, the
    /// age of data is taken from this clock, and data past its retention is deleted.
    #[arg(long)]
    pub accept_clock: bool,
    /// PostgreSQL database for names, deployments and settings: postgres://USER:PASSWORD@HOST/DATABASE
    /// [default: registry.db in the data folder].
    #[arg(
        long,
        env = "HINOMI_REGISTRY_URL",
        value_name = "URL",
        hide_env_values = true,
        value_parser = RegistryUrl::new
    )]
    pub registry_url: Option<RegistryUrl>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Flags of a backup.
#[derive(Debug, Clone, Args)]
pub struct BackupFlags {
    /// The data folder to copy [default: ./data].
    #[arg(long, env = "HINOMI_DATA_DIR", value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Do not copy: check the backup in this folder against its manifest.
    #[arg(long)]
    pub verify: bool,
    /// Where the backup goes: a folder that does not exist or is empty.
    #[arg(value_name = "FOLDER")]
    pub folder: PathBuf,
}

/// Flags of a restore.
#[derive(Debug, Clone, Args)]
pub struct RestoreFlags {
    /// The data folder to create: it must not exist, or must be empty [default: ./data].
    #[arg(long, env = "HINOMI_DATA_DIR", value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// PostgreSQL database for names, deployments and settings: postgres://USER:PASSWORD@HOST/DATABASE
    /// [default: registry.db in the data folder].
    #[arg(
        long,
        env = "HINOMI_REGISTRY_URL",
        value_name = "URL",
        hide_env_values = true,
        value_parser = RegistryUrl::new
    )]
    pub registry_url: Option<RegistryUrl>,
    /// The backup.
    #[arg(value_name = "FOLDER")]
    pub folder: PathBuf,
}

/// Flags of the server.
#[derive(Debug, Default, Clone, Args)]
pub struct ServerFlags {
    /// TOML file with the same names as the flags, `_` for `-`.
    #[arg(long, env = "HINOMI_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    #[command(flatten)]
    pub settings: Settings,
}

/// Settings that a flag, an environment variable or the file can set.
#[derive(Debug, Default, Clone, Args, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Folder that holds all data [default: ./data; the demo's: a temporary folder].
    #[arg(long, env = "HINOMI_DATA_DIR", value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// PostgreSQL database for names, deployments and settings: postgres://USER:PASSWORD@HOST/DATABASE
    /// [default: registry.db in the data folder].
    #[arg(
        long,
        env = "HINOMI_REGISTRY_URL",
        value_name = "URL",
        hide_env_values = true,
        value_parser = RegistryUrl::new
    )]
    pub registry_url: Option<RegistryUrl>,
    /// Address of the pages and the API [default: 127.0.0.1:8080].
    #[arg(long, env = "HINOMI_HTTP_ADDR", value_name = "ADDR")]
    pub http_addr: Option<SocketAddr>,
    /// Address of OTLP over gRPC [default: 127.0.0.1:4317].
    #[arg(long, env = "HINOMI_OTLP_GRPC_ADDR", value_name = "ADDR")]
    pub otlp_grpc_addr: Option<SocketAddr>,
    /// Address of OTLP over HTTP [default: 127.0.0.1:4318].
    #[arg(long, env = "HINOMI_OTLP_HTTP_ADDR", value_name = "ADDR")]
    pub otlp_http_addr: Option<SocketAddr>,
    /// Host names that agents use for OTLP over HTTP, besides IP addresses and private names: for
    /// example otel.example.com, when a proxy forwards that name.
    #[arg(
        long,
        env = "HINOMI_OTLP_HOSTS",
        value_name = "NAME",
        value_delimiter = ','
    )]
    pub otlp_hosts: Option<Vec<String>>,
    /// Who may access the server [default: off].
    #[arg(long, env = "HINOMI_AUTH", value_enum)]
    pub auth: Option<Auth>,
    /// What to log: error, warn, info, debug, trace, or a filter by module [default: info].
    #[arg(long, env = "HINOMI_LOG", value_name = "FILTER")]
    pub log: Option<String>,
    /// How to log, to standard error [default: text].
    #[arg(long, env = "HINOMI_LOG_FORMAT", value_enum)]
    pub log_format: Option<LogFormat>,
    #[command(flatten)]
    #[serde(default)]
    pub retention: RetentionSettings,
    #[command(flatten)]
    #[serde(default)]
    pub disk: DiskSettings,
    #[command(flatten)]
    #[serde(default)]
    pub memory: MemorySettings,
    /// Limits of the store: in the file only.
    #[arg(skip)]
    #[serde(default)]
    pub store: StoreSettings,
}

/// How much of the disk is used; table `[disk]` of the file.
#[derive(Debug, Default, Clone, Args, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiskSettings {
    /// Disk space for data; beyond it the oldest data is deleted [default: 80 % of what is free or used
    /// by Hinomi at the start].
    #[arg(
        long = "disk-budget",
        env = "HINOMI_DISK_BUDGET",
        value_name = "SIZE",
        id = "disk_budget"
    )]
    pub budget: Option<ByteCount>,
    /// Space that stays free on the file system; below it new spans are refused until there is room
    /// [default: 2 % of the file system, at least 1 GiB, at most 10 %].
    #[arg(
        long = "disk-reserve",
        env = "HINOMI_DISK_RESERVE",
        value_name = "SIZE",
        id = "disk_reserve"
    )]
    pub reserve: Option<ByteCount>,
}

/// How much memory is used; table `[memory]` of the file.
#[derive(Debug, Default, Clone, Args, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemorySettings {
    /// Memory for the server; caches, queries and other uses get shares of it [default: 3/4 of the
    /// control group's limit or 1/4 of the machine's memory, at most 1 GiB].
    #[arg(
        long = "memory-limit",
        env = "HINOMI_MEMORY_LIMIT",
        value_name = "SIZE",
        id = "memory_limit"
    )]
    pub limit: Option<ByteCount>,
}

/// Table `[store]` of the file: when data in memory and in the log is written to segments.
#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreSettings {
    /// Size at which the memtable is written to segments, in bytes.
    pub memtable_bytes: Option<u64>,
    /// Age at which the memtable is written to segments, in seconds.
    pub memtable_age_seconds: Option<u64>,
    /// Size at which the write-ahead log begins a new file, in bytes.
    pub wal_file_bytes: Option<u64>,
}

/// Who may access the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Auth {
    /// Everybody on this machine: the server listens on loopback addresses only.
    Off,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Flags of the demo.
#[derive(Debug, Clone, Args)]
pub struct DemoFlags {
    #[command(flatten)]
    pub server: ServerFlags,
    /// Seed of the traffic: the same seed makes the same traffic.
    #[arg(long, default_value_t = 7)]
    pub seed: u64,
    /// External requests a second, on average over the day; about four times as many at present.
    #[arg(long, default_value_t = 2.2, value_parser = rate)]
    pub rate: f64,
    /// How much history to fill in first: 90s, 30m, 24h, 0s. An hour more than a day, so that the last
    /// hour can be compared with yesterday's.
    #[arg(long, default_value = "25h", value_parser = length)]
    pub history: std::time::Duration,
    /// Print a line when a fault or a release of the simulated services begins and ends.
    #[arg(long)]
    pub narrate: bool,
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if rate > 0.0 && rate <= 1_000.0 => Ok(rate),
        _ => Err("a number over 0 and up to 1000".to_owned()),
    }
}

fn length(text: &str) -> Result<std::time::Duration, String> {
    let hint = || "a number followed by s, m, h or d, up to 7d".to_owned();
    let unit = text.chars().last().ok_or_else(hint)?;
    let number: u64 = text[..text.len() - unit.len_utf8()]
        .parse()
        .map_err(|_| hint())?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return Err(hint()),
    };
    let length = number
        .checked_mul(seconds)
        .filter(|length| *length <= 7 * 86_400);
    length.map(std::time::Duration::from_secs).ok_or_else(hint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_wrong_flag_names_itself_and_the_nearest_right_one() {
        let error = Cli::try_parse_from(["hinomi", "serve", "--data-dri", "x"]).unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("--data-dri") && text.contains("--data-dir"),
            "{text}"
        );
    }

    #[test]
    fn lengths_are_read_and_nonsense_is_not() {
        assert_eq!(length("90s").map(|length| length.as_secs()), Ok(90));
        assert_eq!(length("24h").map(|length| length.as_secs()), Ok(86_400));
        for nonsense in [
            "",
            "h",
            "1",
            "1w",
            "-1h",
            "1é",
            "8d",
            "99999999999999999999h",
        ] {
            assert!(length(nonsense).is_err(), "{nonsense}");
        }
    }
}
