//! What must hold for any input, as functions from bytes: they panic when it does not.
//!
//! Each [`Target`] has a folder of inputs in `corpus/`: some of our own making, some that once broke
//! something, some that the coverage-guided search (`cargo xtask fuzz`) kept because they lead
//! somewhere. The test of this crate runs them all, each with some changes, on every run.
//!
//! Refuses: clocks and randomness. The same bytes do the same thing.

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

/// Something that takes bytes from outside.
#[derive(Clone, Copy)]
pub struct Target {
    /// Its name: of its folder, of its binary in `fuzz/`.
    pub name: &'static str,
    /// Holds the input against everything that must be so.
    pub run: fn(&[u8]),
    /// Inputs of our own making, to begin with.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// How many changed inputs the test tries: fewer where one takes longer.
    pub tries: usize,
}

/// Makes a panic tell its message and no more. The store takes a panic of Parquet's readers for what it
/// is, a file that makes no sense, and goes on; to print where it came from would cost more memory than
/// the read.
pub fn quieten() {
    std::panic::set_hook(Box::new(|panic| eprintln!("{panic}")));
}

/// All of them.
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

/// The target of a name; panics when there is none.
pub fn target(name: &str) -> Target {
    let known = TARGETS.into_iter().find(|target| target.name == name);
    known.unwrap_or_else(|| panic!("there is no target {name}"))
}

/// Where a target's inputs are.
pub fn corpus(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(name)
}
