//! Where segments are written.

use crate::folder::path::Layout;
use hinomi_io::{Disk, MemoryShare};
use hinomi_model::Text;
use std::sync::{Arc, RwLock, atomic::AtomicI64};

/// Where segments are written.
pub(crate) struct SegmentFiles {
    pub disk: Arc<dyn Disk>,
    pub layout: Layout,
    /// Name of this node, recorded with every segment.
    pub node: Text,
    pub next_segment: AtomicI64,
    /// Held for reading while a bucket folder and a file in it are created, for writing while empty
    /// folders are removed.
    pub folders: RwLock<()>,
    /// Memory limit for segments that are being written.
    pub memory: Arc<MemoryShare>,
}
