//! The action of IAM that each request to the store needs, so that a refusal can name it. The policies that
//! `sealift policy aws` prints allow those that a server needs.

use aws_sdk_s3::operation::{
    abort_multipart_upload::AbortMultipartUploadError,
    complete_multipart_upload::CompleteMultipartUploadError, create_bucket::CreateBucketError,
    create_multipart_upload::CreateMultipartUploadError, delete_object::DeleteObjectError,
    get_bucket_cors::GetBucketCorsError,
    get_bucket_lifecycle_configuration::GetBucketLifecycleConfigurationError,
    get_bucket_ownership_controls::GetBucketOwnershipControlsError,
    get_bucket_versioning::GetBucketVersioningError, get_object::GetObjectError,
    get_public_access_block::GetPublicAccessBlockError, head_bucket::HeadBucketError,
    head_object::HeadObjectError, list_multipart_uploads::ListMultipartUploadsError,
    list_object_versions::ListObjectVersionsError, list_objects_v2::ListObjectsV2Error,
    list_parts::ListPartsError, put_bucket_cors::PutBucketCorsError,
    put_bucket_lifecycle_configuration::PutBucketLifecycleConfigurationError,
    put_bucket_ownership_controls::PutBucketOwnershipControlsError, put_object::PutObjectError,
    put_public_access_block::PutPublicAccessBlockError, upload_part::UploadPartError,
};

/// The error of one operation of the SDK, with the action that the operation needs.
pub(super) trait OfAction {
    /// The action as policies name it.
    const ACTION: &'static str;
    /// The action for one version of an object, which S3 tells apart.
    const OF_VERSION: &'static str = Self::ACTION;
}

macro_rules! actions {
    ($($error:ty => $action:literal $(or $of_version:literal)?,)*) => {
        $(impl OfAction for $error {
            const ACTION: &'static str = $action;
            $(const OF_VERSION: &'static str = $of_version;)?
        })*
    };
}

actions! {
    PutObjectError => "s3:PutObject",
    CreateMultipartUploadError => "s3:PutObject",
    UploadPartError => "s3:PutObject",
    CompleteMultipartUploadError => "s3:PutObject",
    AbortMultipartUploadError => "s3:AbortMultipartUpload",
    ListPartsError => "s3:ListMultipartUploadParts",
    GetObjectError => "s3:GetObject" or "s3:GetObjectVersion",
    HeadObjectError => "s3:GetObject" or "s3:GetObjectVersion",
    DeleteObjectError => "s3:DeleteObject" or "s3:DeleteObjectVersion",
    ListObjectsV2Error => "s3:ListBucket",
    ListObjectVersionsError => "s3:ListBucketVersions",
    ListMultipartUploadsError => "s3:ListBucketMultipartUploads",
    HeadBucketError => "s3:ListBucket",
    CreateBucketError => "s3:CreateBucket",
    GetBucketOwnershipControlsError => "s3:GetBucketOwnershipControls",
    PutBucketOwnershipControlsError => "s3:PutBucketOwnershipControls",
    GetPublicAccessBlockError => "s3:GetBucketPublicAccessBlock",
    PutPublicAccessBlockError => "s3:PutBucketPublicAccessBlock",
    GetBucketCorsError => "s3:GetBucketCORS",
    PutBucketCorsError => "s3:PutBucketCORS",
    GetBucketLifecycleConfigurationError => "s3:GetLifecycleConfiguration",
    PutBucketLifecycleConfigurationError => "s3:PutLifecycleConfiguration",
    GetBucketVersioningError => "s3:GetBucketVersioning",
}
