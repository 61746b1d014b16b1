//! What an invocation waits for, told to X-Ray: a subsegment for each call of an AWS service, each statement of the database, and
//! whatever else a span says is another's work.
//!
//! Nobody calls this module to measure something. It listens to what libraries say anyway: the AWS SDK puts a span around
//! each call (`rpc.service`, `rpc.method`), sqlx tells of each statement (an event of the target `sqlx::query`), and our own
//! spans name whom they wait for as `peer.service`. A span with a `trace_id` and a `segment_id` is the function's segment in a
//! trace that is sampled; what isn't within one is not told.
//!
//! Documents are as "AWS X-Ray segment documents" of the X-Ray developer guide has them, datagrams as its "Sending segment
//! documents to the X-Ray daemon": a header, a line break, the document.

use std::fmt::Debug;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::json;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id};
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, Filter};
use tracing_subscriber::registry::{LookupSpan, SpanRef};
use uuid::Uuid;

const HEADER: &str = r#"{"format": "json", "version": 1}"#;
const STATEMENT: &str = "sqlx::query";
const AWS_SDK: &str = "aws_sdk_";

/// Sends subsegments to X-Ray's daemon. Sending neither waits nor fails: what the daemon can't take is lost.
pub struct Segments {
    daemon: UdpSocket,
}

impl Segments {
    /// To the daemon at this address.
    pub fn to(address: SocketAddr) -> io::Result<Self> {
        let daemon = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
        daemon.connect(address)?;
        daemon.set_nonblocking(true)?;
        Ok(Self { daemon })
    }

    fn send(&self, within: &Segment, id: &str, callee: &Callee, started: SystemTime, ended: SystemTime) {
        let seconds = |at: SystemTime| at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        let mut document = json!({
            "type": "subsegment",
            "trace_id": within.trace_id,
            "parent_id": within.id,
            "id": id,
            "name": callee.name,
            "start_time": seconds(started),
            "end_time": seconds(ended),
        });
        let about = match &callee.what {
            What::Operation(operation) => ("aws", Some(("aws", json!({"operation": operation})))),
            What::Statement(begins) => {
                ("remote", Some(("sql", json!({"database_type": "PostgreSQL", "sanitized_query": begins}))))
            }
            What::Work => ("remote", None),
        };
        let (namespace, details) = about;
        document["namespace"] = json!(namespace);
        if let Some((name, details)) = details {
            document[name] = details;
        }
        let _ = self.daemon.send(format!("{HEADER}\n{document}").as_bytes());
    }
}

/// A segment or subsegment that is being worked in.
#[derive(Clone)]
struct Segment {
    trace_id: String,
    id: String,
}

/// A subsegment that hasn't ended.
struct Open {
    within: Segment,
    callee: Callee,
    started: SystemTime,
}

/// Whom is waited for.
struct Callee {
    name: String,
    what: What,
}

