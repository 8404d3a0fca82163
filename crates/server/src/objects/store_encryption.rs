//! The settings of server-side encryption. [`super::Objects`] sends them with its requests.

/// The encryption that the store is asked for. By default nothing is asked for, and the bucket's own default applies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoreEncryption {
    /// The keys that the store encrypts with.
    pub algorithm: Option<StoreAlgorithm>,
    /// Id, ARN or alias of the KMS key. `None` means the AWS managed key `aws/s3`.
    pub kms_key: Option<String>,
    /// True if the store is to ask KMS once for many objects (an S3 Bucket Key) instead of once for each.
    pub bucket_key: bool,
}

/// The kinds of server-side encryption, by the keys that they use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreAlgorithm {
    /// Keys of S3 (`AES256`).
    S3Keys,
    /// A KMS key (`aws:kms`).
    Kms,
    /// A KMS key, in two layers (`aws:kms:dsse`).
    KmsInTwoLayers,
}

/// The encryption that an answer of the store reports.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Reported {
    pub(crate) algorithm: Option<String>,
    pub(crate) kms_key: Option<String>,
    pub(crate) bucket_key: bool,
}

/// The signed headers of a PUT that ask for encryption, in alphabetical order. Senders must add them, so CORS must
/// allow them.
pub(crate) const ENCRYPTION_HEADERS: [&str; 3] = [ALGORITHM, KMS_KEY, BUCKET_KEY];

const ALGORITHM: &str = "x-amz-server-side-encryption";
const KMS_KEY: &str = "x-amz-server-side-encryption-aws-kms-key-id";
const BUCKET_KEY: &str = "x-amz-server-side-encryption-bucket-key-enabled";

impl StoreEncryption {
    /// Returns the headers that a request for this encryption has.
    pub(crate) fn headers(&self) -> impl Iterator<Item = &'static str> {
        let asked = [
            self.algorithm.is_some(),
            self.kms_key.is_some(),
            self.bucket_key,
        ];
        ENCRYPTION_HEADERS
            .into_iter()
            .zip(asked)
            .filter_map(|(name, is_asked)| is_asked.then_some(name))
    }
}
