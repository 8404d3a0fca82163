-- What the server remembers (DESIGN.md 4), in what SQLite and PostgreSQL have in common. For PostgreSQL, BLOB becomes
-- BYTEA and audit_id an identity column. Times are milliseconds since the Unix epoch; hashes are 32 raw bytes.

-- A restore from a backup may have lost commits, and with them part rows: it makes a new epoch, and no upload of an older
-- one gets another signature (FORMAT.md R2).
CREATE TABLE deployment (
    only_row INTEGER NOT NULL PRIMARY KEY CHECK (only_row = 1),
    epoch BIGINT NOT NULL,
    -- Stands in the mark of the prefix that is ours in the bucket (FORMAT.md R11).
    deployment_id TEXT NOT NULL,
    -- When a sweep last set out to list what the bucket has and no row knows.
    unrecorded_listed_at_ms BIGINT,
    -- When such a list was first reported; nothing of it is removed before.
    unrecorded_reported_at_ms BIGINT,
    -- The store that was last seen to join parts of unequal length: its public endpoint and bucket.
    store_that_joins TEXT,
    -- Rises with every upload that is opened, part that is signed, and file that is completed or deleted, and never falls. The
    -- mark in the bucket repeats it, so that a server on an older copy of this database is noticed.
    high_water BIGINT NOT NULL DEFAULT 0,
    -- The store in which this deployment wrote its mark; empty before the first start. The endpoint is `aws` or `embedded`
    -- where the settings name none.
    s3_endpoint TEXT,
    s3_bucket TEXT,
    s3_prefix TEXT,
    CHECK (
        (s3_bucket IS NULL) = (s3_endpoint IS NULL) AND (s3_bucket IS NULL) = (s3_prefix IS NULL)
    )
);

-- For PostgreSQL: gen_random_uuid().
INSERT INTO deployment (only_row, epoch, deployment_id) VALUES (1, 1, lower(hex(randomblob(16))));

CREATE TABLE tenants (
    tenant TEXT NOT NULL PRIMARY KEY,
    -- The encrypted data key that names, metadata and hashes are sealed under, where the keyring is `kms`.
    records_key_blob BLOB,
    made_at_ms BIGINT NOT NULL
);

CREATE TABLE keks (
    tenant TEXT NOT NULL REFERENCES tenants (tenant),
    version BIGINT NOT NULL CHECK (version BETWEEN 1 AND 4294967295),
    pepper_version BIGINT NOT NULL CHECK (pepper_version BETWEEN 0 AND 4294967295),
    wrapped_by TEXT NOT NULL,
    -- The encrypted data key that makes W together with the pepper; none under a key file.
    wrapping_key_blob BLOB,
    iv BLOB NOT NULL CHECK (length(iv) = 12),
    sealed BLOB NOT NULL,
    made_at_ms BIGINT NOT NULL,
    PRIMARY KEY (tenant, version)
);

CREATE TABLE api_keys (
    api_key_id TEXT NOT NULL PRIMARY KEY,
    secret_sha256 BLOB NOT NULL CHECK (length(secret_sha256) = 32),
    tenant TEXT NOT NULL REFERENCES tenants (tenant),
    owner TEXT NOT NULL,
    roles TEXT NOT NULL,
    made_at_ms BIGINT NOT NULL
);

CREATE TABLE tickets (
    ticket_id TEXT NOT NULL PRIMARY KEY,
    secret_sha256 BLOB NOT NULL CHECK (length(secret_sha256) = 32),
    tenant TEXT NOT NULL REFERENCES tenants (tenant),
    owner TEXT NOT NULL,
    purpose TEXT NOT NULL CHECK (purpose IN ('upload', 'download')),
    -- For uploads: what may still be opened with it.
    most_bytes BIGINT,
    content_types TEXT,
    uploads_left BIGINT,
    -- For a download: the one file.
    file_id TEXT,
    made_at_ms BIGINT NOT NULL,
    expires_at_ms BIGINT NOT NULL,
    redeemed_at_ms BIGINT,
    -- What it was redeemed for: the cookie that lets one browser read the file, and until when.
    cookie_sha256 BLOB UNIQUE CHECK (length(cookie_sha256) = 32),
    cookie_ends_at_ms BIGINT,
    -- Taken back by its owner.
    revoked_at_ms BIGINT,
    CHECK ((redeemed_at_ms IS NULL) = (cookie_sha256 IS NULL)),
    CHECK ((redeemed_at_ms IS NULL) = (cookie_ends_at_ms IS NULL))
);

