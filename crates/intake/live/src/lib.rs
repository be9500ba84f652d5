//! The last minutes in memory: rollups as they stream in, the bus that tells when they change, and
//! what agents say is active.
//!
//! Promises: a column read here holds every acknowledged transaction that ended in it, from the
//! moment of the acknowledgement. Bounded by its window and its bytes: older event times are not kept here,
//! and it says from when on it is whole.
//!
//! Refuses: knowing how rollups are stored.

mod active;
mod bucket;
mod bus;
mod folded;
mod keys;
mod limits;
mod window;

pub use active::{ACTIVE_SERIES_MAX, Active, ActiveReport};
pub use bus::{Live, Tick};
pub use folded::{Attribute, FOLDED_MAX, Folded, FoldedNames};
pub use limits::LiveLimits;
pub use window::{LIVE_WINDOW, Window};
