//! The effective configuration. Flags override environment variables, these override the file, and
//! the file overrides the defaults.

use crate::{
    cli::{Auth, LogFormat, ServerFlags, Settings, StoreSettings},
    memory::MemoryBudget,
    registry::RegistryUrl,
    retention,
};
use anyhow::{Context, bail, ensure};
use hinomi_lake::{DiskLimits, LakeLimits, TableId};
use std::{
    ffi::OsString,
    net::{Ipv4Addr, SocketAddr},
    ops::RangeInclusive,
    path::{Path, PathBuf},
    time::Duration,
};

/// Keys of the TOML file, besides those of `[retention]`. Flags and variables have the same names; for
/// a key in a table, the table's name is the prefix.
const KEYS: [&str; 15] = [
    "data_dir",
    "registry_url",
    "http_addr",
    "otlp_grpc_addr",
    "otlp_http_addr",
    "otlp_hosts",
    "auth",
    "log",
    "log_format",
    "disk_budget",
    "disk_reserve",
    "memory_limit",
    "store_memtable_bytes",
    "store_memtable_age_seconds",
    "store_wal_file_bytes",
];

/// Variables that are not keys of the file: the path of the file, and the URL of a running server.
const VARIABLES: [&str; 2] = ["config", "url"];

/// The tables of the TOML file.
const TABLES: [&str; 4] = ["retention", "disk", "memory", "store"];

/// Keys of the file's table `[store]`.
const STORE_KEYS: [&str; 3] = ["memtable_bytes", "memtable_age_seconds", "wal_file_bytes"];

/// Allowed sizes. Smaller ones would make files of a few spans, larger ones a restart of minutes.
const STORE_BYTES: RangeInclusive<u64> = 64 << 10..=1 << 30;
/// Allowed ages. With more than a day, the log would cover more than a day.
const STORE_SECONDS: RangeInclusive<u64> = 1..=86_400;

/// Smallest disk budget: one log file, the next one, and the segments of a memtable. With less,
/// everything that is flushed would be deleted at once.
const LEAST_BUDGET: u64 = 256_000_000;

/// All settings that the server needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Folder of all data; `None` for a temporary folder.
    pub data_dir: Option<PathBuf>,
    /// PostgreSQL database of the registry; `None` for a file in the data folder.
    pub registry_url: Option<RegistryUrl>,
    /// Address of the pages and the API.
    pub http_addr: SocketAddr,
    /// Address of OTLP over gRPC.
    pub otlp_grpc_addr: SocketAddr,
    /// Address of OTLP over HTTP.
    pub otlp_http_addr: SocketAddr,
    /// Host names that are accepted on the OTLP/HTTP port, besides names that no website can have.
    pub otlp_hosts: Vec<String>,
    /// Log filter.
    pub log: String,
    /// Log format.
    pub log_format: LogFormat,
    /// The shares of the memory limit.
    pub memory: MemoryBudget,
    /// The store's limits.
    pub store: LakeLimits,
    /// Whether the process runs the demo.
    pub demo: bool,
}

/// The set of defaults that applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// Defaults of the server.
    Serve,
    /// Defaults of the demo: a temporary folder, and fewer log lines.
    Demo,
}

