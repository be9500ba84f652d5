-- As every other row has. Rows that were there before get theirs in the same transaction.

ALTER TABLE promoted_attributes ADD COLUMN checksum INTEGER;
