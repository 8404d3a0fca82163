-- The life of an API key: what it is for, when it ends, when it was revoked, and when it was last used (to the minute).
ALTER TABLE api_keys ADD COLUMN label TEXT NOT NULL DEFAULT '';
ALTER TABLE api_keys ADD COLUMN expires_at_ms BIGINT;
ALTER TABLE api_keys ADD COLUMN revoked_at_ms BIGINT;
ALTER TABLE api_keys ADD COLUMN last_used_at_ms BIGINT;

-- The id of the API key or ticket by which the caller was identified.
ALTER TABLE audit ADD COLUMN credential TEXT;
