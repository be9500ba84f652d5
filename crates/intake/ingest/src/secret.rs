//! The secret of a data folder, and the span keys that are derived with it.
//!
//! A repeat of a span is recognised by a key of 64 bits instead of its ids, role and start. The key is
//! their SipHash with a secret. So nobody can forge spans whose keys collide with those of others, and
//! sequential ids do not collide. No stored data depends on the secret: a folder that lost the file
//! gets a new one.

use hinomi_io::{Disk, Entropy};
use hinomi_model::{SpanId, SpanIdentity, TraceId};
use siphasher::sip::SipHasher13;
use std::{fmt, io, path::Path};

/// File name in the data folder.
const FILE: &str = "secret";
/// Length of the secret in bytes.
const LEN: usize = 16;

/// Length of a span's ids in bytes.
const IDS: usize = size_of::<TraceId>() + size_of::<SpanId>();

/// Derives span keys.
#[derive(Clone)]
pub struct Secret(SipHasher13);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

impl Secret {
    /// Creates a secret that is not stored.
    pub fn new(entropy: &dyn Entropy) -> Self {
        Self::of(random(entropy))
    }

    /// The secret of a folder; created if there is none. If the file cannot be read or written, the
    /// start continues with a secret that lasts until the next start.
    pub fn of_folder(disk: &dyn Disk, folder: &Path, entropy: &dyn Entropy) -> Self {
        if let Ok(bytes) = read(disk, folder) {
            return Self::of(bytes);
        }
        let bytes = random(entropy);
        if let Err(error) = write(disk, folder, bytes) {
            tracing::warn!(%error, folder = %folder.display(), "the secret that span ids are remembered by could not be written; the next start makes another");
        }
        Self::of(bytes)
    }

    fn of(bytes: [u8; LEN]) -> Self {
        Self(SipHasher13::new_with_key(&bytes))
    }

    /// Key by which a repeat of a span is recognised. Two different spans among a million share a key
    /// once in 10⁷ starts.
    pub(crate) fn key_of(&self, span: SpanIdentity) -> u64 {
        let mut bytes = [0; IDS + size_of::<i64>() + 1];
        bytes[..IDS].copy_from_slice(&ids(span.trace_id, span.span_id));
        bytes[IDS..IDS + size_of::<i64>()].copy_from_slice(&span.start.0.to_le_bytes());
        bytes[IDS + size_of::<i64>()] = span.kind as u8;
        self.0.hash(&bytes)
    }

    /// Key of the ids of a span, by which the other side of a call names it.
    pub(crate) fn key_of_ids(&self, trace_id: TraceId, span_id: SpanId) -> u64 {
        self.0.hash(&ids(trace_id, span_id))
    }
}

fn ids(trace_id: TraceId, span_id: SpanId) -> [u8; IDS] {
    let mut ids = [0; IDS];
    let (trace, span) = ids.split_at_mut(size_of::<TraceId>());
    trace.copy_from_slice(trace_id.as_bytes());
    span.copy_from_slice(span_id.as_bytes());
    ids
}

fn random(entropy: &dyn Entropy) -> [u8; LEN] {
    let mut bytes = [0; LEN];
    for half in bytes.chunks_exact_mut(size_of::<u64>()) {
        half.copy_from_slice(&entropy.next_u64().to_le_bytes());
    }
    bytes
}

fn read(disk: &dyn Disk, folder: &Path) -> io::Result<[u8; LEN]> {
    let file = disk.open(&folder.join(FILE))?;
    let mut bytes = [0; LEN];
    if file.len()? != LEN as u64 {
        return Err(io::ErrorKind::InvalidData.into());
    }
    file.read_exact_at(&mut bytes, 0)?;
    Ok(bytes)
}

fn write(disk: &dyn Disk, folder: &Path, bytes: [u8; LEN]) -> io::Result<()> {
    let (path, new) = (folder.join(FILE), folder.join("secret.tmp"));
    // Left over from an interrupted start.
    match disk.remove(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = disk.create_private(&new)?;
    file.append(&bytes)?;
    file.sync()?;
    drop(file);
    disk.rename(&new, &path)?;
    disk.sync_dir(folder)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinomi_io::{RealDisk, SystemEntropy};
    use hinomi_model::{SpanKind, UnixNanos};
    use std::{collections::HashSet, os::unix::fs::PermissionsExt};

    fn key(secret: &Secret, trace: u128, span: u64) -> u64 {
        let trace = TraceId::from_slice(&trace.to_be_bytes()).unwrap();
        secret.key_of(SpanIdentity {
            trace_id: trace,
            span_id: SpanId::from_slice(&span.to_be_bytes()).unwrap(),
            kind: SpanKind::Server,
            start: UnixNanos(1_000),
        })
    }

    #[test]
    fn a_folder_keeps_its_secret_and_nobody_else_reads_it() {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let of = |folder: &Path| Secret::of_folder(&RealDisk, folder, &SystemEntropy);
        let first = key(&of(one.path()), 1, 2);
        assert_eq!(key(&of(one.path()), 1, 2), first);
        assert_ne!(key(&of(other.path()), 1, 2), first);
        let path = one.path().join(FILE);
        let mode = path.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        RealDisk.truncate(&path, 3).unwrap();
        assert_ne!(
            key(&of(one.path()), 1, 2),
            first,
            "a damaged one is made anew"
        );
        RealDisk.remove(&path).unwrap();
        of(Path::new("/nowhere/at/all"));
    }

    #[test]
    fn structured_ids_and_made_collisions_of_a_linear_key_do_not_meet() {
        let secret = Secret::new(&SystemEntropy);
        let mut keys = HashSet::new();
        for trace in 1..=200_u128 {
            for span in 1..=100_u64 {
                keys.insert(key(&secret, trace << 64 | 1, span << 17));
                keys.insert(key(&secret, (1 << 22) + trace, span));
            }
        }
        // Ids that would collide under the former formula: span ^ high.rotate_left(17) ^
        // low.rotate_left(41).
        for seed in 1..=500_u64 {
            let (high, low) = (seed.wrapping_mul(0x9e37_79b9_7f4a_7c15), seed << 40);
            let span = high.rotate_left(17) ^ low.rotate_left(41);
            keys.insert(key(&secret, u128::from(high) << 64 | u128::from(low), span));
        }
        assert_eq!(keys.len(), 2 * 20_000 + 500);
    }
}
