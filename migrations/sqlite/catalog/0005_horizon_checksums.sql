-- As every other row has since version 2. Rows that were there before get theirs in the same transaction.

ALTER TABLE horizons ADD COLUMN checksum INTEGER;
