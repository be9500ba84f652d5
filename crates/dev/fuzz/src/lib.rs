//! Fuzz targets: functions that panic if an invariant does not hold for the input bytes.
//!
//! Each [`Target`] has a folder of inputs in `corpus/`: hand-written ones, ones that once revealed
//! a bug, and ones that the coverage-guided search (`cargo xtask fuzz`) kept because they reach new
//! code. The test of this crate runs all of them, and modified versions of each, on every run.
//!
//! Refuses: clocks and randomness. The same bytes always do the same.

#![expect(clippy::unwrap_used, reason = "what cannot go on has found something")]

mod budget;
mod frame;
mod mutate;
mod otlp;
mod otlp_json;
mod requests;
mod segment;
mod sql;
mod wal;
mod web;

pub use mutate::Mutator;
pub use otlp::cost as protobuf_cost;
pub use otlp_json::cost as json_cost;

use std::path::{Path, PathBuf};

/// A component that reads bytes from outside.
#[derive(Clone, Copy)]
pub struct Target {
    /// Name of its corpus folder and of its binary in `fuzz/`.
    pub name: &'static str,
    /// Checks all invariants on an input.
    pub run: fn(&[u8]),
    /// Hand-written initial inputs.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// Number of modified inputs that the test tries; fewer where one takes longer.
    pub tries: usize,
}

/// Makes a panic print only its message. The store catches panics of Parquet's readers, which mean
/// an invalid file, and continues. Printing a backtrace would cost more memory than the read.
pub fn quieten() {
    std::panic::set_hook(Box::new(|panic| eprintln!("{panic}")));
}

/// All targets.
pub const TARGETS: [Target; 7] = [
    Target {
        name: "otlp_protobuf",
        run: otlp::run,
        seeds: otlp::seeds,
        tries: 3_000,
    },
    Target {
        name: "otlp_json",
        run: otlp_json::run,
        seeds: otlp_json::seeds,
        tries: 3_000,
    },
    Target {
        name: "wal",
        run: wal::run,
        seeds: wal::seeds,
        tries: 2_000,
    },
    Target {
        name: "frame",
        run: frame::run,
        seeds: frame::seeds,
        tries: 2_000,
    },
    Target {
        name: "segment",
        run: segment::run,
        seeds: segment::seeds,
        tries: 200,
    },
    Target {
        name: "sql",
        run: sql::run,
        seeds: sql::seeds,
        tries: 3_000,
    },
    Target {
        name: "web",
        run: web::run,
        seeds: web::seeds,
        tries: 400,
    },
];

/// The target with a name; panics if there is none.
pub fn target(name: &str) -> Target {
    let known = TARGETS.into_iter().find(|target| target.name == name);
    known.unwrap_or_else(|| panic!("there is no target {name}"))
}

/// Folder of a target's inputs.
pub fn corpus(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(name)
}