/// And for what.
enum What {
    /// A call of an AWS service.
    Operation(String),
    /// A statement, by its first words, which hold no values.
    Statement(String),
    /// Something else.
    Work,
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Segments {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut said = Said::default();
        attributes.record(&mut said);
        if let (Some(trace_id), Some(segment_id)) = (said.trace_id, said.segment_id) {
            span.extensions_mut().insert(Segment { trace_id, id: segment_id });
            return;
        }
        let callee = match (said.service, said.method) {
            (Some(name), Some(method)) => Callee { name, what: What::Operation(method) },
            (Some(name), None) => Callee { name, what: What::Work },
            (None, _) => return,
        };
        if let Some(within) = span.parent().as_ref().and_then(segment_of) {
            let trace_id = within.trace_id.clone();
            let mut extensions = span.extensions_mut();
            extensions.insert(Segment { trace_id, id: new_id() });
            extensions.insert(Open { within, callee, started: SystemTime::now() });
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else { return };
        let extensions = span.extensions();
        if let (Some(open), Some(own)) = (extensions.get::<Open>(), extensions.get::<Segment>()) {
            self.send(&open.within, &own.id, &open.callee, open.started, SystemTime::now());
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if event.metadata().target() != STATEMENT {
            return;
        }
        let Some(within) = context.event_span(event).as_ref().and_then(segment_of) else { return };
        let mut said = Said::default();
        event.record(&mut said);
        let took = Duration::try_from_secs_f64(said.seconds).unwrap_or_default();
        let callee =
            Callee { name: "PostgreSQL".into(), what: What::Statement(said.summary.unwrap_or_default()) };
        let ended = SystemTime::now();
        self.send(&within, &new_id(), &callee, ended.checked_sub(took).unwrap_or(ended), ended);
    }
}

/// The innermost segment around a span, its own included.
fn segment_of<'a, R: LookupSpan<'a>>(span: &SpanRef<'a, R>) -> Option<Segment> {
    span.scope().find_map(|span| span.extensions().get::<Segment>().cloned())
}

/// 64 bits in hexadecimal digits, nearly all of them by chance.
fn new_id() -> String {
    format!("{:016x}", Uuid::new_v4().as_u64_pair().0)
}

#[derive(Default)]
struct Said {
    trace_id: Option<String>,
    segment_id: Option<String>,
    service: Option<String>,
    method: Option<String>,
    summary: Option<String>,
    seconds: f64,
}

impl Visit for Said {
    fn record_f64(&mut self, field: &Field, value: f64) {
        if field.name() == "elapsed_secs" {
            self.seconds = value;
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        let place = match field.name() {
            "trace_id" => &mut self.trace_id,
            "segment_id" => &mut self.segment_id,
            "rpc.service" | "peer.service" => &mut self.service,
            "rpc.method" => &mut self.method,
            "summary" => &mut self.summary,
            _ => return,
        };
        *place = Some(value.to_owned());
    }

    fn record_debug(&mut self, _: &Field, _: &dyn Debug) {}
}

/// What [`Segments`] listens to. A statement is told only within a segment: telling it takes the text apart.
pub struct Waits;

impl Waits {
    fn are_told_by(metadata: &Metadata<'_>) -> bool {
        let target = metadata.target();
        let by_whom = if metadata.is_span() {
            target.starts_with(AWS_SDK) || crate::OWN.iter().any(|own| target.starts_with(own))
        } else {
            target == STATEMENT
        };
        by_whom && *metadata.level() <= Level::DEBUG
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Filter<S> for Waits {
    fn enabled(&self, metadata: &Metadata<'_>, context: &Context<'_, S>) -> bool {
        Self::are_told_by(metadata)
            && (metadata.is_span() || context.lookup_current().as_ref().and_then(segment_of).is_some())
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        match Self::are_told_by(metadata) {
            true if metadata.is_span() => Interest::always(),
            true => Interest::sometimes(),
            false => Interest::never(),
        }
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::DEBUG)
    }
}

/// A trace's documents, as the daemon gets them.
#[cfg(test)]
mod tests {
    use serde_json::Value;
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    const TRACE: &str = "1-5759e988-bd862e3fe1be46a994272793";
    const SEGMENT: &str = "53995c3f42cd8ad8";

    /// What the daemon hears while this is done.
    fn heard(is_done: impl FnOnce()) -> Vec<Value> {
        let daemon = UdpSocket::bind("127.0.0.1:0").unwrap();
        daemon.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        let segments = Segments::to(daemon.local_addr().unwrap()).unwrap();
        let subscriber = tracing_subscriber::registry().with(segments.with_filter(Waits));
        tracing::subscriber::with_default(subscriber, is_done);
        let mut heard = Vec::new();
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(length) = daemon.recv(&mut buffer) {
            let text = std::str::from_utf8(&buffer[..length]).unwrap();
            let (header, document) = text.split_once('\n').unwrap();
            assert_eq!(
                serde_json::from_str::<Value>(header).unwrap(),
                json!({"format": "json", "version": 1})
            );
            heard.push(serde_json::from_str(document).unwrap());
        }
        heard
    }

    /// What an invocation waits for: a key set, a call of the AWS SDK, a statement within another's work.
    fn work() {
        tracing::debug_span!("keys", "peer.service" = "Cognito").in_scope(|| ());
        tracing::debug_span!(target: "aws_sdk_dynamodb::operation::get_item", "DynamoDB.GetItem",
            "rpc.service" = "DynamoDB", "rpc.method" = "GetItem", "rpc.system" = "aws-api")
        .in_scope(|| ());
        tracing::debug_span!("pool", "peer.service" = "Pool").in_scope(|| {
            tracing::debug!(target: "sqlx::query", summary = "SELECT id FROM tenants …",
                db.statement = "SELECT id FROM tenants WHERE name = $1", elapsed_secs = 0.25);
        });
        tracing::debug!(target: "sqlx::pool", summary = "not a statement");
        tracing::debug_span!(target: "hyper", "connect", "peer.service" = "nobody of ours").in_scope(|| ());
    }

    #[test]
    fn the_daemon_hears_what_a_sampled_invocation_waits_for() {
        let documents = heard(|| {
            tracing::error_span!("request", trace_id = TRACE, segment_id = SEGMENT).in_scope(work);
        });
        let told: Vec<_> = documents
            .iter()
            .map(|it| (it["name"].as_str().unwrap(), it["namespace"].as_str().unwrap()))
            .collect();
        assert_eq!(
            told,
            [("Cognito", "remote"), ("DynamoDB", "aws"), ("PostgreSQL", "remote"), ("Pool", "remote")]
        );
        let [cognito, dynamodb, statement, pool] = documents.try_into().unwrap();
        assert_eq!(dynamodb["aws"], json!({"operation": "GetItem"}));
        assert_eq!(
            statement["sql"],
            json!({"database_type": "PostgreSQL", "sanitized_query": "SELECT id FROM tenants …"})
        );
        for document in [&cognito, &dynamodb, &statement, &pool] {
            assert_eq!((&document["type"], &document["trace_id"]), (&json!("subsegment"), &json!(TRACE)));
            let id = document["id"].as_str().unwrap();
            assert!(id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
            assert!(document["start_time"].as_f64().unwrap() <= document["end_time"].as_f64().unwrap());
        }
        for document in [&cognito, &dynamodb, &pool] {
            assert_eq!(document["parent_id"], SEGMENT);
        }
        assert_eq!(statement["parent_id"], pool["id"], "it is a part of that wait");
        let at = |name: &str| Duration::from_secs_f64(statement[name].as_f64().unwrap());
        let took = at("end_time").abs_diff(at("start_time")).as_millis();
        assert!((249..=251).contains(&took), "{took}");
    }

    #[test]
    fn of_what_is_not_sampled_the_daemon_hears_nothing() {
        let documents = heard(|| {
            work();
            tracing::error_span!("request", trace_id = TRACE).in_scope(work);
        });
        assert_eq!(documents, Vec::<Value>::new());
    }
}
