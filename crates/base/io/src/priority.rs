//! Scheduling priority of threads.

use std::io;

/// Niceness that is added: lower priority than every thread that serves requests.
const NICER: i32 = 10;

/// Lowers the priority of the calling thread only. For background work; it cannot be undone.
pub fn yield_to_others() -> io::Result<()> {
    // On Linux niceness is per thread.
    rustix::process::nice(NICER)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_calling_thread_gives_way() {
        let niceness = || rustix::process::getpriority_process(None).unwrap();
        let before = niceness();
        let inside = std::thread::spawn(move || {
            yield_to_others().unwrap();
            niceness()
        });
        assert_eq!(inside.join().unwrap(), (before + NICER).min(19));
        assert_eq!(niceness(), before);
    }
}
