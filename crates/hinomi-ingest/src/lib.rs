//! Admission: limits, dedupe, back-pressure, then WAL, live and store.
