//! The S3 client, built from [`S3Settings`] and the AWS SDK's own sources.

use std::time::Duration;

use aws_config::environment::EnvironmentVariableRegionProvider;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::ProfileFileRegionProvider;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, ConfigLoader, Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::{
    Credentials, RequestChecksumCalculation, ResponseChecksumValidation,
    StalledStreamProtectionConfig,
};

use super::settings::S3Settings;
use crate::error::{Code, Error, Result};
use crate::telemetry::CallObserver;

/// For servers without regions; the one region that takes no location constraint.
pub(super) const DEFAULT_REGION: &str = "us-east-1";

/// The client and its resolved settings; cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct S3 {
    pub(super) client: Client,
    /// The server in error messages.
    pub(super) endpoint: String,
    pub(super) region: String,
    pub(super) connect_timeout: Duration,
    pub(super) read_timeout: Duration,
}

impl S3 {
    pub(super) async fn connect(settings: &S3Settings) -> Result<Self> {
        Self::build(settings, true).await
    }

    /// For links, which are no calls.
    pub(super) async fn connect_for_links(settings: &S3Settings) -> Result<Self> {
        Self::build(settings, false).await
    }

    async fn build(settings: &S3Settings, is_observed: bool) -> Result<Self> {
        let sdk = loader(settings)?.load().await;
        let custom_endpoint = custom_endpoint(&sdk);
        let region = match (sdk.region(), &custom_endpoint) {
            (Some(region), _) => region.to_string(),
            (None, Some(_)) => DEFAULT_REGION.to_owned(),
            (None, None) => return Err(no_region()),
        };
        let mut builder =
            aws_sdk_s3::config::Builder::from(&sdk).region(Region::new(region.clone()));
        // Other servers seldom have a DNS name for each bucket, and many reject or
        // miscompute the checksums that AWS added later.
        if custom_endpoint.is_some() {
            builder = builder
                .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
                .response_checksum_validation(ResponseChecksumValidation::WhenRequired);
        }
        if is_observed {
            builder = builder.interceptor(CallObserver);
        }
        let path_style = settings.force_path_style.unwrap_or(custom_endpoint.is_some());
        Ok(Self {
            client: Client::from_conf(builder.force_path_style(path_style).build()),
            endpoint: custom_endpoint.unwrap_or_else(|| format!("AWS S3 in {region}")),
            region,
            connect_timeout: settings.connect_timeout,
            read_timeout: settings.read_timeout,
        })
    }
}

/// The keys of the settings or of the SDK's own sources, and the region.
///
/// # Errors
/// `CONFIG` if the settings are not valid, or there are no keys.
pub async fn signing_keys(
    settings: &S3Settings,
) -> Result<(SharedCredentialsProvider, Option<String>)> {
    let sdk = loader(settings)?.load().await;
    let region = sdk.region().map(ToString::to_string);
    let keys = sdk.credentials_provider().ok_or_else(|| {
        let message = "no AWS credentials are configured: set those of the storage, or a profile";
        Error::new(Code::Config, message)
    })?;
    Ok((keys, region))
}

fn loader(settings: &S3Settings) -> Result<ConfigLoader> {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(settings.connect_timeout)
        .read_timeout(settings.read_timeout)
        .build();
    // The reader detects a stalled download and resumes it; the SDK would only fail it.
    let stalls = StalledStreamProtectionConfig::enabled().download_enabled(false).build();
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .retry_config(RetryConfig::standard())
        .timeout_config(timeouts)
        .stalled_stream_protection(stalls);
    if let Some(endpoint) = settings.endpoint()? {
        loader = loader.endpoint_url(endpoint);
    }
    if let Some((id, secret)) = settings.key_pair()? {
        let token = settings.session_token.as_ref().map(|token| token.expose().to_owned());
        let key = Credentials::new(id, secret.expose(), token, None, "salesgraph settings");
        loader = loader.credentials_provider(key);
    }
    Ok(loader.region(region_chain(settings)))
}

fn region_chain(settings: &S3Settings) -> RegionProviderChain {
    let chain = RegionProviderChain::first_try(settings.region.clone().map(Region::new));
    if settings.endpoint_url.is_none() {
        return chain.or_default_provider();
    }
    // A custom endpoint implies no instance metadata service, which is slow to time out.
    chain
        .or_else(EnvironmentVariableRegionProvider::new())
        .or_else(ProfileFileRegionProvider::new())
        .or_else(Region::from_static(DEFAULT_REGION))
}

/// The endpoint from the settings or from the SDK's own sources.
fn custom_endpoint(sdk: &SdkConfig) -> Option<String> {
    let from_env = || std::env::var("AWS_ENDPOINT_URL_S3").ok();
    sdk.endpoint_url().map(str::to_owned).or_else(from_env)
}

fn no_region() -> Error {
    let message = "no AWS region is configured: set the region of the storage, \
                   or AWS_REGION, or a profile that sets one";
    Error::new(Code::Config, message)
}
