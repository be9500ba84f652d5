//! Memory, counted by the allocator: a request must not cost much more than it has bytes.

/// Bytes that are there whatever was sent: tables that begin with some room, scratch space.
const CONSTANT: u64 = 1280 << 10;
/// How often its own length a request may cost beyond that: twice as what is kept of it, and a list that
/// grows is there twice for a moment.
const TIMES: u64 = 4;

/// What a request of so many bytes may cost.
pub(crate) fn allowed(request: usize, learned: u64) -> u64 {
    TIMES * request as u64 + learned + CONSTANT
}

/// The most bytes that are held at once while something runs.
pub(crate) fn held<T>(run: impl FnOnce() -> T) -> (T, u64) {
    let mut answer = None;
    let held = allocation_counter::measure(|| answer = Some(run())).bytes_max;
    (answer.unwrap(), held)
}

/// Runs something over `request` bytes; panics when at any moment it holds more than it may. `learned` is what
/// it may keep for later requests.
pub(crate) fn within<T>(request: usize, learned: u64, run: impl FnOnce() -> T) -> T {
    let (answer, held) = held(run);
    let allowed = allowed(request, learned);
    assert!(
        held <= allowed,
        "{request} bytes cost {held} bytes of memory, {allowed} are allowed"
    );
    answer
}