CREATE INDEX tickets_to_sweep ON tickets (expires_at_ms);

CREATE TABLE uploads (
    upload_id TEXT NOT NULL PRIMARY KEY,
    file_id TEXT NOT NULL,
    tenant TEXT NOT NULL REFERENCES tenants (tenant),
    owner TEXT NOT NULL,
    client_token TEXT NOT NULL,
    -- The keyed fingerprint of the opening request tells the same request from another one with the
    -- same token: key version (4 bytes), HMAC-SHA256 (32). It is empty where the server seals the file
    -- itself, and once the upload has ended without a file or the file is deleted.
    request_mac BLOB NOT NULL CHECK (length(request_mac) IN (0, 36)),
    epoch BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (
        state IN ('opening', 'open', 'completing', 'complete', 'aborting', 'aborted', 'failed')
    ),
    -- While completing: who does it, and until when nobody else takes over.
    completing_by BLOB CHECK (length(completing_by) = 16),
    completing_until_ms BIGINT,

    -- The message (FORMAT.md R1, R3): one header per message id, ever.
    format TEXT NOT NULL,
    message_id BLOB NOT NULL UNIQUE CHECK (length(message_id) = 32),
    header BLOB NOT NULL,
    header_len BIGINT NOT NULL,
    frame_length BIGINT NOT NULL,
    frames_per_part BIGINT NOT NULL,
    frame_count BIGINT NOT NULL,
    plaintext_len BIGINT NOT NULL,
    sealed_len BIGINT NOT NULL,
    encrypted_dek BLOB NOT NULL,

    -- The server itself seals it, from a body that comes to it: nobody else gets its key or a signature, ever. Until the body
    -- ends, frame count, lengths and plan may be those of the longest that it can be; then they are set to what came.
    is_sealed_here BOOLEAN NOT NULL DEFAULT FALSE,

    -- In the store. A single PUT has no name there.
    method TEXT NOT NULL CHECK (method IN ('multipart', 'single')),
    s3_bucket TEXT NOT NULL,
    s3_key TEXT NOT NULL UNIQUE,
    s3_upload_id TEXT,

    -- The caller's own. Names and metadata are sealed.
    original_filename BLOB NOT NULL,
    metadata BLOB,
    content_type TEXT,
    reference TEXT,
    last_modified_ms BIGINT,

    opened_at_ms BIGINT NOT NULL,
    expires_at_ms BIGINT NOT NULL,
    -- The tombstone: until then a PUT may still make an object, whatever became of the upload.
    last_signature_ends_at_ms BIGINT,
    -- When the tombstone was swept: the object was removed once more. The caller's own was emptied before, when the
    -- upload ended without a file or the file was deleted.
    swept_at_ms BIGINT,

    UNIQUE (tenant, owner, client_token),
    CHECK (
        state NOT IN ('open', 'completing', 'complete')
        OR s3_upload_id IS NOT NULL OR method = 'single'
    ),
    CHECK (method = 'multipart' OR s3_upload_id IS NULL),
    CHECK (
        (state = 'completing') = (completing_by IS NOT NULL)
        AND (state = 'completing') = (completing_until_ms IS NOT NULL)
    ),
    CHECK (swept_at_ms IS NULL OR state IN ('complete', 'aborted', 'failed'))
);

CREATE INDEX uploads_by_state ON uploads (state, tenant, owner);
CREATE INDEX uploads_newest_first ON uploads (tenant, owner, opened_at_ms, upload_id);
CREATE INDEX uploads_to_sweep ON uploads (state, swept_at_ms, upload_id);

-- One ciphertext per part, ever (FORMAT.md R2).
CREATE TABLE parts (
    upload_id TEXT NOT NULL REFERENCES uploads (upload_id),
    part_number BIGINT NOT NULL CHECK (part_number BETWEEN 1 AND 10000),
    sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
    sealed_len BIGINT NOT NULL,
    PRIMARY KEY (upload_id, part_number)
);

