//! Tests the keyring against KMS answers that are broken, hostile or out of order. The real protocol is
//! tested in tests/kms.rs.

use std::time::Duration;

use aws_config::{BehaviorVersion, Region, retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_kms::config::Credentials;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use super::*;

const ARN: &str = "arn:aws:kms:eu-west-1:111122223333:key/1";

/// 32 bytes of 0x41.
const PLAINTEXT: &str = "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=";

async fn keyring_at(endpoint: String) -> KmsKeyring {
    keyring_in("eu-west-1", endpoint).await
}

async fn keyring_in(region: &'static str, endpoint: String) -> KmsKeyring {
    // The time is for an answer that never comes. All others come at once.
    let timeouts = TimeoutConfig::builder().operation_timeout(Duration::from_secs(1));
    let shared = aws_config::defaults(BehaviorVersion::latest())
        .timeout_config(timeouts.build())
        .region(Region::new(region))
        .credentials_provider(Credentials::new("id", "secret", None, None, "test"))
        .retry_config(RetryConfig::disabled())
        .load()
        .await;
    let config = KmsConfig {
        key: "alias/ours".to_owned(),
        endpoint: Some(endpoint),
        region: None,
    };
    KmsKeyring::with(&shared, &config)
}

/// Makes a keyring whose KMS answers one request, with this status and body.
async fn answered(status: u16, body: String) -> KmsKeyring {
    keyring_at(answering(status, body).await).await
}

/// Returns the endpoint of a KMS that answers one request, with this status and body.
async fn answering(status: u16, body: String) -> String {
    answering_in_turn(vec![(status, body)]).await
}

/// Returns the endpoint of a KMS that answers one request with each status and body, in turn.
async fn answering_in_turn(answers: Vec<(u16, String)>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        for (status, body) in answers {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 65_536];
            let mut len = 0;
            // A request is JSON and ends with its brace.
            while !request[..len].ends_with(b"}") {
                len += stream.read(&mut request[len..]).await.unwrap();
            }
            let head = format!(
                "HTTP/1.1 {status} -\r\ncontent-type: application/x-amz-json-1.1\r\n\
                 content-length: {}\r\nconnection: close\r\n\r\n",
                body.len()
            );
            stream.write_all(head.as_bytes()).await.unwrap();
            stream.write_all(body.as_bytes()).await.unwrap();
        }
    });
    endpoint
}

