-- How many data keys a KEK may have wrapped, counted in blocks that servers reserve. A KEK of an earlier version of the
-- server counts from 0: the bound of 2^30 leaves room for that, because AES-GCM allows 2^32.
ALTER TABLE keks ADD COLUMN wraps BIGINT NOT NULL DEFAULT 0;
