//! The table of all checks, in the order of the report. docs/DOCTOR.md has the same table; a test compares both.

use super::check::Asked;

const fn row(name: &'static str, asks: &'static str, mends: &'static str) -> Asked {
    Asked { name, asks, mends }
}

pub(super) const SETTINGS: Asked = row(
    "settings",
    "`sealift.toml`, environment and flags are valid, and no name in them is misspelt",
    "`sealift serve --help` lists all settings",
);
pub(super) const PEPPER: Asked = row(
    "pepper",
    "the pepper has exactly 32 bytes",
    "`sealift keys make-pepper` makes one; `base64:`, `hex:` or `file:` says how it is written",
);
pub(super) const PROXIES: Asked = row(
    "proxies",
    "the proxies of the environment take no requests to this machine; which requests they take",
    "set `NO_PROXY=127.0.0.1,localhost`",
);
pub(super) const CREDENTIALS: Asked = row(
    "credentials",
    "the AWS chain finds credentials, and STS says whose they are",
    "`aws sts get-caller-identity` shows what the chain finds; set AWS_PROFILE, or give the machine a role",
);
pub(super) const MEMORY: Asked = row(
    "memory",
    "the machine, or its cgroup, has the memory that sealing and reading may take",
    "lower SEALIFT_LIMIT_SEALING_MEMORY and SEALIFT_LIMIT_ALL_READS, or give the server more memory",
);
pub(super) const DATA_FOLDER: Asked = row(
    "data-folder",
    "the data folder is its owner's alone",
    "`chmod 700 FOLDER`",
);
pub(super) const DATABASE: Asked = row(
    "database",
    "the database opens, and its schema is this version's",
    "run the version of Sealift that last used the database, or a later one",
);
pub(super) const DATABASE_MODE: Asked = row(
    "database-mode",
    "only the owner of the database's files may read them",
    "`chmod 600 FOLDER/sealift.sqlite*`",
);
pub(super) const DISK_SPACE: Asked = row(
    "disk-space",
    "the disk of the data folder has room",
    "free space, or move the data folder to a larger disk and set SEALIFT_DATA_DIR",
);
pub(super) const KEY_FILE: Asked = row(
    "key-file",
    "the key file is there, whole, and its owner's alone",
    "`chmod 600 FILE`; put a lost file back from its backup, because nothing else opens the files",
);
pub(super) const GENERATE: Asked = row(
    "kms:GenerateDataKey",
    "KMS makes data keys with the contexts that the server uses",
    "add `kms:GenerateDataKey` to the role's policy, which `sealift policy aws` prints; `sealift bootstrap` makes a key",
);
pub(super) const DECRYPT: Asked = row(
    "kms:Decrypt",
    "KMS opens these data keys again",
    "add `kms:Decrypt` to the role's policy, which `sealift policy aws` prints",
);
pub(super) const KEY_ROWS: Asked = row(
    "key-rows",
    "key file, KMS key and peppers open the key rows of the database",
    "put back the key file or the pepper with which the rows were made",
);
pub(super) const BUCKET: Asked = row(
    "bucket",
    "the store answers, knows the bucket, and accepts region and credentials",
    "check S3_ENDPOINT, S3_BUCKET_NAME and AWS_REGION; `sealift bootstrap` makes a bucket",
);
pub(super) const CLOCK: Asked = row(
    "clock",
    "the clocks of this machine and of the store differ by at most 60 seconds",
    "switch the time service on (`timedatectl set-ntp true`), because stores refuse signatures of another time",
);
pub(super) const LIST: Asked = row(
    "s3:ListBucket",
    "objects under the prefix may be listed",
    "add `s3:ListBucket` on the bucket to the policy; `sealift policy aws` prints it",
);
pub(super) const PUT: Asked = row(
    "s3:PutObject",
    "objects and parts may be PUT",
    "add `s3:PutObject` on the prefix to the policy; `sealift policy aws` prints it",
);
pub(super) const GET: Asked = row(
    "s3:GetObject",
    "objects may be read",
    "add `s3:GetObject` on the prefix to the policy; `sealift policy aws` prints it",
);
pub(super) const DELETE: Asked = row(
    "s3:DeleteObject",
    "objects may be deleted",
    "add `s3:DeleteObject` on the prefix to the policy; `sealift policy aws` prints it",
);
pub(super) const LIST_UPLOADS: Asked = row(
    "s3:ListBucketMultipartUploads",
    "unfinished uploads may be listed",
    "add `s3:ListBucketMultipartUploads` on the bucket to the policy; `sealift policy aws` prints it",
);
pub(super) const LIST_PARTS: Asked = row(
    "s3:ListMultipartUploadParts",
    "parts may be listed",
    "add `s3:ListMultipartUploadParts` on the prefix to the policy; `sealift policy aws` prints it",
);
pub(super) const ABORT: Asked = row(
    "s3:AbortMultipartUpload",
    "unfinished uploads may be ended",
    "add `s3:AbortMultipartUpload` on the prefix to the policy; `sealift policy aws` prints it",
);
pub(super) const ABSENCE: Asked = row(
    "absence",
    "the store names an absent object by its code `NoSuchKey`",
    "allow `s3:ListBucket`, and check what stands between server and store",
);
pub(super) const RIGHT_BODY: Asked = row(
    "right-body",
    "signed bytes are taken, as a part and as an object, and their SHA-256 comes back",
    "use a store that keeps `x-amz-checksum-sha256` (AWS S3, Garage 2, the embedded one)",
);
pub(super) const WRONG_BODY: Asked = row(
    "wrong-body",
    "other bytes than the signed ones are refused",
    "use a store that enforces `x-amz-checksum-sha256` (AWS S3, Garage 2, the embedded one)",
);
pub(super) const MISSING_HEADER: Asked = row(
    "missing-header",
    "bytes without the signed checksum header are refused",
    "use a store that verifies signed headers (AWS S3, Garage 2, the embedded one)",
);
pub(super) const ENDED_ADDRESS: Asked = row(
    "expired-address",
    "an address whose 15 minutes are over is refused",
    "use a store that verifies the time of a signature (AWS S3, Garage 2, the embedded one)",
);
pub(super) const RANGES: Asked = row(
    "ranges",
    "a GET with `Range` and `If-Match` is answered with `ETag` and `Content-Range`",
    "allow `s3:GetObject`, and let nothing between server and store change these headers",
);
pub(super) const UNEQUAL_PARTS: Asked = row(
    "unequal-parts",
    "parts of unequal length are joined",
    "use a store that joins them as S3 does (AWS S3, Garage 2, the embedded one)",
);
pub(super) const PUBLIC: Asked = row(
    "public-endpoint",
    "the endpoint of browsers takes signed bytes, as the server reaches it",
    "set S3_PUBLIC_ENDPOINT to the address by which browsers reach the store",
);
pub(super) const PUBLIC_WRONG_BODY: Asked = row(
    "public:wrong-body",
    "the same as wrong-body, at the endpoint of browsers",
    "let the proxy there pass body and headers on unchanged",
);
pub(super) const PUBLIC_MISSING_HEADER: Asked = row(
    "public:missing-header",
    "the same as missing-header, at the endpoint of browsers",
    "let the proxy there add no header",
);
pub(super) const PUBLIC_ENDED_ADDRESS: Asked = row(
    "public:expired-address",
    "the same as expired-address, at the endpoint of browsers",
    "let the proxy there sign nothing itself",
);
pub(super) const PUBLIC_RANGES: Asked = row(
    "public:ranges",
    "the same as ranges, at the endpoint of browsers",
    "let the proxy there pass `Range`, `If-Match`, `ETag` and `Content-Range` on unchanged",
);
pub(super) const PUBLIC_UNEQUAL_PARTS: Asked = row(
    "public:unequal-parts",
    "the same as unequal-parts, at the endpoint of browsers",
    "let the proxy there take bodies of 5 MiB and more",
);
pub(super) const CORS: Asked = row(
    "cors",
    "pages of every configured origin may PUT and GET: preflights, a real PUT and a real GET with `Origin`",
    "set the CORS rule of docs/STORES.md on the bucket, for the origin of the pages; `sealift bootstrap` does",
);
pub(super) const LIFECYCLE: Asked = row(
    "lifecycle",
    "no lifecycle rule ends unfinished uploads before 32 days, or deletes objects",
    "give the rule 32 days or more, or a prefix that is not this deployment's",
);
pub(super) const PUBLIC_ACCESS: Asked = row(
    "public-access-block",
    "the bucket blocks public access",
    "switch all four parts on (`aws s3api put-public-access-block`); `sealift bootstrap` does",
);
pub(super) const VERSIONS: Asked = row(
    "versions",
    "if the bucket keeps versions, they may be listed and so be deleted",
    "add `s3:ListBucketVersions` on the bucket and `s3:DeleteObjectVersion` on the prefix to the policy",
);
pub(super) const TLS: Asked = row(
    "tls",
    "the certificates of the public https addresses are valid here, with their chain, for 14 days more",
    "renew the certificate, and send its whole chain",
);

