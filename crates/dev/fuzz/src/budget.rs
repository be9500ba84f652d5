//! Memory limit, measured by the allocator: decoding a request must not need much more memory than
//! its size.

/// Bytes that are used whatever was sent: tables with an initial capacity, scratch space.
const CONSTANT: u64 = 1280 << 10;
/// A request may additionally cost this many times its length: the decoded data is twice as large,
/// and a growing list exists twice for a moment.
const TIMES: u64 = 4;

/// Maximum memory for a request of this size, in bytes.
pub(crate) fn allowed(request: usize, learned: u64) -> u64 {
    TIMES * request as u64 + learned + CONSTANT
}

/// Runs something and measures the maximum of bytes held at once.
pub(crate) fn held<T>(run: impl FnOnce() -> T) -> (T, u64) {
    let mut answer = None;
    let held = allocation_counter::measure(|| answer = Some(run())).bytes_max;
    (answer.unwrap(), held)
}

/// Runs something on a request of `request` bytes. Panics if it ever holds more memory than
/// allowed. `learned` is what it may keep for later requests, in bytes.
pub(crate) fn within<T>(request: usize, learned: u64, run: impl FnOnce() -> T) -> T {
    let (answer, held) = held(run);
    let allowed = allowed(request, learned);
    assert!(
        held <= allowed,
        "{request} bytes cost {held} bytes of memory, {allowed} are allowed"
    );
    answer
}
