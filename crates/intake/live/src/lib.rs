//! The last minutes in memory: rollups as they arrive, the bus that announces their changes, and
//! the active requests that agents report.
//!
//! Promises: a column read here contains every acknowledged transaction that ended in it, from the
//! moment of acknowledgement. The window is bounded in time and memory: older event times are not
//! kept, and the window says from when on it is complete.
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
