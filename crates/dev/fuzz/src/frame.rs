//! Target: log frames, the columns of a batch. A frame that decodes must be usable and encodable
//! again.

use crate::{
    budget,
    requests::{NOW, good, request},
};
use hinomi_lake::fuzz::{read_frame, write_frame};
use hinomi_otlp::Decoder;
use prost::Message;

pub(crate) fn run(input: &[u8]) {
    // Columns, rollups and the batch exist at the same time.
    let Some((project, spans)) = budget::within(8 * input.len(), 0, || read_frame(input)) else {
        return;
    };
    let found: Vec<_> = spans.spans().collect();
    assert_eq!(found.len(), spans.len());
    let again = write_frame(&project, &spans).unwrap();
    let (name, read) = read_frame(&again).unwrap();
    assert_eq!(name, project);
    assert!(read.spans().eq(found));
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let mut entry = good(1);
    entry.kind = 2;
    entry.parent_span_id.clear();
    let frame = |spans| {
        let body = request(spans).encode_to_vec();
        let received = Decoder::default().protobuf(&body, NOW).unwrap();
        write_frame("default", &received.spans).unwrap()
    };
    vec![
        frame(Vec::new()),
        frame(vec![entry.clone()]),
        frame(vec![entry, good(2), good(3)]),
    ]
}
