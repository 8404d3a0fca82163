//! The calls to KMS about data keys, and the one table that translates its refusals.

use std::collections::HashMap;

use aws_sdk_kms::{
    Client,
    config::http::HttpResponse,
    error::{ProvideErrorMetadata, SdkError},
    primitives::Blob,
    types::{DataKeySpec, EncryptionAlgorithmSpec},
};
use sealift_message::{DataKey, EncryptionContext};
use zeroize::Zeroizing;

use super::key_arn::KeyArn;
use crate::KeyringError;

/// The answer to GenerateDataKey.
pub(super) struct Made {
    pub(super) data_key: DataKey,
    /// The ARN of the key, even if the request named an alias.
    pub(super) key_arn: String,
    pub(super) ciphertext: Vec<u8>,
}

pub(super) async fn generate_data_key(
    client: &Client,
    key: &str,
    context: &EncryptionContext,
) -> Result<Made, KeyringError> {
    let answer = client
        .generate_data_key()
        .key_id(key)
        .key_spec(DataKeySpec::Aes256)
        .set_encryption_context(pairs(context))
        .send()
        .await
        .map_err(|error| translate(error, "kms:GenerateDataKey", key))?;
    let data_key = data_key(answer.plaintext)?;
    let (key_arn, ciphertext) = encrypted(answer.key_id, answer.ciphertext_blob)?;
    Ok(Made {
        data_key,
        key_arn,
        ciphertext,
    })
}

pub(super) async fn decrypt(
    client: &Client,
    key_arn: &str,
    ciphertext: &[u8],
    context: &EncryptionContext,
) -> Result<DataKey, KeyringError> {
    let plaintext = decrypt_any_len(client, key_arn, ciphertext, context).await?;
    DataKey::try_from(plaintext.as_slice()).map_err(|_| NO_PLAINTEXT)
}

/// Decrypts a data key of any length, for the suites whose keys are shorter.
pub(super) async fn decrypt_any_len(
    client: &Client,
    key_arn: &str,
    ciphertext: &[u8],
    context: &EncryptionContext,
) -> Result<Zeroizing<Vec<u8>>, KeyringError> {
    let answer = client
        .decrypt()
        .key_id(key_arn)
        .encryption_algorithm(EncryptionAlgorithmSpec::SymmetricDefault)
        .ciphertext_blob(Blob::new(ciphertext))
        .set_encryption_context(pairs(context))
        .send()
        .await
        .map_err(|error| translate(error, "kms:Decrypt", key_arn))?;
    // This comes first, so that the plaintext is wiped in every case.
    let plaintext = taken(answer.plaintext);
    if answer.key_id.as_deref() != Some(key_arn) {
        return Err(KeyringError::Unauthentic);
    }
    Ok(plaintext)
}

/// Encrypts a ciphertext anew under another KMS key. The plaintext does not leave KMS. Returns the ARN of the new
/// key and the new ciphertext.
pub(super) async fn re_encrypt(
    client: &Client,
    from_arn: &str,
    ciphertext: &[u8],
    to_key: &str,
    context: &EncryptionContext,
) -> Result<(String, Vec<u8>), KeyringError> {
    let answer = client
        .re_encrypt()
        .source_key_id(from_arn)
        .ciphertext_blob(Blob::new(ciphertext))
        .set_source_encryption_context(pairs(context))
        .destination_key_id(to_key)
        .set_destination_encryption_context(pairs(context))
        .send()
        .await
        .map_err(|error| translate(error, "kms:ReEncrypt*", to_key))?;
    encrypted(answer.key_id, answer.ciphertext_blob)
}

/// Encrypts a data key under a KMS key.
pub(super) async fn encrypt(
    client: &Client,
    key: &str,
    data_key: &DataKey,
    context: &EncryptionContext,
) -> Result<(String, Vec<u8>), KeyringError> {
    let answer = client
        .encrypt()
        .key_id(key)
        .plaintext(Blob::new(data_key.expose()))
        .set_encryption_context(pairs(context))
        .send()
        .await
        .map_err(|error| translate(error, "kms:Encrypt", key))?;
    encrypted(answer.key_id, answer.ciphertext_blob)
}