impl Config {
    /// Reads the file, if one is named, and applies variables and flags over it.
    pub fn resolve(flags: ServerFlags, profile: Profile) -> anyhow::Result<Self> {
        let file = match &flags.config {
            Some(path) => read_file(path)?,
            None => Settings::default(),
        };
        let set = flags.settings;
        let Auth::Off = set.auth.or(file.auth).unwrap_or(Auth::Off);
        let local = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let demo = profile == Profile::Demo;
        let limit = set.memory.limit.or(file.memory.limit).map(|size| size.0);
        let limit =
            limit.unwrap_or_else(|| MemoryBudget::default_limit(hinomi_io::granted_memory()));
        let memory = MemoryBudget::new(limit)?;
        let config = Self {
            data_dir: set
                .data_dir
                .or(file.data_dir)
                .or((!demo).then(|| "data".into())),
            registry_url: set.registry_url.or(file.registry_url),
            http_addr: set.http_addr.or(file.http_addr).unwrap_or(local(8080)),
            otlp_grpc_addr: set
                .otlp_grpc_addr
                .or(file.otlp_grpc_addr)
                .unwrap_or(local(4317)),
            otlp_http_addr: set
                .otlp_http_addr
                .or(file.otlp_http_addr)
                .unwrap_or(local(4318)),
            otlp_hosts: set.otlp_hosts.or(file.otlp_hosts).unwrap_or_default(),
            log: set
                .log
                .or(file.log)
                .unwrap_or(if demo { "warn" } else { "info" }.to_owned()),
            log_format: set
                .log_format
                .or(file.log_format)
                .unwrap_or(LogFormat::Text),
            memory,
            store: LakeLimits {
                retention: set.retention.resolve(&file.retention),
                disk: DiskLimits {
                    budget_bytes: set.disk.budget.or(file.disk.budget).map(|size| size.0),
                    reserve_bytes: set.disk.reserve.or(file.disk.reserve).map(|size| size.0),
                },
                ..store_limits(&memory, &file.store)?
            },
            demo,
        };
        let kept = |table| config.store.retention.of(table);
        ensure!(
            kept(TableId::ROLLUPS_5S) <= kept(TableId::ROLLUPS_1M)
                && kept(TableId::ROLLUPS_1M) <= kept(TableId::ROLLUPS_1H),
            "coarser counts have to be kept at least as long as finer ones: raise \
             --retention-rollups-1h or --retention-rollups-1m"
        );
        if let Some(url) = &config.registry_url {
            url.place()?;
        }
        if let Some(budget) = config.store.disk.budget_bytes {
            ensure!(
                budget >= LEAST_BUDGET,
                "--disk-budget of {budget} bytes is less than the log and the newest data need, so that all \
                 else would be deleted: give 256MB or more, or leave it out for 80 % of the disk"
            );
        }
        for (flag, addr) in [
            ("http-addr", config.http_addr),
            ("otlp-grpc-addr", config.otlp_grpc_addr),
            ("otlp-http-addr", config.otlp_http_addr),
        ] {
            ensure!(
                addr.ip().is_loopback(),
                "--{flag} {addr} can be reached from other machines, which --auth off does not \
                 allow: use 127.0.0.1:{} and put a proxy with authentication in front of what \
                 others should reach",
                addr.port()
            );
        }
        Ok(config)
    }
}

fn store_limits(memory: &MemoryBudget, settings: &StoreSettings) -> anyhow::Result<LakeLimits> {
    let mut limits = memory.lake();
    let within = |key: &str, value: Option<u64>, range: RangeInclusive<u64>| {
        let fits = value.is_none_or(|value| range.contains(&value));
        let (least, most) = (range.start(), range.end());
        ensure!(fits, "store.{key} is a whole number from {least} to {most}");
        Ok(value)
    };
    let [memtable_bytes, memtable_age_seconds, wal_file_bytes] = STORE_KEYS;
    if let Some(bytes) = within(memtable_bytes, settings.memtable_bytes, STORE_BYTES)? {
        let most = memory.largest_memtable();
        ensure!(
            bytes <= most,
            "store.memtable_bytes is {bytes}, and with a memory limit of {} MiB it is {most} at \
             most: raise --memory-limit",
            memory.limit >> 20
        );
        limits.memtable_bytes = usize::try_from(bytes)?;
    }
    let age = settings.memtable_age_seconds;
    if let Some(seconds) = within(memtable_age_seconds, age, STORE_SECONDS)? {
        limits.memtable_age = Duration::from_secs(seconds);
    }
    if let Some(bytes) = within(wal_file_bytes, settings.wal_file_bytes, STORE_BYTES)? {
        limits.wal_file_bytes = bytes;
    }
    Ok(limits)
}

