//! A PostgreSQL server for one test: its own folder and socket, no network, gone at the end.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test without its server has failed"
)]

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::Duration,
};

/// Where Debian installs the programs of each version.
const PROGRAMS: &str = "/usr/lib/postgresql";
/// The system user that Debian's package makes. PostgreSQL refuses to run as root.
const USER: &str = "postgres";
/// How long a server may take to start, in tenths of a second.
const START: u32 = 600;

/// A running server. Dropping it ends the server and removes its data.
pub struct Postgres {
    // Dropped after the server has ended.
    folder: tempfile::TempDir,
    server: Child,
}

impl Postgres {
    /// Makes a new server and waits until it answers.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let owned = format!("{USER}:");
        if is_root() {
            run(Command::new("chown").arg(owned).arg(folder.path()));
        }
        let data = folder.path().join("data");
        run(program("initdb")
            .arg("-D")
            .arg(&data)
            .args(["-U", "hinomi", "--auth=trust", "--no-sync", "-E", "UTF8"])
            .arg("--no-locale")
            .stdout(Stdio::null()));
        let server = Self::serve(&data, folder.path());
        Self { folder, server }
    }

    fn serve(data: &Path, sockets: &Path) -> Child {
        let server = program("postgres")
            .arg("-D")
            .arg(data)
            .arg("-k")
            .arg(sockets)
            .args(["-c", "listen_addresses=", "-c", "shared_buffers=8MB"])
            .args(["-c", "fsync=off", "-c", "max_connections=20"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let mut server = server.expect("PostgreSQL starts");
        for _ in 0..START {
            let mut ready = program("pg_isready");
            let ready = ready.arg("-h").arg(sockets).stdout(Stdio::null()).status();
            if ready.is_ok_and(|status| status.success()) {
                return server;
            }
            sleep(Duration::from_millis(100));
        }
        let _ = server.kill();
        let ended = server.wait();
        panic!("PostgreSQL did not answer in time: {ended:?}");
    }

    /// The address of a new, empty database.
    pub fn database(&self, name: &str) -> String {
        let host = self.folder.path().display().to_string();
        run(program("createdb").args(["-h", &host, "-U", "hinomi", name]));
        let host = host.replace('/', "%2F");
        format!("postgres://hinomi@localhost/{name}?host={host}")
    }

    /// Ends the server, as a crash of its machine would.
    pub fn stop(&mut self) {
        // It may have ended already.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }

    /// Starts the server again on its data.
    pub fn restart(&mut self) {
        self.stop();
        // Children of the ended server leave within moments; the next one waits for them.
        self.server = Self::serve(&self.folder.path().join("data"), self.folder.path());
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A program of the newest installed version, run by a user that PostgreSQL accepts. It ends with the
/// thread that started it.
fn program(name: &str) -> Command {
    let versions = std::fs::read_dir(PROGRAMS).map(|versions| {
        let paths = versions.flatten().map(|version| version.path());
        let mut paths: Vec<PathBuf> = paths
            .filter(|path| path.join("bin/initdb").exists())
            .collect();
        paths.sort();
        paths.pop()
    });
    let newest = versions.ok().flatten();
    let newest = newest.expect("PostgreSQL is installed (Debian: apt-get install postgresql)");
    let path = newest.join("bin").join(name);
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL"]);
    if is_root() {
        let (user, group) = (format!("--reuid={USER}"), format!("--regid={USER}"));
        command.args([&user, &group, "--init-groups"]);
    }
    command.arg(path);
    // Readable for the user that the program runs as.
    command.current_dir("/");
    command
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|id| id.stdout.trim_ascii() == b"0")
}

fn run(command: &mut Command) {
    let status = command.status().unwrap();
    assert!(status.success(), "{command:?}: {status}");
}
