-- When a peer was last seen, so that hosts that are long gone are forgotten. Those that were there before count
-- as seen when the newest data came.

ALTER TABLE peers ADD COLUMN seen_ns INTEGER;