/// Refuses unknown `HINOMI_…` variables, because a misspelled one would be ignored silently.
pub fn check_environment(
    variables: impl Iterator<Item = (OsString, OsString)>,
) -> anyhow::Result<()> {
    for (name, _) in variables {
        let Some(name) = name.to_str() else { continue };
        let Some(key) = name.strip_prefix("HINOMI_") else {
            continue;
        };
        let key = key.to_lowercase();
        ensure!(
            !is_key(&key) || !key.starts_with("store_"),
            "{name} can only be set in the configuration file; write {} there",
            in_file(&key)
        );
        if !VARIABLES.contains(&key.as_str()) && !is_key(&key) {
            let nearest = nearest(&key).to_uppercase();
            bail!("the environment variable {name} is not known; did you mean HINOMI_{nearest}?");
        }
    }
    Ok(())
}

#[expect(
    clippy::disallowed_methods,
    reason = "the configuration is read before there is a Disk"
)]
fn read_file(path: &Path) -> anyhow::Result<Settings> {
    let bytes = std::fs::read(path)
        .with_context(|| format!("the configuration file {} cannot be read", path.display()))?;
    let text = String::from_utf8(bytes)
        .with_context(|| format!("the configuration file {} is not UTF-8", path.display()))?;
    parse(&text).with_context(|| format!("in the configuration file {}", path.display()))
}

fn parse(text: &str) -> anyhow::Result<Settings> {
    let table: toml::Table = toml::from_str(text).context("this is not valid TOML")?;
    for (key, value) in &table {
        match value {
            toml::Value::Table(inner) if TABLES.contains(&key.as_str()) => inner
                .keys()
                .try_for_each(|inner| known(&format!("{key}_{inner}")))?,
            // A key of a table must be inside the table.
            _ if tabled(key).is_some() || TABLES.contains(&key.as_str()) => {
                bail!("{key:?} is in the wrong place; write {}", in_file(key))
            }
            _ => known(key)?,
        }
    }
    toml::from_str(text).context("a value has the wrong type for its key")
}

fn known(key: &str) -> anyhow::Result<()> {
    if is_key(key) {
        return Ok(());
    }
    let (key, nearest) = (in_file(key), in_file(nearest(key)));
    bail!("the key {key} is not known; did you mean {nearest}?")
}

/// The table of a key, and the key's name in it; `None` for a key outside of tables.
fn tabled(key: &str) -> Option<(&str, &str)> {
    let (table, inner) = key.split_once('_')?;
    TABLES.contains(&table).then_some((table, inner))
}

/// A key as it must be written in the file.
fn in_file(key: &str) -> String {
    match tabled(key) {
        Some((table, inner)) => format!("{inner:?} in [{table}]"),
        None if TABLES.contains(&key) => format!("[{key}]"),
        None => format!("{key:?}"),
    }
}

/// All keys of the TOML file.
fn keys() -> impl Iterator<Item = &'static str> {
    KEYS.into_iter().chain(retention::keys())
}

fn is_key(key: &str) -> bool {
    keys().any(|known| known == key)
}

