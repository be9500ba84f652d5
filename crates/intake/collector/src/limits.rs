//! The limits of the receivers.

/// Limits of the receivers.
#[derive(Debug, Clone)]
pub struct CollectorLimits {
    /// Bytes of a request's body, before and after decompression. 64 MiB is what the protocol
    /// recommends; longer ones are refused as too large.
    pub body_bytes: usize,
    /// Bytes of a body that is decoded at once, where it was received: less than a tick of the
    /// scheduler takes. 64 KiB; longer and compressed ones are decoded on threads of their own.
    pub inline_bytes: usize,
    /// Bytes of a body, decompressed, beyond which it counts as large. 4 MiB, eight times what agents
    /// send; large ones wait for each other and hold up no others.
    pub large_bytes: usize,
    /// Bodies that are decompressed and decoded at once; more wait. As many as there are processors.
    pub decoding: usize,
    /// The same of large ones. Half of the processors.
    pub decoding_large: usize,
    /// Spans of a request beyond which its admission runs on a thread of its own, too. 8,192: what is
    /// added up in 10 ms.
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
