use super::*;

fn logged_at_trace(format: LogFormat, events: impl FnOnce()) -> String {
    let capture = Capture::default();
    let subscriber = subscriber("trace", format, capture.clone()).unwrap();
    tracing::subscriber::with_default(subscriber, events);
    capture.text()
}

#[test]
fn other_crates_cannot_log_below_a_warning_even_at_trace() {
    for format in [LogFormat::Json, LogFormat::Pretty] {
        let logged = logged_at_trace(format, || {
            tracing::trace!(target: "aws_smithy_runtime::client", "transmitting c0ffee");
            tracing::debug!(target: "s3s::service", "request c0ffee");
            tracing::info!(target: "hyper", "header c0ffee");
            let span = tracing::info_span!(target: "s3s_fs::s3", "get_object", request = "c0ffee");
            let _entered = span.enter();
            tracing::warn!(target: "s3s_fs::s3", "disk is full");
            tracing::trace!("ours at trace");
        });
        assert!(!logged.contains("c0ffee"), "{logged}");
        assert!(logged.contains("disk is full"), "{logged}");
        assert!(logged.contains("ours at trace"), "{logged}");
    }
}

#[test]
fn naming_another_crate_in_the_filter_does_not_lift_the_cap() {
    let capture = Capture::default();
    let filter = "warn,aws_sdk_s3=trace,sealift_server=debug";
    let subscriber = subscriber(filter, LogFormat::Json, capture.clone()).unwrap();
    tracing::subscriber::with_default(subscriber, || {
        tracing::trace!(target: "aws_sdk_s3", "c0ffee");
        tracing::debug!(target: "sealift_server::routes", "a decision");
    });
    let logged = capture.text();
    assert!(!logged.contains("c0ffee"), "{logged}");
    assert!(logged.contains("a decision"), "{logged}");
}

#[test]
fn json_lines_are_objects_with_the_span_of_the_request() {
    let logged = logged_at_trace(LogFormat::Json, || {
        let span = tracing::info_span!("request", request.id = "abc");
        let _entered = span.enter();
        tracing::info!(upload.id = "xyz", "Completed upload");
    });
    let line: serde_json::Value = serde_json::from_str(logged.trim()).unwrap();
    assert_eq!(line["upload.id"], "xyz");
    assert_eq!(line["span"]["request.id"], "abc");
}

#[test]
fn a_wrong_filter_is_refused() {
    let refused = subscriber("info,=,=", LogFormat::Json, Capture::default());
    assert!(matches!(refused, Err(TelemetryError::Filter(_))));
}