fn nearest(key: &str) -> &'static str {
    let mut keys: Vec<&str> = keys().collect();
    keys.sort_by(|a, b| strsim::jaro(b, key).total_cmp(&strsim::jaro(a, key)));
    keys[0]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::retention::RetentionSettings;
    use hinomi_io::{Disk, RealDisk};
    use hinomi_lake::Retention;
    use std::time::Duration;

    #[test]
    fn a_wrong_key_names_itself_and_the_nearest_right_one() {
        let error = parse("http_adr = '127.0.0.1:1'").unwrap_err().to_string();
        assert!(
            error.contains("\"http_adr\"") && error.contains("\"http_addr\""),
            "{error}"
        );
        let variable = [("HINOMI_DATADIR".into(), "x".into())];
        let error = check_environment(variable.into_iter())
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("HINOMI_DATADIR") && error.contains("HINOMI_DATA_DIR"),
            "{error}"
        );
    }

    #[test]
    fn every_key_can_stand_in_the_file() {
        let text = "data_dir = 'd'\nregistry_url = 'postgres://u:s3cret@h/d'\nhttp_addr = '127.0.0.1:1'\notlp_grpc_addr = '127.0.0.1:2'\n\
                    otlp_http_addr = '[::1]:3'\notlp_hosts = ['otel.example.com']\nauth = 'off'\nlog = 'debug'\nlog_format = 'json'\n\
                    [retention]\nspans = '1d'\ntransactions = '2d'\nrollups_5s = '3d'\n\
                    rollups_1m = '4d'\nrollups_1h = '5d'\nlogs = '6d'\n\
                    [disk]\nbudget = '6GB'\nreserve = '7MiB'\n\
                    [memory]\nlimit = '256MiB'\n\
                    [store]\nmemtable_bytes = 65536\nmemtable_age_seconds = 5\nwal_file_bytes = 99999";
        let settings = parse(text).unwrap();
        assert_eq!(settings.otlp_http_addr, Some("[::1]:3".parse().unwrap()));
        let top = toml::from_str::<toml::Table>(text).unwrap();
        let inner = top.values().filter_map(|value| value.as_table());
        let inner: usize = inner.map(toml::Table::len).sum();
        assert_eq!(top.len() - TABLES.len() + inner, keys().count());
        let config = resolved(text);
        let day = Duration::from_secs(24 * 3_600);
        for (table, days) in TableId::ALL.into_iter().zip(1..) {
            assert_eq!(config.store.retention.of(table), days * day, "{table:?}");
        }
        assert_eq!(config.store.disk.budget_bytes, Some(6_000_000_000));
        assert_eq!(config.store.disk.reserve_bytes, Some(7 << 20));
        assert_eq!(config.memory.limit, 256 << 20);
        let place = config.registry_url.as_ref().map(|url| url.place().unwrap());
        assert_eq!(place.as_deref(), Some("h:5432/d"));
        assert!(!format!("{config:?}").contains("s3cret"));
        assert_eq!(config.store.query_bytes as u64, config.memory.queries);
    }

    /// The configuration from a file with this text, without flags.
    fn resolved(text: &str) -> Config {
        try_resolve(text).unwrap()
    }

    fn try_resolve(text: &str) -> anyhow::Result<Config> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hinomi.toml");
        let mut file = RealDisk.create(&path).unwrap();
        file.append(text.as_bytes()).unwrap();
        let flags = ServerFlags {
            config: Some(path),
            ..ServerFlags::default()
        };
        Config::resolve(flags, Profile::Serve)
    }

    #[test]
    fn nothing_said_means_the_defaults() {
        let config = resolved("[retention]\nspans = '2w'");
        let two_weeks = Duration::from_secs(14 * 24 * 3_600);
        let expected = Retention::default().keeping(TableId::SPANS, two_weeks);
        assert_eq!(config.store.retention, expected);
        assert_eq!(config.store.disk, DiskLimits::default());
    }

    #[test]
    fn an_address_that_is_none_is_refused_without_repeating_it() {
        let error = try_resolve("registry_url = 'mysql://u:s3cret@h/d'").unwrap_err();
        let error = format!("{error:#}");
        assert!(error.contains("--registry-url"), "{error}");
        assert!(!error.contains("s3cret"), "{error}");
    }

    #[test]
    fn a_budget_that_would_delete_everything_is_refused() {
        for budget in ["0MB", "1MB", "255MB"] {
            let error = try_resolve(&format!("[disk]\nbudget = '{budget}'")).unwrap_err();
            let error = error.to_string();
            assert!(
                error.contains("--disk-budget") && error.contains("256MB"),
                "{error}"
            );
        }
        let least = resolved("[disk]\nbudget = '256MB'");
        assert_eq!(least.store.disk.budget_bytes, Some(LEAST_BUDGET));
    }

    #[test]
    fn a_wrong_key_or_value_in_a_table_is_named() {
        for (text, has) in [
            (
                "[retention]\nspan = '7d'",
                ["\"span\" in [retention]", "\"spans\" in [retention]"],
            ),
            (
                "[retension]\nspans = '7d'",
                ["\"retension\"", "did you mean"],
            ),
            (
                "retention_spans = '7d'",
                ["\"retention_spans\"", "\"spans\" in [retention]"],
            ),
            ("disk = '7GB'", ["\"disk\"", "[disk]"]),
            ("[retention]\nspans = '7'", ["spans", "is not an age"]),
            ("[disk]\nbudget = 'all'", ["budget", "is not a size"]),
        ] {
            let error = format!("{:#}", parse(text).unwrap_err());
            assert!(has.iter().all(|has| error.contains(has)), "{text}: {error}");
        }
        let variable = [("HINOMI_DISK_BUGET".into(), "x".into())];
        let error = check_environment(variable.into_iter())
            .unwrap_err()
            .to_string();
        assert!(error.contains("HINOMI_DISK_BUDGET"), "{error}");
        let variable = [("HINOMI_STORE_WAL_FILE_BYTES".into(), "x".into())];
        let error = check_environment(variable.into_iter())
            .unwrap_err()
            .to_string();
        assert!(error.contains("\"wal_file_bytes\" in [store]"), "{error}");
    }

    #[test]
    fn coarser_counts_are_kept_at_least_as_long_as_finer_ones() {
        let flags = |minutes: &str| ServerFlags {
            settings: Settings {
                retention: RetentionSettings::default()
                    .with(TableId::ROLLUPS_1M, minutes.parse().unwrap()),
                ..Settings::default()
            },
            ..ServerFlags::default()
        };
        for (minutes, right) in [("3d", true), ("400d", true), ("2d", false), ("401d", false)] {
            let config = Config::resolve(flags(minutes), Profile::Serve);
            assert_eq!(config.is_ok(), right, "{minutes}");
        }
    }

    #[test]
    fn the_store_is_given_its_limits_by_the_file_and_within_bounds() {
        let memory = MemoryBudget::new(256 << 20).unwrap();
        let limits = |text: &str| store_limits(&memory, &parse(text)?.store);
        let text =
            "[store]\nmemtable_bytes = 65536\nmemtable_age_seconds = 5\nwal_file_bytes = 99999";
        let found = limits(text).unwrap();
        assert_eq!(found.memtable_bytes, 65_536);
        assert_eq!(found.memtable_age, Duration::from_secs(5));
        assert_eq!(found.wal_file_bytes, 99_999);
        assert_eq!(limits("").unwrap(), memory.lake());
        for (text, mentions) in [
            ("[store]\nmemtable_byte = 1", "memtable_bytes"),
            ("[store]\nmemtable_bytes = 1", "65536"),
            ("[store]\nmemtable_bytes = 33554432", "--memory-limit"),
            ("[store]\nmemtable_age_seconds = 0", "86400"),
            ("[stores]", "not known"),
        ] {
            let error = format!("{:#}", limits(text).unwrap_err());
            assert!(error.contains(mentions), "{error}");
        }
    }

    #[test]
    fn without_accounts_only_loopback_is_listened_on() {
        let flags = |addr: &str| ServerFlags {
            settings: Settings {
                http_addr: Some(addr.parse().unwrap()),
                ..Settings::default()
            },
            ..ServerFlags::default()
        };
        assert!(Config::resolve(flags("127.0.0.1:0"), Profile::Serve).is_ok());
        assert!(Config::resolve(flags("[::1]:0"), Profile::Serve).is_ok());
        for open in ["0.0.0.0:8080", "192.0.2.1:8080", "[::]:8080"] {
            let error = Config::resolve(flags(open), Profile::Serve)
                .unwrap_err()
                .to_string();
            assert!(error.contains(open), "{error}");
        }
    }
}
