//! Classifies S3 failures: code, message with a remedy, and whether a retry may
//! succeed.

use std::error::Error as StdError;
use std::fmt;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};

use super::client::S3;
use crate::error::{Code, Error};

/// A failure and whether a retry may succeed.
pub(super) struct Failure {
    pub(super) error: Error,
    pub(super) retryable: bool,
}

/// The operation and its object, for messages.
#[derive(Clone, Copy)]
pub(super) struct Target<'a> {
    pub(super) s3: &'a S3,
    /// A verb: `list`, `read`, `write`, `create`.
    pub(super) action: &'static str,
    pub(super) bucket: &'a str,
    pub(super) key: Option<&'a str>,
}

impl Target<'_> {
    /// The failure as an error, for requests that are not retried.
    pub(super) fn error<E>(&self, error: SdkError<E>) -> Error
    where
        E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
    {
        self.failure(error).error
    }

    pub(super) fn failure<E>(&self, error: SdkError<E>) -> Failure
    where
        E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
    {
        let Failure { error: public, retryable } = self.classify(&error);
        Failure { error: public.with_source(WithMessage(error)), retryable }
    }

    fn classify<E>(&self, error: &SdkError<E>) -> Failure
    where
        E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
    {
        if let Some(credentials) = find_source::<CredentialsError>(error) {
            return of_credentials(credentials);
        }
        match error {
            SdkError::TimeoutError(_) => self.unreachable(true),
            SdkError::DispatchFailure(failure) => self.unreachable(!failure.is_user()),
            SdkError::ServiceError(response) => {
                let status = response.raw().status().as_u16();
                self.of_response(status, response.err().code().unwrap_or_default())
            }
            SdkError::ResponseError(_) => {
                let message = format!("{} sent a response that is not from S3", self.s3.endpoint);
                transient(Code::Unavailable, message)
            }
            _ => self.rejected("the request could not be built"),
        }
    }

    /// Classified by S3's error code, else by status: a response to HEAD has no body and
    /// so no code.
    fn of_response(&self, status: u16, code: &str) -> Failure {
        let Self { s3, action, bucket, .. } = self;
        let address = self.address();
        match (code, status) {
            ("NoSuchBucket", _) => permanent(
                Code::NotFound,
                format!("the bucket '{bucket}' does not exist at {}: check its name", s3.endpoint),
            ),
            ("PreconditionFailed", _) | (_, 412) => permanent(
                Code::Conflict,
                format!("{address} was overwritten since it was listed: list it again"),
            ),
            ("InvalidRange", _) | (_, 416) => permanent(
                Code::Conflict,
                format!("{address} is shorter than it was when listed: list it again"),
            ),
            (
                "InvalidAccessKeyId" | "SignatureDoesNotMatch" | "ExpiredToken" | "InvalidToken",
                _,
            ) => permanent(
                Code::Config,
                format!(
                    "{} does not accept the credentials ({code}): check access key and secret",
                    s3.endpoint
                ),
            ),
            ("RequestTimeTooSkewed", _) => permanent(
                Code::Config,
                format!("{} rejects this machine's clock as wrong: set it", s3.endpoint),
            ),
            ("AccessDenied", _) | (_, 401 | 403) => permanent(
                Code::Config,
                format!("the credentials may not {action} {address}: grant {}", self.permission()),
            ),
            ("PermanentRedirect" | "AuthorizationHeaderMalformed", _) | (_, 301) => permanent(
                Code::Config,
                format!(
                    "the bucket '{bucket}' is not in region {}: set the region it is in",
                    s3.region
                ),
            ),
            (_, 404) => permanent(Code::NotFound, format!("{address} does not exist")),
            ("SlowDown" | "RequestTimeout", _) | (_, 408 | 429 | 500..) => transient(
                Code::Unavailable,
                format!("{} cannot {action} {address} now ({status})", s3.endpoint),
            ),
            (_, _) if code.is_empty() => self.rejected(&format!("status {status}")),
            (_, _) => self.rejected(code),
        }
    }

    fn unreachable(&self, retryable: bool) -> Failure {
        let message = format!(
            "{} does not answer (to {} {}): check endpoint and network",
            self.s3.endpoint,
            self.action,
            self.address()
        );
        Failure { error: Error::new(Code::Unavailable, message), retryable }
    }

    fn rejected(&self, reason: &str) -> Failure {
        let Self { s3, action, .. } = self;
        let address = self.address();
        let message = format!("{} refused to {action} {address}: {reason}", s3.endpoint);
        permanent(Code::Internal, message)
    }

    fn address(&self) -> String {
        match self.key {
            Some(key) => format!("s3://{}/{key}", self.bucket),
            None => format!("s3://{}", self.bucket),
        }
    }

    fn permission(&self) -> &'static str {
        match self.action {
            "list" => "s3:ListBucket",
            "read" => "s3:GetObject",
            "write" => "s3:PutObject",
            _ => "s3:ListBucket and s3:CreateBucket",
        }
    }
}

fn permanent(code: Code, message: impl Into<String>) -> Failure {
    Failure { error: Error::new(code, message), retryable: false }
}

fn transient(code: Code, message: impl Into<String>) -> Failure {
    Failure { error: Error::new(code, message), retryable: true }
}

fn of_credentials(error: &CredentialsError) -> Failure {
    const REMEDY: &str = "set access key and secret of the storage, \
        or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE";
    match error {
        CredentialsError::CredentialsNotLoaded(_) => {
            permanent(Code::Config, format!("no S3 credentials were found: {REMEDY}"))
        }
        CredentialsError::InvalidConfiguration(_) => {
            permanent(Code::Config, format!("the AWS profile in use is not valid: {REMEDY}"))
        }
        CredentialsError::ProviderTimedOut(_) => transient(
            Code::Unavailable,
            format!("the source of S3 credentials does not answer: {REMEDY}"),
        ),
        // Without any configuration the instance metadata service has refused; on AWS
        // that may be temporary.
        _ => transient(Code::Config, format!("no S3 credentials could be loaded: {REMEDY}")),
    }
}

/// An SDK error with S3's message, which the SDK's own text mostly omits.
#[derive(Debug)]
struct WithMessage<E>(SdkError<E>);

impl<E: ProvideErrorMetadata + StdError + 'static> fmt::Display for WithMessage<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.message() {
            Some(message) => write!(f, "{}: {message}", self.0),
            None => self.0.fmt(f),
        }
    }
}

impl<E: ProvideErrorMetadata + StdError + 'static> StdError for WithMessage<E> {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source()
    }
}

/// The first error of type `T` in the chain of `error`.
fn find_source<'a, T: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<T>() {
            return Some(found);
        }
        next = error.source();
    }
    None
}
