//! Spans, and the one under which code runs.

use std::borrow::Cow;
use std::sync::OnceLock;

use opentelemetry::context::{FutureExt as _, WithContext};
use opentelemetry::trace::{SpanKind, Status, TraceContextExt as _, Tracer as _};
use opentelemetry::{Context, Key, KeyValue, Value};
use opentelemetry_sdk::trace::SdkTracer;
use tokio::task::JoinHandle;

/// A named value of a span.
pub type Attribute = KeyValue;
/// What a span is about.
pub type Kind = SpanKind;

static TRACER: OnceLock<SdkTracer> = OnceLock::new();

/// Makes spans from here on.
pub(super) fn install(tracer: SdkTracer) {
    // The first one stays.
    let _ = TRACER.set(tracer);
}

/// Whether spans are made.
#[must_use]
pub fn is_on() -> bool {
    TRACER.get().is_some()
}

/// A span, which ends when it is dropped.
#[derive(Debug)]
pub struct Span(Context);

/// Begins a span below another, or a trace where that is none.
#[must_use]
pub fn span(
    kind: Kind,
    name: impl Into<Cow<'static, str>>,
    attributes: Vec<Attribute>,
    parent: &Context,
) -> Option<Span> {
    let tracer = TRACER.get()?;
    let builder = tracer.span_builder(name).with_kind(kind).with_attributes(attributes);
    Some(Span(parent.with_span(builder.start_with_context(tracer, parent))))
}

/// Begins a trace.
#[must_use]
pub fn root(name: &'static str) -> Option<Span> {
    span(Kind::Internal, name, Vec::new(), &Context::new())
}

/// Begins a span below the current one if that is recorded: what nobody has asked for begins no
/// trace.
#[must_use]
pub fn child<N: Into<Cow<'static, str>>>(
    kind: Kind,
    describe: impl FnOnce() -> (N, Vec<Attribute>),
) -> Option<Span> {
    TRACER.get()?;
    let parent = Context::current();
    if !parent.span().is_recording() {
        return None;
    }
    let (name, attributes) = describe();
    span(kind, name, attributes, &parent)
}

impl Span {
    /// Runs a future under this span: what it begins is below it.
    pub fn around<F: Future>(&self, future: F) -> WithContext<F> {
        future.with_context(self.0.clone())
    }

    /// Its place in the trace.
    #[must_use]
    pub fn context(&self) -> &Context {
        &self.0
    }

    /// Adds a value.
    pub fn set(&self, name: impl Into<Key>, value: impl Into<Value>) {
        self.0.span().set_attribute(KeyValue::new(name, value));
    }

    /// Names it anew.
    pub fn rename(&self, name: impl Into<Cow<'static, str>>) {
        self.0.span().update_name(name);
    }

    /// Ends it, where it is dropped later.
    pub fn end(&self) {
        self.0.span().end();
    }

    /// Says that it has failed. `kind` is one of few, and tells nothing else.
    pub fn fail(&self, kind: impl Into<Value>) {
        let span = self.0.span();
        span.set_status(Status::error(""));
        span.set_attribute(KeyValue::new("error.type", kind));
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        // Others may still hold its context.
        self.end();
    }
}

/// What a span is about, under way: dropped before [`Underway::ended`], it was canceled.
#[derive(Debug)]
pub struct Underway<'a>(Option<&'a Span>);

impl<'a> Underway<'a> {
    /// It begins.
    #[must_use]
    pub const fn of(span: Option<&'a Span>) -> Self {
        Self(span)
    }

    /// It has ended, well or not.
    pub fn ended(mut self) {
        self.0 = None;
    }
}

impl Drop for Underway<'_> {
    fn drop(&mut self) {
        if let Some(span) = self.0 {
            span.fail("canceled");
        }
    }
}

/// Adds values to the current span, if there is one that is recorded.
pub fn describe_current(describe: impl FnOnce() -> Vec<Attribute>) {
    if TRACER.get().is_none() {
        return;
    }
    Context::map_current(|context| {
        let span = context.span();
        if span.is_recording() {
            span.set_attributes(describe());
        }
    });
}

/// Runs a future under a span, if there is one.
pub async fn within<F: Future>(span: Option<&Span>, future: F) -> F::Output {
    match span {
        Some(span) => span.around(future).await,
        None => future.await,
    }
}

/// A future that runs under the span that is current now, wherever it is spawned.
pub fn carried<F: Future>(future: F) -> WithContext<F> {
    future.with_current_context()
}

/// Spawns a task that runs under the span that is current now.
pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future<Output: Send + 'static> + Send + 'static,
{
    tokio::spawn(carried(future))
}

/// The id of the current trace.
#[must_use]
pub fn current_id() -> Option<String> {
    TRACER.get()?;
    Context::map_current(|context| {
        let span = context.span();
        let context = span.span_context();
        context.is_valid().then(|| context.trace_id().to_string())
    })
}
