//! Server-side encryption: the headers that ask the store for it, and the comparison of its answers.
//!
//! The store encrypts ciphertext once more. Some security departments demand it for every bucket, and a bucket
//! policy may refuse PUTs without its headers. CreateMultipartUpload and PUTs of whole objects carry them; the parts
//! of a multipart upload follow its creation, and S3 refuses the headers there.

use aws_sdk_s3::{
    Client,
    operation::{
        create_multipart_upload::builders::CreateMultipartUploadFluentBuilder,
        put_object::builders::PutObjectFluentBuilder,
    },
    types::ServerSideEncryption,
};

use super::{
    super::{ObjectsError, Reported, StoreAlgorithm, StoreEncryption},
    Objects,
};

impl Reported {
    /// Takes the fields of an answer of the SDK.
    pub(super) fn of(
        algorithm: Option<ServerSideEncryption>,
        kms_key: Option<String>,
        bucket_key: Option<bool>,
    ) -> Self {
        Self {
            algorithm: algorithm.map(|algorithm| algorithm.to_string()),
            kms_key,
            bucket_key: bucket_key == Some(true),
        }
    }
}

impl StoreEncryption {
    /// Returns the name of the algorithm, as requests and answers have it.
    fn algorithm(&self) -> Option<ServerSideEncryption> {
        self.algorithm.map(|algorithm| match algorithm {
            StoreAlgorithm::S3Keys => ServerSideEncryption::Aes256,
            StoreAlgorithm::Kms => ServerSideEncryption::AwsKms,
            StoreAlgorithm::KmsInTwoLayers => ServerSideEncryption::AwsKmsDsse,
        })
    }

    fn bucket_key(&self) -> Option<bool> {
        self.bucket_key.then_some(true)
    }

    /// Begins a PUT of a whole object with the headers. A bucket policy may refuse every PUT without them.
    pub(super) fn put_object(&self, client: &Client) -> PutObjectFluentBuilder {
        client
            .put_object()
            .set_server_side_encryption(self.algorithm())
            .set_ssekms_key_id(self.kms_key.clone())
            .set_bucket_key_enabled(self.bucket_key())
    }

    /// Begins the creation of a multipart upload with the headers.
    pub(super) fn create_multipart_upload(
        &self,
        client: &Client,
    ) -> CreateMultipartUploadFluentBuilder {
        client
            .create_multipart_upload()
            .set_server_side_encryption(self.algorithm())
            .set_ssekms_key_id(self.kms_key.clone())
            .set_bucket_key_enabled(self.bucket_key())
    }

    /// Compares the encryption that an answer reports with the one that was asked for.
    ///
    /// # Errors
    /// Returns [`ObjectsError::NotEncrypted`] if the store encrypts otherwise.
    pub(super) fn confirm(&self, reported: &Reported) -> Result<(), ObjectsError> {
        let Some(algorithm) = self.algorithm() else {
            return Ok(());
        };
        let is_the_key = |asked: &String| match &reported.kms_key {
            Some(arn) => names(asked, arn),
            None => false,
        };
        let is_as_asked = reported.algorithm.as_deref() == Some(algorithm.as_str())
            && self.kms_key.as_ref().is_none_or(is_the_key)
            && reported.bucket_key >= self.bucket_key;
        if is_as_asked {
            return Ok(());
        }
        Err(ObjectsError::NotEncrypted {
            asked: algorithm.as_str().to_owned(),
        })
    }
}

/// Returns whether `asked` may name the key with this ARN. Which key an alias stands for, only KMS knows.
fn names(asked: &str, arn: &str) -> bool {
    let is_alias = asked.starts_with("alias/") || asked.contains(":alias/");
    is_alias || asked == arn || arn.rsplit_once(":key/").is_some_and(|(_, id)| id == asked)
}

impl Objects {
    /// Compares what a HEAD reports with the encryption of the settings.
    ///
    /// # Errors
    /// Returns [`ObjectsError::NotEncrypted`] if the store encrypts otherwise.
    pub(in crate::objects) fn confirm_encryption(
        &self,
        reported: &Reported,
    ) -> Result<(), ObjectsError> {
        self.encryption.confirm(reported)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234";

    fn kms(key: Option<&str>, bucket_key: bool) -> StoreEncryption {
        StoreEncryption {
            algorithm: Some(StoreAlgorithm::Kms),
            kms_key: key.map(str::to_owned),
            bucket_key,
        }
    }

    fn reported(algorithm: &str, key: Option<&str>, bucket_key: bool) -> Reported {
        Reported {
            algorithm: Some(algorithm.to_owned()),
            kms_key: key.map(str::to_owned),
            bucket_key,
        }
    }

    #[test]
    fn an_answer_must_report_what_was_asked_for() {
        for key in [None, Some(ARN), Some("1234"), Some("alias/ours")] {
            let right = reported("aws:kms", Some(ARN), false);
            assert_eq!(kms(key, false).confirm(&right), Ok(()), "{key:?}");
            assert!(kms(key, true).confirm(&right).is_err(), "{key:?}");
            for wrong in [
                Reported::default(),
                reported("AES256", None, false),
                reported("aws:kms:dsse", Some(ARN), false),
            ] {
                assert!(kms(key, false).confirm(&wrong).is_err(), "{wrong:?}");
            }
        }
        let another = reported("aws:kms", Some("arn:aws:kms:r:1:key/5"), true);
        assert!(kms(Some(ARN), false).confirm(&another).is_err());
        assert!(kms(Some("1234"), false).confirm(&another).is_err());
        // More than was asked for is no fault.
        assert_eq!(kms(None, false).confirm(&another), Ok(()));
    }

    #[test]
    fn the_buckets_own_default_is_as_good_as_any_if_nothing_was_asked_for() {
        let nothing = StoreEncryption::default();
        for found in [Reported::default(), reported("aws:kms", Some(ARN), true)] {
            assert_eq!(nothing.confirm(&found), Ok(()));
        }
    }
}