CREATE TABLE files (
    file_id TEXT NOT NULL PRIMARY KEY,
    upload_id TEXT NOT NULL UNIQUE REFERENCES uploads (upload_id),
    tenant TEXT NOT NULL REFERENCES tenants (tenant),
    owner TEXT NOT NULL,
    state TEXT NOT NULL CHECK (
        state IN ('pending', 'available', 'quarantined', 'deleting', 'deleted')
    ),

    -- The message, as in its upload.
    format TEXT NOT NULL,
    message_id BLOB NOT NULL UNIQUE CHECK (length(message_id) = 32),
    header BLOB NOT NULL,
    header_len BIGINT NOT NULL,
    frame_length BIGINT NOT NULL,
    frames_per_part BIGINT NOT NULL,
    frame_count BIGINT NOT NULL,
    plaintext_len BIGINT NOT NULL,
    sealed_len BIGINT NOT NULL,
    encrypted_dek BLOB NOT NULL,
    -- What the pass over all frames found, and when; neither before it was done. The plaintext's SHA-256 is sealed as
    -- names are, because it would confirm a guess about the content: key version (4 bytes), IV (12), hash (32), tag
    -- (16). `verification_code` is a problem's code where the object did not open.
    verified_at_ms BIGINT,
    sealed_sha256 BLOB CHECK (length(sealed_sha256) = 64),
    verification_code TEXT,
    -- When it is due, or was asked for again; while the pass is at work, when another may take it over; none when done.
    verification_due_at_ms BIGINT,

    -- In the store.
    s3_bucket TEXT NOT NULL,
    s3_key TEXT NOT NULL UNIQUE,
    s3_version TEXT,
    s3_etag TEXT NOT NULL,

    -- The caller's own. Names and metadata are sealed.
    original_filename BLOB NOT NULL,
    metadata BLOB,
    content_type TEXT,
    reference TEXT,
    last_modified_ms BIGINT,
    -- By its own first bytes, where browsers can show it without running it.
    sniffed_type TEXT,

    uploaded_at_ms BIGINT NOT NULL,
    expires_at_ms BIGINT,
    -- While set, nothing deletes the file.
    hold BOOLEAN NOT NULL DEFAULT FALSE,
    -- When the tombstone was swept, as in its upload.
    swept_at_ms BIGINT CHECK (swept_at_ms IS NULL OR state = 'deleted'),
    CHECK (verified_at_ms IS NOT NULL OR (sealed_sha256 IS NULL AND verification_code IS NULL)),
    CHECK (sealed_sha256 IS NULL OR verification_code IS NULL)
);

CREATE INDEX files_newest_first ON files (tenant, owner, state, uploaded_at_ms, file_id);
CREATE INDEX files_to_sweep ON files (state, swept_at_ms, file_id);
CREATE INDEX files_to_verify ON files (verification_due_at_ms, file_id) WHERE verification_due_at_ms IS NOT NULL;

-- The high-water mark rises in the transaction that it counts. A server that is read-only does none of these four.
-- For PostgreSQL: a sequence in place of the column, so that writers do not wait for each other.
CREATE TRIGGER high_water_of_uploads AFTER INSERT ON uploads BEGIN
    UPDATE deployment SET high_water = high_water + 1;
END;
CREATE TRIGGER high_water_of_parts AFTER INSERT ON parts BEGIN
    UPDATE deployment SET high_water = high_water + 1;
END;
CREATE TRIGGER high_water_of_files AFTER INSERT ON files BEGIN
    UPDATE deployment SET high_water = high_water + 1;
END;
CREATE TRIGGER high_water_of_deletions AFTER UPDATE OF state ON files WHEN new.state = 'deleting' BEGIN
    UPDATE deployment SET high_water = high_water + 1;
END;

-- Ids only: no names, no secrets. Without references, so that it outlives what it speaks of.
CREATE TABLE audit (
    audit_id INTEGER PRIMARY KEY,
    at_ms BIGINT NOT NULL,
    request_id TEXT,
    tenant TEXT,
    owner TEXT,
    via TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT,
    outcome TEXT NOT NULL
);

CREATE INDEX audit_by_tenant ON audit (tenant, at_ms);
