//! Tests of the failing proxy itself: it forwards bytes unchanged, and it breaks exactly the requests that it should.

use anyhow::Result;
use bytes::Bytes;
use http::StatusCode;
use http_body_util::{BodyExt as _, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use sealift_tests::{Fault, FaultKind, Operation, Plan, Proxy, Randomness};
use sealift_transfer::api::Sha256;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// The path of a part, as in a presigned PUT.
const PART: &str = "/bucket/object/upload?partNumber=7&uploadId=u&X-Amz-Signature=secret";

/// A server that answers every request with the request's body, behind a proxy.
struct Echo {
    proxy: Proxy,
    http: reqwest::Client,
    serving: JoinHandle<()>,
}

impl Echo {
    async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let target = listener.local_addr()?;
        let serving = tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let echo = service_fn(|request: http::Request<Incoming>| async {
                    let body = request.into_body().collect().await?;
                    hyper::Result::Ok(http::Response::new(Full::new(body.to_bytes())))
                });
                let near = TokioIo::new(near);
                tokio::spawn(http1::Builder::new().serve_connection(near, echo));
            }
        });
        Ok(Self {
            proxy: Proxy::start(target).await?,
            http: reqwest::Client::builder().no_proxy().build()?,
            serving,
        })
    }

    async fn put(&self, body: &Bytes) -> reqwest::Result<(StatusCode, Bytes)> {
        let url = format!("{}{PART}", self.proxy.endpoint());
        let put = self.http.put(url).body(body.clone());
        let answer = put.send().await?;
        Ok((answer.status(), answer.bytes().await?))
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

fn body() -> Result<Bytes> {
    Ok(Randomness::from_printed_seed()?.bytes(3 * 1024 * 1024))
}

#[tokio::test]
async fn what_passes_is_untouched_and_recorded_without_the_query() -> Result<()> {
    let echo = Echo::start().await?;
    let body = body()?;
    let (status, came) = echo.put(&body).await?;
    assert_eq!(status, StatusCode::OK);
    assert!(came == body);
    let journal = echo.proxy.journal();
    let [reached] = journal.iter().collect::<Vec<_>>()[..] else {
        panic!("{journal:?}");
    };
    assert_eq!(reached.request.operation, Operation::UploadPart);
    assert_eq!(reached.request.part_number, Some(7));
    assert_eq!(reached.request.path, "bucket/object/upload");
    assert_eq!(reached.body_sha256, Some(Sha256::of(&body)));
    assert!(echo.proxy.counts().is_empty());
    assert!(!format!("{journal:?}").contains("secret"));
    Ok(())
}

#[tokio::test]
async fn each_break_is_seen_by_the_client_once_and_counted() -> Result<()> {
    let echo = Echo::start().await?;
    let body = body()?;
    let breaks = [
        Fault::DropRequest,
        Fault::ResetRequest {
            after_bytes: 1024 * 1024,
        },
        Fault::ResetAnswer { after_bytes: 5 },
        Fault::ResetAnswer {
            after_bytes: 100_000,
        },
        Fault::TruncateAnswer { after_bytes: 5 },
        Fault::TruncateAnswer {
            after_bytes: u64::MAX,
        },
        Fault::LoseAnswer,
    ];
    for fault in breaks {
        echo.proxy.on_next(Operation::UploadPart, fault.clone());
        let broken = echo.put(&body).await;
        assert!(broken.is_err(), "{fault:?} gave {broken:?}");
        let (status, came) = echo.put(&body).await?;
        assert_eq!(status, StatusCode::OK, "after {fault:?}");
        assert!(came == body, "after {fault:?}");
    }
    let counts = echo.proxy.counts();
    assert_eq!(counts.get(&FaultKind::ResetAnswer), Some(&2));
    assert_eq!(counts.values().sum::<u64>(), 7);
    Ok(())
}

#[tokio::test]
async fn a_lost_answer_is_one_of_a_request_that_took_effect() -> Result<()> {
    let echo = Echo::start().await?;
    let body = body()?;
    echo.proxy
        .on_next(Operation::UploadPart, Fault::DropRequest);
    assert!(echo.put(&body).await.is_err());
    assert_eq!(echo.proxy.journal().count(Operation::UploadPart), 0);

    echo.proxy.on_next(Operation::UploadPart, Fault::LoseAnswer);
    assert!(echo.put(&body).await.is_err());
    let journal = echo.proxy.journal();
    let reached = journal.iter().next().expect("it took effect");
    assert_eq!(reached.status, Some(StatusCode::OK));
    assert_eq!(reached.body_sha256, Some(Sha256::of(&body)));
    Ok(())
}

#[tokio::test]
async fn of_a_body_that_broke_off_only_the_promise_is_recorded() -> Result<()> {
    let echo = Echo::start().await?;
    let body = body()?;
    let promised = Sha256::of(&body);
    let cut = Fault::ResetRequest { after_bytes: 1 };
    echo.proxy.on_next(Operation::UploadPart, cut);
    let url = format!("{}{PART}", echo.proxy.endpoint());
    let put = echo.http.put(url).body(body);
    let put = put.header("x-amz-checksum-sha256", promised.to_string());
    assert!(put.send().await.is_err());
    let journal = echo.proxy.journal();
    let reached = journal.iter().next().expect("its head came");
    assert_eq!(reached.body_sha256, None);
    assert_eq!(reached.promised_sha256, Some(promised));
    assert!(journal.parts_sealed_twice().is_empty());
    Ok(())
}

#[tokio::test]
async fn a_second_ciphertext_for_a_part_is_found() -> Result<()> {
    let echo = Echo::start().await?;
    let (one, other) = (Bytes::from_static(b"one"), Bytes::from_static(b"other"));
    echo.put(&one).await?;
    echo.put(&one).await?;
    assert!(echo.proxy.journal().parts_sealed_twice().is_empty());
    echo.put(&other).await?;
    let found = echo.proxy.journal().parts_sealed_twice();
    assert_eq!(found, [("bucket/object/upload".to_owned(), 7)]);
    Ok(())
}

#[tokio::test]
async fn refusals_are_worded_as_the_target_words_them() -> Result<()> {
    let echo = Echo::start().await?;
    let body = body()?;
    let slow_down = Fault::SlowDown {
        retry_after_s: Some(1),
    };
    for (fault, status, code) in [
        (Fault::InternalError, 500, "InternalError"),
        (slow_down, 503, "SlowDown"),
        (Fault::Expired, 403, "AccessDenied"),
        (Fault::OkWithError, 200, "InternalError"),
        (
            Fault::AddressEnded {
                code: "ExpiredRequest",
            },
            400,
            "ExpiredRequest",
        ),
    ] {
        echo.proxy.on_next(Operation::UploadPart, fault);
        let (got, text) = echo.put(&body).await?;
        assert_eq!(got.as_u16(), status);
        let text = String::from_utf8_lossy(&text).into_owned();
        assert!(text.contains(&format!("<Code>{code}</Code>")), "{text}");
    }
    assert_eq!(echo.proxy.journal().count(Operation::UploadPart), 0);
    Ok(())
}

#[tokio::test]
async fn an_early_refusal_does_not_wait_for_the_body() -> Result<()> {
    let echo = Echo::start().await?;
    let refusal = Fault::RefusedEarly {
        status: StatusCode::FORBIDDEN,
        code: "AccessDenied",
    };
    echo.proxy.on_next(Operation::UploadPart, refusal);
    let address = echo.proxy.endpoint();
    let address = address.strip_prefix("http://").unwrap_or_default();
    let mut connection = TcpStream::connect(address).await?;
    let head = format!("PUT {PART} HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000000\r\n\r\n");
    connection.write_all(head.as_bytes()).await?;
    // No byte of the body is sent, but the answer comes nevertheless.
    let mut came = Vec::new();
    let ended = connection.read_to_end(&mut came).await;
    let came = String::from_utf8_lossy(&came);
    assert!(came.starts_with("HTTP/1.1 403 "), "{came} {ended:?}");
    assert!(came.contains("<Code>AccessDenied</Code>"), "{came}");
    assert_eq!(echo.proxy.journal().count(Operation::UploadPart), 0);
    assert_eq!(echo.proxy.counts().get(&FaultKind::RefusedEarly), Some(&1));
    Ok(())
}

#[tokio::test]
async fn a_held_request_waits_for_its_release() -> Result<()> {
    let echo = Echo::start().await?;
    let body = body()?;
    let mut held = echo.proxy.gate().hold_next(Operation::UploadPart);
    let releasing = async {
        held.arrived().await;
        assert_eq!(echo.proxy.journal().count(Operation::UploadPart), 0);
        held.release();
    };
    let (came, ()) = tokio::join!(echo.put(&body), releasing);
    assert!(came?.1 == body);
    Ok(())
}

#[tokio::test]
async fn the_same_seed_decides_the_same() -> Result<()> {
    let kinds = [FaultKind::DropRequest, FaultKind::InternalError];
    let mut runs = Vec::new();
    for _ in 0..2 {
        let echo = Echo::start().await?;
        echo.proxy.follow(Plan::random(42, 300, &kinds));
        let mut outcomes = Vec::new();
        for _ in 0..50 {
            let answer = echo.put(&Bytes::from_static(b"x")).await;
            outcomes.push(answer.map_or(0, |(status, _)| status.as_u16()));
        }
        runs.push(outcomes);
    }
    assert_eq!(runs[0], runs[1]);
    for outcome in [0, 200, 500] {
        assert!(runs[0].contains(&outcome), "{:?}", runs[0]);
    }
    Ok(())
}
