//! The limits of the receivers.

/// Limits of the receivers.
#[derive(Debug, Clone)]
pub struct CollectorLimits {
    /// Maximum size of a request's body, before and after decompression. Default 64 MiB, which the
    /// protocol recommends. Longer bodies are refused as too large.
    pub body_bytes: usize,
    /// Maximum size of a body that is decoded on the receiving thread. Decoding it takes less than
    /// a scheduler tick. Default 64 KiB. Longer and compressed bodies are decoded on blocking
    /// threads.
    pub inline_bytes: usize,
    /// Decompressed size beyond which a body counts as large. Default 4 MiB, eight times what
    /// agents send. Large bodies wait for each other and delay no others.
    pub large_bytes: usize,
    /// Number of bodies that are decompressed and decoded at once; more wait. Default: the number
    /// of processors.
    pub decoding: usize,
    /// Number of large bodies that are decoded at once. Default: half of the processors.
    pub decoding_large: usize,
    /// Requests with more spans than this are also admitted on a blocking thread. Default 8,192:
    /// the number whose rollups are computed in 10 ms.
    pub inline_spans: usize,
}

impl Default for CollectorLimits {
    fn default() -> Self {
        let processors = std::thread::available_parallelism().map_or(2, usize::from);
        Self {
            body_bytes: 64 << 20,
            inline_bytes: 64 << 10,
            large_bytes: 4 << 20,
            decoding: processors,
            decoding_large: (processors / 2).max(1),
            inline_spans: 8_192,
        }
    }
}
