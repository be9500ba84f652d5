//! Kills the real server with SIGKILL: at random instants under load, when a log file or a segment
//! has just been created, and during the start.
//!
//! The oracle is the list of what the clients have sent. After each kill the server is ready again
//! within 10 s. Every acknowledged span is found with its content, exactly once. Spans that were
//! sent and not acknowledged are found once or not at all, and are accepted when they are sent
//! again. List and hitmap count the same.
//!
//! `HINOMI_CRASH_ROUNDS` sets the number of kills, `HINOMI_CRASH_SEED` the seed,
//! `HINOMI_CRASH_BINARY` the server. `cargo xtask crash-test --rounds N` sets them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![expect(
    clippy::disallowed_methods,
    reason = "tests read and write files of their own and measure by the system's clock"
)]

mod client;
mod http;
mod server;

use client::{Clients, Request};
use hinomi_testkit::Dice;
use server::Server;
use std::{
    collections::BTreeMap,
    path::Path,
    time::{Duration, Instant},
};

/// Number of kills in each test run.
const ROUNDS: u64 = 20;
/// Number of kills on one data folder. After that it is full of small segments, and looking for a
/// trace in each of them takes long.
const FOLDER_ROUNDS: u64 = 10;
/// Longest allowed start.
const READY: Duration = Duration::from_secs(10);

/// The kinds of instant at which the server is killed.
#[derive(Debug, Clone, Copy)]
enum Instants {
    /// At a random time under load.
    Random,
    /// When a log file has just been created.
    Rotation,
    /// When a segment has just been created.
    Publish,
    /// During the start, and then again at a random time.
    Start,
}

#[derive(Debug, Default)]
struct Summary {
    rounds: u64,
    /// Kills just after a log file or segment was created.
    aimed: u64,
    acknowledged: u64,
    lost: u64,
    doubled: u64,
    /// Answers that contradict the list of requests, or each other, in another way.
    wrong: u64,
    worst_ready: Duration,
    first_trouble: Option<String>,
}

impl Summary {
    fn trouble(&mut self, what: String) {
        self.first_trouble
            .get_or_insert_with(|| format!("round {}: {what}", self.rounds));
    }

    fn ready(&mut self, took: Duration) {
        self.worst_ready = self.worst_ready.max(took);
        if took > READY {
            self.wrong += 1;
            self.trouble(format!("ready after {took:?}"));
        }
    }
}

fn number(variable: &str, default: u64) -> u64 {
    let text = std::env::var(variable).ok();
    text.map_or(default, |text| text.parse().unwrap())
}

#[test]
fn a_server_killed_at_any_instant_has_lost_nothing_acknowledged() {
    let seed = number("HINOMI_CRASH_SEED", 1);
    let rounds = number("HINOMI_CRASH_ROUNDS", ROUNDS);
    let mut summary = Summary::default();
    let began = Instant::now();
    while summary.rounds < rounds {
        let folder = tempfile::Builder::new()
            .prefix("hinomi-crash-")
            .tempdir()
            .unwrap();
        let most = FOLDER_ROUNDS.min(rounds - summary.rounds);
        run_folder(folder.path(), seed, most, &mut summary);
        if summary.rounds.is_multiple_of(100) {
            println!("{summary:?}");
        }
    }
    println!(
        "seed {seed}: {} kills in {:.0} s, {} of them at a file just begun, {} spans acknowledged, {} lost, {} doubled, {} wrong \
         answers, ready again after at most {:.2} s",
        summary.rounds,
        began.elapsed().as_secs_f64(),
        summary.aimed,
        summary.acknowledged,
        summary.lost,
        summary.doubled,
        summary.wrong,
        summary.worst_ready.as_secs_f64(),
    );
    assert_eq!(
        (summary.lost, summary.doubled, summary.wrong),
        (0, 0, 0),
        "{summary:?}"
    );
    assert!(summary.acknowledged > rounds, "the load was none");
    assert!(
        rounds < 8 || summary.aimed > 0,
        "no kill met a file being begun"
    );
}

