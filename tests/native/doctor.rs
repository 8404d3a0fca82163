//! `sealift doctor` on good set-ups with each store, and on broken ones: each has its sentence and its remedy, and nothing
//! else fails. All set-ups share one moto, one embedded store and one database.

mod between;
mod case;
mod ground;

use anyhow::{Result, ensure};
use between::{Between, Change};
use case::{Case, Kept};
use ground::{BUCKET, Ground, PAGE, PEPPER, stored_at};
use sealift_tests::{Garage, StoreCredentials};

#[tokio::test(flavor = "multi_thread")]
async fn each_store_and_each_broken_set_up_gets_the_right_answer() -> Result<()> {
    let ground = Ground::build().await?;
    let before = ground.stored("sealift/").await?;
    assert_eq!(before.len(), 1, "somebody's object, and nothing else");
    each_store(&ground).await?;
    each_broken_set_up(&ground).await?;
    let undeletable = ground.stored("kept/").await?;
    assert_eq!(
        undeletable.len(),
        1,
        "after the first refusal nothing more is put"
    );
    assert_eq!(
        ground.stored("sealift/").await?,
        before,
        "nothing else stays in the store"
    );
    Ok(())
}

async fn each_broken_set_up(ground: &Ground) -> Result<()> {
    let to_moto = async |change| Between::start(ground.moto.endpoint(), change).await;
    let to_store = async |change| Between::start(&ground.store.endpoint(), change).await;

    let no_data_key = to_moto(Change::RefuseKms(
        "GenerateDataKey",
        "AccessDeniedException",
    ))
    .await?;
    let no_decrypt = to_moto(Change::RefuseKms("Decrypt", "AccessDeniedException")).await?;
    let disabled = to_moto(Change::RefuseKms("GenerateDataKey", "DisabledException")).await?;
    let no_uploads = to_store(Change::RefuseS3("GET", "uploads")).await?;
    let no_delete = to_store(Change::RefuseS3("DELETE", "x-id=DeleteObject")).await?;
    let late = to_store(Change::Date("Sat, 01 Jan 2000 00:00:00 GMT")).await?;
    let no_etag = to_store(Change::WithoutAnswerHeader("etag")).await?;
    let no_checksum = to_store(Change::WithoutHeader("x-amz-checksum-sha256")).await?;

    let cases = vec![
        ground.whole("a good set-up").passes_all_but(&[
            "key-file",
            "public-endpoint",
            "public:wrong-body",
            "public:missing-header",
            "public:expired-address",
            "public:ranges",
            "public:unequal-parts",
            "lifecycle",
            "public-access-block",
            "versions",
            "tls",
        ]),
        ground
            .whole("a misspelt setting")
            .env("SEALIFT_PEPER", "x")
            .warns(
                "settings",
                "SEALIFT_PEPER is not a setting",
                "sealift serve --help",
            ),
        ground
            .whole("a setting of another kind")
            .env("PORT", "http")
            .fails(
                "settings",
                "a port from 0 to 65535 is expected",
                "sealift serve --help",
            ),
        ground
            .whole("a short pepper")
            .env("SEALIFT_PEPPER", "a pepper of thirty-one bytes ..")
            .fails(
                "pepper",
                "the pepper has 31 bytes, but exactly 32 are needed",
                "make-pepper",
            )
            .and("key-rows"),
        ground
            .whole("no pepper")
            .env("SEALIFT_PEPPER", "")
            .fails("pepper", "is missing", "sealift keys make-pepper")
            .and("key-rows"),
        ground
            .whole("another pepper")
            .env("SEALIFT_PEPPER", &PEPPER.to_uppercase())
            .fails(
                "key-rows",
                "The pepper of version 1 does not open the key row",
                "put back the pepper",
            ),
        ground
            .whole("a proxy for requests to this machine")
            .env("HTTP_PROXY", "http://127.0.0.1:1")
            .env("NO_PROXY", "")
            .fails(
                "proxies",
                "would go through a proxy",
                "NO_PROXY=127.0.0.1,localhost",
            )
            .and("kms:GenerateDataKey")
            .and("key-rows")
            .and("credentials")
            .and("bucket"),
        ground
            .whole("a proxy for other machines only")
            .env("HTTP_PROXY", "http://127.0.0.1:1")
            .env("NO_PROXY", "127.0.0.1"),
        ground
            .local("more memory for sealing than there is")
            .env("SEALIFT_LIMIT_SEALING_MEMORY", "1TiB")
            .fails(
                "memory",
                "Sealing uploads may take 1048576 MiB",
                "SEALIFT_LIMIT_SEALING_MEMORY=",
            ),
        ground
            .local("a data folder that others may read")
            .folder_mode(0o755)
            .warns(
                "data-folder",
                "Other users may read the data folder",
                "chmod 700",
            ),
        ground
            .local("a data folder that others may change")
            .folder_mode(0o777)
            .fails(
                "data-folder",
                "Other users may change the data folder",
                "chmod 700",
            ),
        ground
            .local("a key file that others may read")
            .key_file_mode(0o644)
            .fails(
                "key-file",
                "Other users may read or write the key file",
                "chmod 600",
            ),
        ground
            .local("a database that others may read")
            .database(Kept::Good, 0o644)
            .fails("database-mode", "(mode 0644)", "chmod 600"),
        ground
            .local("a database of a newer version")
            .database(Kept::Newer, 0o600)
            .fails(
                "database",
                "A newer version of Sealift has used the database",
                "run that version",
            ),
        ground
            .local("another file than a database")
            .database(Kept::Garbage, 0o600)
            .fails(
                "database",
                "The database file cannot be opened",
                "another program",
            ),
        ground
            .whole("an alias that is not there")
            .env("KMS_KEY_ALIAS", "alias/none")
            .fails(
                "kms:GenerateDataKey",
                "alias/none (NotFoundException)",
                "sealift bootstrap",
            ),
        ground
            .whole("no right to make data keys")
            .env("SEALIFT_KMS_ENDPOINT", no_data_key.endpoint())
            .fails(
                "kms:GenerateDataKey",
                "KMS refuses kms:GenerateDataKey with the key arn:aws:kms:",
                "Add `kms:GenerateDataKey` on arn:aws:kms:",
            ),
        ground
            .whole("no right to open data keys")
            .env("SEALIFT_KMS_ENDPOINT", no_decrypt.endpoint())
            .fails(
                "kms:Decrypt",
                "(AccessDeniedException)",
                "`sealift policy aws` prints it",
            )
            .and("key-rows"),
        ground
            .whole("a KMS key that is disabled")
            .env("SEALIFT_KMS_ENDPOINT", disabled.endpoint())
            .fails(
                "kms:GenerateDataKey",
                "(DisabledException)",
                "aws kms enable-key --key-id arn:",
            ),
        ground
            .whole("a disabled KMS key that the settings name by its alias")
            .env("KMS_KEY_ALIAS", "alias/ours")
            .env("SEALIFT_KMS_ENDPOINT", disabled.endpoint())
            .fails(
                "kms:GenerateDataKey",
                "with the key arn:aws:kms:eu-central-1:111122223333:key/1234abcd (",
                "`aws kms enable-key --key-id arn:aws:kms:eu-central-1:111122223333:key/1234abcd`",
            ),
        ground
            .whole("KMS is not there")
            .env("SEALIFT_KMS_ENDPOINT", "http://127.0.0.1:1")
            .fails("kms:GenerateDataKey", "KMS does not answer", "try again")
            .and("key-rows"),
        ground
            .whole("another bucket")
            .env("S3_BUCKET_NAME", "nobodys")
            .fails(
                "bucket",
                "The store has no bucket nobodys",
                "Set S3_BUCKET_NAME",
            ),
        ground
            .whole("a wrong secret key")
            .env("AWS_SECRET_ACCESS_KEY", "wrong")
            .fails(
                "bucket",
                "does not accept the credentials (SignatureDoesNotMatch)",
                "get-caller-identity",
            ),
        ground
            .whole("no store")
            .env("S3_ENDPOINT", "http://127.0.0.1:1")
            .fails("bucket", "The store does not answer", "S3_ENDPOINT"),
        ground
            .whole("a clock that is 26 years ahead")
            .env("S3_ENDPOINT", late.endpoint())
            .fails("clock", "seconds ahead of that of the store", "timedatectl"),
        ground
            .whole("no right to list unfinished uploads")
            .env("S3_ENDPOINT", no_uploads.endpoint())
            .fails(
                "s3:ListBucketMultipartUploads",
                "403 AccessDenied",
                "add `s3:ListBucketMultipartUploads`",
            ),
        ground
            .whole("no right to delete, so that little is put")
            .env("S3_ENDPOINT", no_delete.endpoint())
            .env("SEALIFT_PREFIX", "kept")
            .fails(
                "s3:DeleteObject",
                "403 AccessDenied",
                "add `s3:DeleteObject`",
            )
            .skips("cors", "the object could not be removed again"),
        ground
            .whole("no public endpoint")
            .env("S3_PUBLIC_ENDPOINT", "http://127.0.0.1:1")
            .warns(
                "public-endpoint",
                "cannot be reached from here",
                "S3_PUBLIC_ENDPOINT",
            )
            .skips("cors", "public-endpoint did not pass"),
        ground
            .whole("a public endpoint that drops a header of requests")
            .env("S3_PUBLIC_ENDPOINT", no_checksum.endpoint())
            .fails(
                "public-endpoint",
                "refused a presigned PUT at its public endpoint",
                "headers on unchanged",
            ),
        ground
            .whole("a public endpoint that drops a header of answers")
            .env("S3_PUBLIC_ENDPOINT", no_etag.endpoint())
            .fails("public:ranges", "has no ETag", "pass"),
        ground
            .whole("CORS for another origin")
            .env("SEALIFT_PAGE_ORIGINS", "http://files.example.com")
            .fails(
                "cors",
                "Pages from http://files.example.com cannot send and read",
                "docs/STORES.md",
            ),
        ground
            .whole("an address without its certificate")
            .argument("--public-url=https://127.0.0.1:1")
            .warns(
                "tls",
                "https://127.0.0.1:1 cannot be reached",
                "can be reached",
            ),
    ];
    assert!(cases.len() > 20);
    case::all_as_expected(cases).await
}

