//! Which traces are recorded.

use opentelemetry::trace::{Link, SpanKind, TraceContextExt as _, TraceId};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::{
    IdGenerator as _, RandomIdGenerator, Sampler, SamplingResult, ShouldSample,
};

use crate::config::TracesSampler;

/// Decides as configured. OpenTelemetry's own sampler of a share decides by the id of the trace,
/// which is the caller's: who may choose it would choose to be recorded.
#[derive(Debug, Clone)]
pub(super) struct Sampling(pub(super) TracesSampler);

impl ShouldSample for Sampling {
    fn should_sample(
        &self,
        parent: Option<&Context>,
        trace: TraceId,
        name: &str,
        kind: &SpanKind,
        attributes: &[KeyValue],
        links: &[Link],
    ) -> SamplingResult {
        let has_parent = parent.is_some_and(|parent| parent.span().span_context().is_valid());
        // A request's parent is its caller's; that of all others is a span of this program.
        let is_of_caller = has_parent && *kind == SpanKind::Server;
        let (sampler, follows) = match self.0 {
            TracesSampler::AlwaysOn => (Sampler::AlwaysOn, false),
            TracesSampler::AlwaysOff => (Sampler::AlwaysOff, false),
            TracesSampler::Ratio(ratio) => (Sampler::TraceIdRatioBased(ratio), !is_of_caller),
            TracesSampler::ParentAlwaysOn => (Sampler::AlwaysOn, true),
            TracesSampler::ParentAlwaysOff => (Sampler::AlwaysOff, true),
            TracesSampler::ParentRatio(ratio) => (Sampler::TraceIdRatioBased(ratio), true),
        };
        if follows {
            let sampler = Sampler::ParentBased(Box::new(sampler));
            return sampler.should_sample(parent, trace, name, kind, attributes, links);
        }
        let number = if is_of_caller { RandomIdGenerator::default().new_trace_id() } else { trace };
        sampler.should_sample(parent, number, name, kind, attributes, links)
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry_sdk::trace::SamplingDecision;

    use super::*;
    use crate::telemetry::trace::of_headers;

    /// How many of 1,000 spans with the same parent are recorded.
    fn recorded(of: TracesSampler, parent: Option<&str>, kind: &SpanKind) -> usize {
        let mut headers = http::HeaderMap::new();
        if let Some(parent) = parent {
            headers.insert("traceparent", parent.parse().unwrap());
        }
        let context = of_headers(&headers);
        let trace = context.span().span_context().trace_id();
        let sampler = Sampling(of);
        let decide = || sampler.should_sample(Some(&context), trace, "", kind, &[], &[]).decision;
        (0..1_000).filter(|_| decide() == SamplingDecision::RecordAndSample).count()
    }

    #[test]
    fn a_caller_chooses_by_its_trace_only_where_it_may() {
        // The least id, which a share by ids always records.
        let sampled = Some("00-00000000000000000000000000000001-b7ad6b7169203331-01");
        let ignored = Some("00-00000000000000000000000000000001-b7ad6b7169203331-00");
        let ratio = TracesSampler::Ratio(0.5);
        for parent in [sampled, ignored] {
            let share = recorded(ratio, parent, &SpanKind::Server);
            assert!((300..700).contains(&share), "{share} of {parent:?}");
        }
        // What is below a span of this program is recorded with it.
        assert_eq!(recorded(ratio, sampled, &SpanKind::Client), 1_000);
        assert_eq!(recorded(ratio, ignored, &SpanKind::Consumer), 0);
        let follows = TracesSampler::ParentRatio(0.5);
        assert_eq!(recorded(follows, sampled, &SpanKind::Server), 1_000);
        assert_eq!(recorded(follows, ignored, &SpanKind::Server), 0);
        assert_eq!(recorded(TracesSampler::AlwaysOff, sampled, &SpanKind::Server), 0);
        assert_eq!(recorded(TracesSampler::AlwaysOn, ignored, &SpanKind::Server), 1_000);
    }
}