async fn refused(status: u16, code: &str) -> KmsKeyring {
    answered(status, format!(r#"{{"__type":"{code}","message":"no"}}"#)).await
}

fn context() -> EncryptionContext {
    EncryptionContext::from_pairs([("tenant", "ours")]).unwrap()
}

fn encrypted() -> EncryptedDataKey {
    EncryptedDataKey::aws_kms(ARN, b"blob").unwrap()
}

async fn make(keyring: &KmsKeyring) -> Result<EncryptedDataKey, KeyringError> {
    keyring
        .make(&context())
        .await
        .map(|(_, encrypted)| encrypted)
}

async fn open(keyring: &KmsKeyring) -> Result<[u8; 32], KeyringError> {
    let opened = keyring.open(&encrypted(), &context()).await;
    opened.map(|data_key| *data_key.expose())
}

#[tokio::test]
async fn a_data_key_names_the_key_that_answered() {
    let body =
        format!(r#"{{"KeyId":"{ARN}","Plaintext":"{PLAINTEXT}","CiphertextBlob":"YmxvYg=="}}"#);
    assert_eq!(make(&answered(200, body).await).await, Ok(encrypted()));
}

#[tokio::test]
async fn an_answer_without_its_arn_blob_or_key_is_not_used() {
    let answers = [
        (r#"{"KeyId":"alias/ours","Plaintext":"#, 32, "KeyId"),
        (r#"{"Plaintext":"#, 32, "KeyId"),
        (
            r#"{"KeyId":"arn:aws:kms:r:1:key/1","Plaintext":"#,
            16,
            "Plaintext",
        ),
    ];
    for (start, key_len, field) in answers {
        let plaintext = if key_len == 32 {
            PLAINTEXT
        } else {
            "QUFBQUFBQUFBQUFBQUFBQQ=="
        };
        let body = format!(r#"{start}"{plaintext}","CiphertextBlob":"YmxvYg=="}}"#);
        let made = make(&answered(200, body).await).await;
        assert_eq!(made, Err(KeyringError::Incomprehensible { field }));
    }
    let body = format!(r#"{{"KeyId":"{ARN}","Plaintext":"{PLAINTEXT}"}}"#);
    let field = "CiphertextBlob";
    let made = make(&answered(200, body).await).await;
    assert_eq!(made, Err(KeyringError::Incomprehensible { field }));
}

#[tokio::test]
async fn a_data_key_that_another_key_opened_is_refused() {
    let body = |arn: &str| format!(r#"{{"KeyId":"{arn}","Plaintext":"{PLAINTEXT}"}}"#);
    assert_eq!(open(&answered(200, body(ARN)).await).await, Ok([0x41; 32]));
    let other = body("arn:aws:kms:eu-west-1:111122223333:key/2");
    assert_eq!(
        open(&answered(200, other).await).await,
        Err(KeyringError::Unauthentic)
    );
}

#[tokio::test]
async fn a_multi_region_key_opens_by_its_replica_here_or_else_in_its_own_region() {
    let arn_in = |region: &str| format!("arn:aws:kms:{region}:111122223333:key/mrk-1");
    let (here, there) = ("us-east-1", "eu-west-1");
    // An answer counts only if its ARN is the one that was asked for.
    let opened_in = |region: &str| {
        let body = format!(
            r#"{{"KeyId":"{}","Plaintext":"{PLAINTEXT}"}}"#,
            arn_in(region)
        );
        (200, body)
    };
    let refused = |code: &str| (400, format!(r#"{{"__type":"{code}","message":"no"}}"#));
    for answers in [
        vec![opened_in(here)],
        vec![refused("NotFoundException"), opened_in(there)],
        vec![refused("AccessDeniedException"), opened_in(there)],
    ] {
        let keyring = keyring_in(here, answering_in_turn(answers).await).await;
        let encrypted = EncryptedDataKey::aws_kms(&arn_in(there), b"blob").unwrap();
        let opened = keyring.open(&encrypted, &context()).await;
        assert_eq!(*opened.unwrap().expose(), [0x41; 32]);
    }
}

#[tokio::test]
async fn a_kms_that_never_answers_is_unavailable() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", silent.local_addr().unwrap());
    let unavailable = Err(KeyringError::Unavailable { status: None });
    assert_eq!(make(&keyring_at(endpoint).await).await, unavailable);
}

#[tokio::test]
async fn what_kms_did_not_encrypt_is_not_sent_to_it() {
    // Nobody listens on this port, so a request would fail with `Unavailable`.
    let keyring = keyring_at("http://127.0.0.1:9".to_owned()).await;
    let foreign = [
        EncryptedDataKey::new("sealift", ARN, b"blob").unwrap(),
        EncryptedDataKey::aws_kms("alias/theirs", b"blob").unwrap(),
        EncryptedDataKey::aws_kms("arn:aws:kms:r:1:alias/theirs", b"blob").unwrap(),
        EncryptedDataKey::new(AWS_KMS, b"\xFF", b"blob").unwrap(),
    ];
    for encrypted in foreign {
        let opened = keyring.open(&encrypted, &context()).await;
        assert_eq!(
            opened.map(drop),
            Err(KeyringError::Unauthentic),
            "{encrypted:?}"
        );
    }
    let opened = keyring.open_records_key("ours", b"\0").await;
    assert_eq!(opened.map(drop), Err(KeyringError::Unauthentic));
}

#[tokio::test]
async fn a_kms_that_is_away_or_busy_is_unavailable() {
    let away = keyring_at("http://127.0.0.1:9".to_owned()).await;
    assert_eq!(
        make(&away).await,
        Err(KeyringError::Unavailable { status: None })
    );
    let busy = [
        (400, "ThrottlingException"),
        (500, "KMSInternalException"),
        (503, "x"),
    ];
    for (status, code) in busy {
        let unavailable = Err(KeyringError::Unavailable {
            status: Some(status),
        });
        assert_eq!(
            open(&refused(status, code).await).await,
            unavailable,
            "{code}"
        );
    }
}

#[tokio::test]
async fn without_credentials_nothing_is_sent() {
    let shared = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .build();
    let config = KmsConfig {
        key: "alias/ours".to_owned(),
        endpoint: Some("http://127.0.0.1:9".to_owned()),
        region: None,
    };
    let made = make(&KmsKeyring::with(&shared, &config)).await;
    assert_eq!(made, Err(KeyringError::NoCredentials));
}

#[tokio::test]
async fn a_refusal_gives_its_code_and_a_failed_decryption_gives_nothing() {
    for code in [
        "AccessDeniedException",
        "DisabledException",
        "NotFoundException",
    ] {
        let refusal = open(&refused(400, code).await).await.unwrap_err();
        let expected = KeyringError::Refused {
            action: "kms:Decrypt",
            key: ARN.to_owned(),
            code: code.to_owned(),
        };
        assert_eq!(refusal, expected);
        // The sentence names the action and the key, which is what a policy needs.
        let sentence = refusal.to_string();
        assert!(
            sentence.contains("kms:Decrypt") && sentence.contains(ARN),
            "{sentence}"
        );
    }
    for code in ["InvalidCiphertextException", "IncorrectKeyException"] {
        let opened = open(&refused(400, code).await).await;
        assert_eq!(opened, Err(KeyringError::Unauthentic));
    }
}

#[tokio::test]
async fn nothing_but_a_word_passes_as_a_code() {
    for code in ["Access denied", "\\u001b[2J", "", &"x".repeat(65)] {
        let refusal = open(&refused(400, code).await).await.unwrap_err();
        assert!(
            matches!(&refusal, KeyringError::Refused { code, .. } if code == "no code"),
            "{refusal:?}"
        );
    }
}

#[tokio::test]
async fn a_refusal_names_the_arn_behind_an_alias() {
    let refusal = |message: &str| {
        let body = format!(r#"{{"__type":"AccessDeniedException","message":"{message}"}}"#);
        async move { make(&answered(400, body).await).await.unwrap_err() }
    };
    // AWS's own sentence.
    let denied = format!(
        "User: arn:aws:iam::111122223333:user/u is not authorized to perform: kms:GenerateDataKey on \
         resource: {ARN} because no identity-based policy allows the kms:GenerateDataKey action"
    );
    let sentence = refusal(&denied).await.to_string();
    assert!(
        sentence.contains("kms:GenerateDataKey") && sentence.contains(ARN),
        "{sentence}"
    );
    // The doctor makes commands of it, so the ARN stands alone.
    assert!(sentence.contains(&format!("the key {ARN} (")), "{sentence}");
    // Nothing else of the message is repeated.
    assert!(!sentence.contains("user/u"), "{sentence}");
    let sentence = refusal("no").await.to_string();
    assert!(sentence.contains("the key alias/ours ("), "{sentence}");
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_does_not_print_its_plaintext() {
    let body = format!(r#"{{"Plaintext":"{PLAINTEXT}","KeyId":7"#);
    let error = open(&answered(200, body).await).await.unwrap_err();
    assert_eq!(error, KeyringError::Incomprehensible { field: "body" });
    assert!(!format!("{error} {error:?}").contains("QUFB"));
}
