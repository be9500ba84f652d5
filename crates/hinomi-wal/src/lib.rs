//! An append-only log: segments, checksums, group commit, replay.
