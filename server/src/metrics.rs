//! Counters and times of this process, as Prometheus reads them.

use std::sync::LazyLock;
use std::time::Duration;

use axum::http::header;
use axum::response::IntoResponse;
use prometheus::{
    Encoder, Histogram, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Registry,
    TextEncoder, exponential_buckets, histogram_opts, opts,
};

use crate::assistant::Usage;

/// Everything that is measured.
struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    seconds: HistogramVec,
    batches: Histogram,
    waiting: IntGauge,
    store_errors: IntCounterVec,
    streams: IntGaugeVec,
    streams_cut: IntCounter,
    behind: Histogram,
    model_calls: IntCounterVec,
    model_tokens: IntCounterVec,
}

static METRICS: LazyLock<Metrics> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "names are constants, each registered once")]
    Metrics::new().expect("valid metrics")
});

impl Metrics {
    fn new() -> prometheus::Result<Self> {
        // From half a millisecond to sixteen seconds.
        let seconds = exponential_buckets(0.000_5, 2.0, 16)?;
        let metrics = Self {
            registry: Registry::new(),
            requests: IntCounterVec::new(
                opts!("porchlight_requests_total", "Requests by route, method and status."),
                &["route", "method", "status"],
            )?,
            seconds: HistogramVec::new(
                histogram_opts!("porchlight_request_seconds", "Time to an answer by route.", seconds),
                &["route"],
            )?,
            batches: Histogram::with_opts(histogram_opts!(
                "porchlight_capture_batch_size",
                "Captures that were committed together.",
                exponential_buckets(1.0, 2.0, 10)?
            ))?,
            waiting: IntGauge::new("porchlight_captures_waiting", "Captures that wait for a commit.")?,
            store_errors: IntCounterVec::new(
                opts!("porchlight_store_errors_total", "What the store could not do, by kind."),
                &["kind"],
            )?,
            streams: IntGaugeVec::new(
                opts!("porchlight_streams", "Event-streams that are open, by who listens."),
                &["listener"],
            )?,
            streams_cut: IntCounter::new(
                "porchlight_streams_cut_total",
                "Event-streams that were ended because they fell behind.",
            )?,
            behind: Histogram::with_opts(histogram_opts!(
                "porchlight_event_delay_seconds",
                "Time from an event to its listeners.",
                exponential_buckets(0.001, 4.0, 10)?
            ))?,
            model_calls: IntCounterVec::new(
                opts!("porchlight_model_calls_total", "Questions to language models by purpose and outcome."),
                &["purpose", "outcome"],
            )?,
            model_tokens: IntCounterVec::new(
                opts!(
                    "porchlight_model_tokens_total",
                    "Tokens of language models as their providers count them."
                ),
                &["kind"],
            )?,
        };
        metrics.registry.register(Box::new(metrics.requests.clone()))?;
        metrics.registry.register(Box::new(metrics.seconds.clone()))?;
        metrics.registry.register(Box::new(metrics.batches.clone()))?;
        metrics.registry.register(Box::new(metrics.waiting.clone()))?;
        metrics.registry.register(Box::new(metrics.store_errors.clone()))?;
        metrics.registry.register(Box::new(metrics.streams.clone()))?;
        metrics.registry.register(Box::new(metrics.streams_cut.clone()))?;
        metrics.registry.register(Box::new(metrics.behind.clone()))?;
        metrics.registry.register(Box::new(metrics.model_calls.clone()))?;
        metrics.registry.register(Box::new(metrics.model_tokens.clone()))?;
        Ok(metrics)
    }
}

/// A request was answered; `route` is the route's pattern, never the path itself.
pub fn answered(route: &str, method: &str, status: u16, took: Duration) {
    METRICS.requests.with_label_values(&[route, method, &status.to_string()]).inc();
    METRICS.seconds.with_label_values(&[route]).observe(took.as_secs_f64());
}

/// A batch of captures goes to the store; so many wait behind it.
pub fn committing(batch: usize, waiting: usize) {
    METRICS.batches.observe(batch as f64);
    METRICS.waiting.set(i64::try_from(waiting).unwrap_or(i64::MAX));
}

/// The store failed.
pub fn store_failed(kind: &str) {
    METRICS.store_errors.with_label_values(&[kind]).inc();
}

/// An event-stream; open until this is dropped.
pub struct OpenStream(IntGauge);

impl OpenStream {
    /// One more of these listeners.
    pub fn new(listener: &str) -> Self {
        let open = METRICS.streams.with_label_values(&[listener]);
        open.inc();
        Self(open)
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// So many event-streams fell behind and were ended.
pub fn streams_cut(count: usize) {
    METRICS.streams_cut.inc_by(count as u64);
}

/// An event reaches its listeners so many milliseconds after it was written.
pub fn event_told(milliseconds: i64) {
    METRICS.behind.observe(milliseconds.max(0) as f64 / 1_000.0);
}

/// A language model was asked; `outcome` is `answered` or the kind of the failure.
pub fn model_asked(purpose: &str, outcome: &str) {
    METRICS.model_calls.with_label_values(&[purpose, outcome]).inc();
}

/// What a language model's provider has counted.
pub fn model_tokens(usage: Usage) {
    METRICS.model_tokens.with_label_values(&["prompt"]).inc_by(usage.prompt);
    METRICS.model_tokens.with_label_values(&["completion"]).inc_by(usage.completion);
}

/// Counters and times for Prometheus
#[utoipa::path(
    get, path = "/metrics", tag = "operations",
    responses((status = 200, body = String, content_type = "text/plain; version=0.0.4"))
)]
pub async fn show() -> impl IntoResponse {
    let mut text = Vec::new();
    // Into memory: nothing can fail.
    let _ = TextEncoder::new().encode(&METRICS.registry.gather(), &mut text);
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text)
}
