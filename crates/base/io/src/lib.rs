//! The only access to disk, clock and randomness, and to the system's memory figures.
//!
//! Code that uses them takes one of these traits as a parameter. So tests can run the store on a
//! disk that loses writes, tears writes and fails, and with a clock that jumps. `clippy.toml` bans
//! direct calls everywhere else.
//!
//! Knows nothing of Hinomi's own types.

pub mod clock;
pub mod descriptors;
pub mod disk;
pub mod entropy;
pub mod memory;
mod priority;
pub mod trusted_clock;
pub mod trusted_time;

pub use clock::{Boot, Clock, SystemClock};
pub use descriptors::raise_descriptors;
pub use disk::{Disk, FileEntry, ReadFile, RealDisk, Space, WriteFile};
pub use entropy::{Entropy, SystemEntropy};
pub use memory::{GrantedMemory, HeldMemory, MemoryShare, granted_memory, resident_memory};
pub use priority::yield_to_others;
pub use trusted_clock::TrustedClock;
pub use trusted_time::{ClockLimits, ClockStatus, SavedTime};
