//! The store as the peers use it: multipart uploads with presigned URLs, signed as any application would sign them.

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use anyhow::{Context as _, Result};
use aws_sdk_s3::{
    Client, Config,
    config::{BehaviorVersion, Region, RequestChecksumCalculation},
    presigning::PresigningConfig,
    primitives::ByteStream,
    types::{ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart},
};
use sealift_tests::StoreCredentials;
use serde::Deserialize;

const BUCKET: &str = "sealift";
const SIGNED_FOR: Duration = Duration::from_secs(900);

/// A client of the embedded store with the owner's credentials.
#[derive(Debug, Clone)]
pub(crate) struct PlainStore {
    client: Arc<Client>,
    /// Signs for the address at which the peers reach the store.
    signer: Arc<Client>,
}

/// An unfinished multipart upload.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Multipart {
    pub(crate) key: String,
    pub(crate) upload_id: String,
}

/// A presigned PUT.
pub(crate) struct Signed {
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, String)>,
}

impl PlainStore {
    /// Takes the store's own address and the one at which the peers reach it.
    pub(crate) fn of(addresses: [SocketAddr; 2], credentials: &Path) -> Result<Self> {
        let credentials = StoreCredentials::from_file(credentials)?;
        let [client, signer] = addresses.map(|address| {
            let config = Config::builder()
                .behavior_version(BehaviorVersion::latest())
                .region(Region::from_static("us-east-1"))
                .endpoint_url(format!("http://{address}"))
                .force_path_style(true)
                .credentials_provider(credentials.sdk())
                .request_checksum_calculation(RequestChecksumCalculation::WhenRequired);
            Arc::new(Client::from_conf(config.build()))
        });
        Ok(Self { client, signer })
    }

    /// Stores a whole object with one PUT.
    pub(crate) async fn put(&self, key: &str, bytes: Vec<u8>) -> Result<()> {
        let put = self.client.put_object().bucket(BUCKET).key(key);
        put.body(ByteStream::from(bytes)).send().await?;
        Ok(())
    }

    /// Begins a multipart upload. With `hashed`, every part must come with its SHA-256.
    pub(crate) async fn create(&self, key: &str, hashed: bool) -> Result<Multipart> {
        let created = self
            .client
            .create_multipart_upload()
            .bucket(BUCKET)
            .key(key)
            .set_checksum_algorithm(hashed.then_some(ChecksumAlgorithm::Sha256))
            .send()
            .await?;
        Ok(Multipart {
            key: key.to_owned(),
            upload_id: created.upload_id.context("an upload without id")?,
        })
    }

    /// Signs one part. The signature covers SHA-256 and length if the peer knows them.
    pub(crate) async fn sign(
        &self,
        upload: &Multipart,
        number: i32,
        known: Option<(&str, i64)>,
    ) -> Result<Signed> {
        let signed = self
            .signer
            .upload_part()
            .bucket(BUCKET)
            .key(&upload.key)
            .upload_id(&upload.upload_id)
            .part_number(number)
            .set_checksum_sha256(known.map(|(sha256, _)| sha256.to_owned()))
            .set_content_length(known.map(|(_, length)| length))
            .presigned(PresigningConfig::expires_in(SIGNED_FOR)?)
            .await?;
        let headers = signed
            .headers()
            .filter(|(name, _)| name.starts_with("x-amz-"))
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        Ok(Signed {
            url: signed.uri().to_owned(),
            headers: headers.collect(),
        })
    }

    /// Completes the upload with the parts that the store has.
    pub(crate) async fn complete(&self, upload: &Multipart) -> Result<()> {
        let Multipart { key, upload_id } = upload;
        let list = self.client.list_parts().bucket(BUCKET).key(key);
        let listed = list.upload_id(upload_id).send().await?;
        let parts = listed.parts().iter().map(|part| {
            CompletedPart::builder()
                .set_part_number(part.part_number)
                .set_e_tag(part.e_tag.clone())
                .set_checksum_sha256(part.checksum_sha256.clone())
                .build()
        });
        let mut parts: Vec<_> = parts.collect();
        parts.sort_by_key(|part| part.part_number);
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts));
        self.client
            .complete_multipart_upload()
            .bucket(BUCKET)
            .key(key)
            .upload_id(upload_id)
            .multipart_upload(parts.build())
            .send()
            .await?;
        Ok(())
    }

    /// Reads an object as a stream, without decrypting it.
    pub(crate) async fn get(&self, key: &str) -> Result<ByteStream> {
        let get = self.client.get_object().bucket(BUCKET).key(key);
        Ok(get.send().await?.body)
    }

    /// Presigns a GET of an object.
    pub(crate) async fn sign_get(&self, key: &str) -> Result<String> {
        let get = self.client.get_object().bucket(BUCKET).key(key);
        let signed = get.presigned(PresigningConfig::expires_in(SIGNED_FOR)?);
        Ok(signed.await?.uri().to_owned())
    }

    /// Returns the bytes of all objects together.
    pub(crate) async fn stored_bytes(&self) -> Result<u64> {
        let listed = self.client.list_objects_v2().bucket(BUCKET).send().await?;
        let sizes = listed.contents().iter().filter_map(|object| object.size);
        Ok(u64::try_from(sizes.sum::<i64>())?)
    }

    /// Deletes every object, so that the next upload has as much space as this one had.
    pub(crate) async fn empty(&self) -> Result<()> {
        let listed = self.client.list_objects_v2().bucket(BUCKET).send().await?;
        for object in listed.contents() {
            let delete = self.client.delete_object().bucket(BUCKET);
            delete.set_key(object.key.clone()).send().await?;
        }
        Ok(())
    }
}
