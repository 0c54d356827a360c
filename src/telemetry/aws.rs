//! Calls to AWS services: their metrics, and their spans by the semantic conventions of the AWS
//! SDK. Keys of objects are not told: they have names that callers choose.

use std::time::Instant;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeSerializationInterceptorContextRef, FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};

use super::metrics::s3_answered;
use super::trace::{self, Attribute, Kind, Span};

/// Observes all calls of a client. A call ends when its response begins: its body is read
/// later.
#[derive(Debug)]
pub struct CallObserver;

/// A call under way.
#[derive(Debug)]
struct Call {
    began: Instant,
    span: Option<Span>,
}

impl Storable for Call {
    type Storer = StoreReplace<Self>;
}

impl Intercept for CallObserver {
    fn name(&self) -> &'static str {
        "CallObserver"
    }

    fn read_before_execution(
        &self,
        _context: &BeforeSerializationInterceptorContextRef<'_>,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // What is called is only known later: the operation's own settings follow.
        let attributes = || vec![Attribute::new("rpc.system", "aws-api")];
        let span = trace::child(Kind::Client, || ("aws", attributes()));
        config.interceptor_state().store_put(Call { began: Instant::now(), span });
        Ok(())
    }

    fn read_after_execution(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let succeeded = matches!(context.inner().output_or_error(), Some(Ok(_)));
        let (service, operation) = names(config);
        let Some(Call { began, span }) = config.load::<Call>() else { return Ok(()) };
        s3_answered(&service, &operation, succeeded, began.elapsed());
        let Some(span) = span else { return Ok(()) };
        span.rename(format!("{service}.{operation}"));
        span.set("rpc.service", service);
        span.set("rpc.method", operation);
        let response = context.inner().response();
        if let Some(response) = response {
            let status = i64::from(response.status().as_u16());
            span.set("http.response.status_code", status);
            if let Some(id) = response.headers().get("x-amz-request-id") {
                span.set("aws.request_id", id.to_owned());
            }
        }
        if !succeeded {
            let status = response.map(|response| response.status().as_u16().to_string());
            span.fail(status.unwrap_or_else(|| "no_answer".to_owned()));
        }
        span.end();
        Ok(())
    }
}

/// The names of the service and of the operation.
fn names(config: &ConfigBag) -> (String, String) {
    match config.load::<Metadata>() {
        Some(metadata) => (metadata.service().to_owned(), metadata.name().to_owned()),
        None => ("unknown".to_owned(), "unknown".to_owned()),
    }
}