/// All checks, in the order in which they are reported.
pub const CHECKS: &[Asked] = &[
    SETTINGS,
    PEPPER,
    PROXIES,
    CREDENTIALS,
    MEMORY,
    DATA_FOLDER,
    DATABASE,
    DATABASE_MODE,
    DISK_SPACE,
    KEY_FILE,
    GENERATE,
    DECRYPT,
    KEY_ROWS,
    BUCKET,
    CLOCK,
    LIST,
    PUT,
    GET,
    DELETE,
    LIST_UPLOADS,
    LIST_PARTS,
    ABORT,
    ABSENCE,
    RIGHT_BODY,
    WRONG_BODY,
    MISSING_HEADER,
    ENDED_ADDRESS,
    RANGES,
    UNEQUAL_PARTS,
    PUBLIC,
    PUBLIC_WRONG_BODY,
    PUBLIC_MISSING_HEADER,
    PUBLIC_ENDED_ADDRESS,
    PUBLIC_RANGES,
    PUBLIC_UNEQUAL_PARTS,
    CORS,
    LIFECYCLE,
    PUBLIC_ACCESS,
    VERSIONS,
    TLS,
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the rows of the table in docs/DOCTOR.md.
    fn documented() -> Vec<String> {
        let page = include_str!("../../../../docs/DOCTOR.md");
        let rows = page.lines().skip_while(|line| *line != "## All checks");
        let rows = rows.skip_while(|line| !line.starts_with("|---"));
        let rows = rows.skip(1).take_while(|line| line.starts_with('|'));
        rows.map(str::to_owned).collect()
    }

    #[test]
    fn the_page_about_the_doctor_has_every_check_and_remedy() {
        let expected: Vec<_> = CHECKS
            .iter()
            .map(|check| format!("| `{}` | {} | {} |", check.name, check.asks, check.mends))
            .collect();
        let expected_page = expected.join("\n");
        assert_eq!(documented(), expected, "write:\n{expected_page}");
    }
}