fn run_folder(dir: &Path, seed: u64, rounds: u64, summary: &mut Summary) {
    let config = dir.join("hinomi.toml");
    // Small limits, so that files are created and segments published all the time.
    let text =
        "[store]\nmemtable_bytes = 65536\nmemtable_age_seconds = 1\nwal_file_bytes = 65536\n";
    std::fs::write(&config, text).unwrap();
    let data = dir.join("data");
    let mut manifest: BTreeMap<String, Request> = BTreeMap::new();
    let mut server = Server::start(&data, &config);
    for _ in 0..rounds {
        let dice = Dice::new(seed).nth(summary.rounds);
        let unsure = manifest.values().filter(|sent| !sent.is_acknowledged);
        let again: Vec<Request> = unsure.cloned().collect();
        let clients = Clients::start(server.otlp_http, again);
        let instants = [
            Instants::Random,
            Instants::Rotation,
            Instants::Publish,
            Instants::Start,
        ][summary.rounds as usize % 4];
        summary.aimed += u64::from(wait_for(instants, &data, dice));
        server.kill();
        let sent = clients.end();
        for request in sent {
            let spans = request.spans.len() as u64;
            if request.is_acknowledged {
                summary.acknowledged += spans;
            }
            // A later answer never revokes an acknowledgement.
            let before = manifest
                .get(&request.trace_id)
                .map(|have| have.is_acknowledged);
            if before != Some(true) {
                manifest.insert(request.trace_id.clone(), request);
            }
        }
        if matches!(instants, Instants::Start) {
            let delay = Duration::from_micros(dice.about("start").below(300_000));
            Server::spawn(&data, &config).kill_after(delay);
        }
        server = Server::start(&data, &config);
        summary.ready(server.ready_after);
        check(&server, &manifest, dice, summary);
        summary.rounds += 1;
    }
    // Checks once more when all data comes from segments and none from the log.
    assert_eq!(server.stop(), Some(0));
    let server = Server::start(&data, &config);
    check(&server, &manifest, Dice::new(seed), summary);
    server.kill();
}

/// Waits under load for the instant of the kill. Returns whether a file has just been created.
fn wait_for(instants: Instants, data: &Path, dice: Dice) -> bool {
    let began = Instant::now();
    let at_least = Duration::from_millis(100 + dice.about("delay").below(700));
    while began.elapsed() < at_least {
        std::thread::sleep(Duration::from_millis(1));
    }
    let (folder, ending) = match instants {
        Instants::Random | Instants::Start => return false,
        Instants::Rotation => (data.join("wal"), ".log"),
        Instants::Publish => (data.join("segments"), ".tmp"),
    };
    let before = server::newest(&folder, ending);
    let deadline = Instant::now() + Duration::from_secs(3);
    // Under load a file is created soon. If not, the kill is at a random time.
    let mut is_begun = false;
    while !is_begun && Instant::now() < deadline {
        let now = server::newest(&folder, ending);
        is_begun = now.is_some() && now != before;
    }
    // The delay varies, so that the kill is not always at the very first byte.
    let after = Instant::now() + Duration::from_micros(dice.about("after").below(4_000));
    while Instant::now() < after {
        std::thread::yield_now();
    }
    is_begun
}

/// Compares everything that the server answers with the list of requests.
fn check(server: &Server, manifest: &BTreeMap<String, Request>, dice: Dice, summary: &mut Summary) {
    let listed = http::transactions(server.http);
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for trace_id in &listed.trace_ids {
        *counts.entry(trace_id.as_str()).or_default() += 1;
        if !manifest.contains_key(trace_id) {
            summary.wrong += 1;
            summary.trouble(format!("{trace_id} was never sent"));
        }
    }
    for (trace_id, request) in manifest {
        let count = counts.get(trace_id.as_str()).copied().unwrap_or(0);
        if request.is_acknowledged && count == 0 {
            summary.lost += 1;
            summary.trouble(format!("{trace_id} is not listed"));
        }
        if count > 1 {
            summary.doubled += 1;
            summary.trouble(format!("{trace_id} is listed {count} times"));
        }
    }
    let hitmap = http::hitmap_total(server.http);
    if (listed.total, listed.total) != (listed.trace_ids.len() as u64, hitmap) {
        summary.wrong += 1;
        summary.trouble(format!(
            "{} listed, total {}, hitmap {hitmap}",
            listed.trace_ids.len(),
            listed.total
        ));
    }
    // Checks every trace of the last moments, which are at the end of the log, and a few of the
    // others.
    let newest = manifest.values().map(|request| request.number).max();
    for (trace_id, request) in manifest {
        let recent = request.number + 80 >= newest.unwrap_or(0);
        if recent || dice.nth(request.number).below(50) == 0 {
            check_trace(server, trace_id, request, summary);
        }
    }
}

/// Checks that all spans of a trace are there once, as sent; or none, if the trace was not
/// acknowledged.
fn check_trace(server: &Server, trace_id: &str, request: &Request, summary: &mut Summary) {
    let found = http::trace(server.http, trace_id);
    if found.is_empty() && !request.is_acknowledged {
        return;
    }
    for span in &request.spans {
        match found.iter().filter(|found| *found == span).count() {
            1 => {}
            0 => {
                summary.lost += 1;
                summary.trouble(format!("{span:?} of {trace_id} is not in {found:?}"));
            }
            _ => {
                summary.doubled += 1;
                summary.trouble(format!("{span:?} of {trace_id} is there twice"));
            }
        }
    }
    if found.len() != request.spans.len() {
        summary.wrong += 1;
        summary.trouble(format!("{trace_id} has {} spans", found.len()));
    }
}