/// Returns the ARN of the key and the ciphertext of an answer.
fn encrypted(
    key_id: Option<String>,
    ciphertext: Option<Blob>,
) -> Result<(String, Vec<u8>), KeyringError> {
    let arn = key_id.filter(|arn| KeyArn::parse(arn).is_some());
    let ciphertext = ciphertext.map(Blob::into_inner);
    let ciphertext = ciphertext.filter(|bytes| !bytes.is_empty());
    Ok((
        arn.ok_or(KeyringError::Incomprehensible { field: "KeyId" })?,
        ciphertext.ok_or(KeyringError::Incomprehensible {
            field: "CiphertextBlob",
        })?,
    ))
}

fn pairs(context: &EncryptionContext) -> Option<HashMap<String, String>> {
    let pairs = context
        .iter()
        .map(|(key, value)| (key.to_owned(), value.to_owned()));
    (!context.is_empty()).then(|| pairs.collect())
}

/// The error for an answer whose plaintext is missing or not as long as a data key.
pub(super) const NO_PLAINTEXT: KeyringError = KeyringError::Incomprehensible { field: "Plaintext" };

fn data_key(plaintext: Option<Blob>) -> Result<DataKey, KeyringError> {
    DataKey::try_from(taken(plaintext).as_slice()).map_err(|_| NO_PLAINTEXT)
}

/// Takes the plaintext out of an answer, so that it is wiped.
fn taken(plaintext: Option<Blob>) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(plaintext.map(Blob::into_inner).unwrap_or_default())
}

/// Translates an SDK error. Only status and code leave this function, because an answer that could not be
/// read may hold a plaintext, and the SDK's own error would show it.
pub(super) fn translate<E: ProvideErrorMetadata>(
    error: SdkError<E, HttpResponse>,
    action: &'static str,
    key: &str,
) -> KeyringError {
    let SdkError::ServiceError(refusal) = error else {
        return match error {
            SdkError::ConstructionFailure(_) => KeyringError::NoCredentials,
            // The request could not be signed; network and answer are not to blame.
            SdkError::DispatchFailure(failure)
                if failure.is_other() && failure.as_other().is_none() =>
            {
                KeyringError::NoCredentials
            }
            _ => KeyringError::Unavailable { status: None },
        };
    };
    let status = refusal.raw().status().as_u16();
    match (status, refusal.err().code()) {
        (_, Some("InvalidCiphertextException" | "IncorrectKeyException")) => {
            KeyringError::Unauthentic
        }
        (
            _,
            Some(
                "DependencyTimeoutException"
                | "KMSInternalException"
                | "KeyUnavailableException"
                | "LimitExceededException"
                | "RequestLimitExceeded"
                | "ThrottlingException",
            ),
        )
        | (429 | 500..=599, _) => KeyringError::Unavailable {
            status: Some(status),
        },
        (200..=299, _) => KeyringError::Incomprehensible { field: "body" },
        (_, code) => KeyringError::Refused {
            action,
            key: named_in(refusal.err().message(), key),
            code: code
                .filter(|code| is_a_code(code))
                .unwrap_or("no code")
                .to_owned(),
        },
    }
}

/// The length of the longest code in characters. A longer text is not KMS's.
const LONGEST_CODE: usize = 64;

/// Returns whether the text is one word, as codes are. People read the code, so no other text may pass as one.
fn is_a_code(text: &str) -> bool {
    let is_of_a_word =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    (1..=LONGEST_CODE).contains(&text.len()) && text.bytes().all(is_of_a_word)
}

/// Returns the ARN that KMS's message names, if the request named the key by an id or an alias; otherwise the key as
/// the request named it. A policy and most commands of AWS need the ARN, and after "access denied" nobody can look it
/// up. The rest of the message is not kept, because nobody knows what it may hold.
fn named_in(message: Option<&str>, key: &str) -> String {
    let words = || message.unwrap_or_default().split_whitespace();
    let mut words = words().map(|word| word.trim_end_matches(['.', ',', ';']));
    let arn = words.find(|word| KeyArn::parse(word).is_some());
    match arn {
        Some(arn) if KeyArn::parse(key).is_none() => arn.to_owned(),
        _ => key.to_owned(),
    }
}
