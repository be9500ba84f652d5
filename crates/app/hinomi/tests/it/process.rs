//! The process: its messages when it cannot start, and how it stops.

use crate::server::{Server, command, failure};
use std::{net::TcpListener, os::unix::fs::PermissionsExt};

/// Checks that a failure is one sentence with the next step, and that the exit code is 1.
fn check(text: &str, code: Option<i32>, mentions: &[&str]) {
    assert_eq!(code, Some(1), "{text}");
    let said: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("hinomi: "))
        .collect();
    assert_eq!(said.len(), 1, "{text}");
    for mention in mentions {
        assert!(said[0].contains(mention), "{mention:?} is not in: {text}");
    }
}

fn serve(dir: &std::path::Path) -> std::process::Command {
    let mut command = command();
    command.arg("serve").arg("--data-dir").arg(dir);
    for flag in ["--http-addr", "--otlp-grpc-addr", "--otlp-http-addr"] {
        command.args([flag, "127.0.0.1:0"]);
    }
    command
}

#[test]
fn a_port_in_use_is_named_with_its_flag() {
    let dir = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = taken.local_addr().unwrap().to_string();
    let mut command = command();
    command
        .arg("serve")
        .arg("--data-dir")
        .arg(dir.path())
        .args(["--http-addr", &addr]);
    let (text, code) = failure(&mut command);
    check(&text, code, &[&addr, "in use", "--http-addr"]);
}

#[test]
fn a_folder_that_can_not_be_written_is_named() {
    let dir = tempfile::tempdir().unwrap();
    // A file in place of the folder also stops root, who ignores permissions.
    let path = dir.path().join("data");
    std::fs::write(&path, "a file").unwrap();
    let (text, code) = failure(&mut serve(&path));
    check(&text, code, &[&path.display().to_string()]);

    let locked = dir.path().join("locked");
    std::fs::create_dir(&locked).unwrap();
    std::fs::set_permissions(&locked, std::fs::Permissions::from_mode(0o500)).unwrap();
    if std::fs::write(locked.join("probe"), "").is_err() {
        let (text, code) = failure(&mut serve(&locked));
        check(&text, code, &[&locked.display().to_string()]);
    }
}

#[test]
fn a_folder_is_one_process() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let (text, code) = failure(&mut serve(dir.path()));
    check(&text, code, &[&dir.path().display().to_string(), "another"]);
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn misspelt_settings_name_the_nearest_right_one() {
    let dir = tempfile::tempdir().unwrap();
    let (text, code) = failure(serve(dir.path()).env("HINOMI_HTTP_ADR", "127.0.0.1:1"));
    check(&text, code, &["HINOMI_HTTP_ADR", "HINOMI_HTTP_ADDR"]);

    let file = dir.path().join("hinomi.toml");
    std::fs::write(&file, "data-dir = 'x'").unwrap();
    let (text, code) = failure(serve(dir.path()).arg("--config").arg(&file));
    check(&text, code, &["data-dir", "data_dir"]);
}

#[test]
fn without_accounts_other_machines_are_kept_out() {
    let dir = tempfile::tempdir().unwrap();
    let mut command = command();
    command.arg("serve").arg("--data-dir").arg(dir.path());
    let (text, code) = failure(command.args(["--http-addr", "0.0.0.0:8080"]));
    check(&text, code, &["0.0.0.0:8080", "127.0.0.1:8080"]);
}