async fn each_store(ground: &Ground) -> Result<()> {
    ground.prepare_moto_buckets().await?;
    let garage = Garage::start(BUCKET)?;
    garage.allow_page(PAGE).await?;
    let at_garage = |about| {
        let case = ground.whole(about).env("S3_ENDPOINT", garage.endpoint());
        case.env("SEALIFT_PAGE_ORIGINS", PAGE)
    };
    let unencrypted = ["right-body", "wrong-body", "missing-header"].into_iter();
    let unencrypted = unencrypted.chain(["expired-address", "unequal-parts", "cors"]);
    let unencrypted = unencrypted.fold(at_garage("Garage, which cannot encrypt"), Case::and);
    let unencrypted = unencrypted.env("S3_SSE", "AES256").fails(
        "s3:PutObject",
        "does not encrypt with AES256",
        "check that setting",
    );
    let moto = ground.moto.endpoint();
    let at_moto = |bucket| {
        ground
            .local("moto's S3")
            .env("S3_ENDPOINT", moto)
            .env("S3_BUCKET_NAME", bucket)
            .env(
                "AWS_SECRET_ACCESS_KEY",
                &StoreCredentials::of_moto().secret_key,
            )
    };
    let no_version = Change::RefuseS3("DELETE", "versionId=");
    let no_version = Between::start(moto, no_version).await?;
    let cases = vec![
        at_moto("ruled")
            .env("S3_ENDPOINT", no_version.endpoint())
            .env("SEALIFT_PREFIX", "kept")
            .fails(
                "s3:DeleteObject",
                "refuses s3:DeleteObjectVersion with 403 AccessDenied",
                "Add `s3:DeleteObjectVersion`",
            )
            .and("lifecycle")
            .and_what_moto_says_otherwise(),
        ground.embedded("the embedded store, while its server runs"),
        ground
            .without_credentials("an embedded store without its credentials")
            .skips("bucket", "has no credentials yet"),
        at_garage("Garage"),
        unencrypted,
        at_garage("Garage in another region")
            .env("AWS_REGION", "us-west-2")
            .env("SEALIFT_KEYRING", "local")
            .fails("bucket", "not in the region us-west-2", "AWS_REGION")
            .and("key-rows"),
        at_moto("bare")
            .fails(
                "wrong-body",
                "took other bytes than those of the signed SHA-256",
                "use a store",
            )
            .fails(
                "missing-header",
                "took bytes without the signed",
                "use a store",
            )
            .fails(
                "expired-address",
                "at an address that had ended",
                "use a store",
            )
            .warns(
                "public-access-block",
                "has no public access block",
                "put-public-access-block",
            )
            .and_what_moto_says_otherwise(),
        at_moto("ruled")
            .fails(
                "lifecycle",
                "ends unfinished uploads after 7 days",
                "DaysAfterInitiation 32",
            )
            .passes("public-access-block", "The bucket blocks public access")
            .and("wrong-body")
            .and("missing-header")
            .and("expired-address")
            .and_what_moto_says_otherwise(),
    ];
    case::all_as_expected(cases).await?;
    let left = stored_at(garage.endpoint(), "").await?;
    ensure!(left.is_empty(), "the doctor left {left:?} in Garage");
    Ok(())
}
