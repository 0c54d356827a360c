//! W3C trace context: in headers that come and go, and beside jobs.

use std::collections::BTreeMap;

use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::Context;
use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator as _};
use opentelemetry_sdk::propagation::TraceContextPropagator;

use super::span::{Span, is_on};

/// Most bytes of `tracestate` that are passed on; its specification asks for no more.
const STATE: usize = 512;

/// The context of a request; none if it has none that is valid.
#[must_use]
pub fn of_headers(headers: &HeaderMap) -> Context {
    extracted(&InHeaders(headers))
}

/// Adds the current context to the headers of a request that goes out.
pub fn inject(headers: &mut HeaderMap) {
    if is_on() {
        inject_context(&Context::current(), headers);
    }
}

/// Adds the context of a span to headers.
pub fn inject_from(span: &Span, headers: &mut HeaderMap) {
    inject_context(span.context(), headers);
}

fn inject_context(context: &Context, headers: &mut HeaderMap) {
    TraceContextPropagator::new().inject_context(context, &mut OutHeaders(headers));
}

fn extracted(from: &dyn Extractor) -> Context {
    // Below the current context it would be the current span's.
    TraceContextPropagator::new().extract_with_context(&Context::new(), from)
}

struct InHeaders<'a>(&'a HeaderMap);

impl Extractor for InHeaders<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        let value = self.0.get(name)?.to_str().ok()?;
        (value.len() <= STATE).then_some(value)
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(HeaderName::as_str).collect()
    }
}

struct OutHeaders<'a>(&'a mut HeaderMap);

impl Injector for OutHeaders<'_> {
    fn set(&mut self, name: &str, value: String) {
        // Of the state there may be nothing.
        if value.is_empty() {
            return;
        }
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            self.0.insert(name, value);
        }
    }
}

/// A context as it is stored beside a job.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Carrier(BTreeMap<String, String>);

impl Carrier {
    /// The current context, to be stored; `None` without one.
    #[must_use]
    pub fn current() -> Option<serde_json::Value> {
        is_on().then(|| Self::of(&Context::current())).flatten()
    }

    /// A context, to be stored; `None` if it is none.
    #[must_use]
    pub fn of(context: &Context) -> Option<serde_json::Value> {
        let mut carrier = Self::default();
        TraceContextPropagator::new().inject_context(context, &mut carrier);
        let stored = serde_json::to_value(carrier.0).ok()?;
        stored.as_object().is_some_and(|fields| !fields.is_empty()).then_some(stored)
    }

    /// The context that is stored; none if it is not valid.
    #[must_use]
    pub fn context(stored: Option<serde_json::Value>) -> Context {
        let stored = stored.and_then(|stored| serde_json::from_value(stored).ok());
        extracted(&Self(stored.unwrap_or_default()))
    }
}

impl Injector for Carrier {
    fn set(&mut self, name: &str, value: String) {
        if !value.is_empty() {
            self.0.insert(name.to_owned(), value);
        }
    }
}

impl Extractor for Carrier {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(String::as_str).collect()
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::TraceContextExt as _;

    use super::*;

    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    fn headers(parent: &str, state: &str) -> HeaderMap {
        let value = |text: &str| HeaderValue::from_str(text).unwrap();
        let named = |name| HeaderName::from_static(name);
        [(named("traceparent"), value(parent)), (named("tracestate"), value(state))]
            .into_iter()
            .collect()
    }

    #[test]
    fn a_context_is_read_from_headers_and_written_to_them() {
        let context = of_headers(&headers(PARENT, "vendor=1"));
        let mut out = HeaderMap::new();
        inject_context(&context, &mut out);
        assert_eq!(out, headers(PARENT, "vendor=1"));
    }

    #[test]
    fn what_is_not_valid_is_no_context() {
        for parent in ["", "00-0-0-01", "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"] {
            let context = of_headers(&headers(parent, ""));
            assert!(!context.span().span_context().is_valid(), "{parent}");
        }
        let long = format!("vendor={}", "x".repeat(STATE));
        let context = of_headers(&headers(PARENT, &long));
        let span = context.span();
        assert!(span.span_context().is_valid());
        assert_eq!(span.span_context().trace_state().header(), "");
    }

    #[test]
    fn a_stored_context_is_read_again() {
        let context = of_headers(&headers(PARENT, "vendor=1"));
        let read = Carrier::context(Carrier::of(&context));
        assert_eq!(read.span().span_context(), context.span().span_context());
        assert!(!Carrier::context(Some(serde_json::json!([1]))).span().span_context().is_valid());
        assert!(Carrier::of(&Context::new()).is_none());
    }
}
