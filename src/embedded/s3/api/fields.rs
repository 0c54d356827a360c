//! The fields that several requests or responses share without sharing a type.

/// The content coding to store, without `aws-chunked`, which encodes the transfer.
pub(super) fn stored_encoding(encoding: Option<String>) -> Option<String> {
    let encoding = encoding?;
    let kept: Vec<_> = encoding
        .split(',')
        .map(str::trim)
        .filter(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case("aws-chunked"))
        .collect();
    (!kept.is_empty()).then(|| kept.join(","))
}

/// The headers of a request that are stored with the object.
macro_rules! headers {
    ($input:expr) => {
        $crate::embedded::s3::record::Headers {
            content_type: $input.content_type.take(),
            content_encoding: $crate::embedded::s3::api::fields::stored_encoding(
                $input.content_encoding.take(),
            ),
            content_language: $input.content_language.take(),
            content_disposition: $input.content_disposition.take(),
            cache_control: $input.cache_control.take(),
            website_redirect_location: $input.website_redirect_location.take(),
            expires: $input.expires.take(),
            metadata: $input.metadata.take().unwrap_or_default().into_iter().collect(),
        }
    };
}

/// The conditions of a read.
macro_rules! read_condition {
    ($input:expr) => {
        $crate::embedded::s3::condition::ReadCondition {
            if_match: $input.if_match.take(),
            if_none_match: $input.if_none_match.take(),
            if_modified_since: $input.if_modified_since.take(),
            if_unmodified_since: $input.if_unmodified_since.take(),
        }
    };
}

/// The metadata that GET and HEAD return. The checksum is that of the whole
/// content, so a partial response has none.
macro_rules! describe {
    ($output:ty, $object:expr, $view:expr, $checksum_mode:expr) => {{
        let record = &$object.record;
        let headers = record.headers.clone();
        let mut output = <$output>::default();
        output.accept_ranges = Some("bytes".to_owned());
        output.content_length = Some(signed($view.length()));
        output.content_range = $view.content_range.clone();
        output.content_type = content_type(&headers);
        output.content_encoding = headers.content_encoding;
        output.content_language = headers.content_language;
        output.content_disposition = headers.content_disposition;
        output.cache_control = headers.cache_control;
        output.website_redirect_location = headers.website_redirect_location;
        output.expires = headers.expires;
        output.metadata = Some(headers.metadata.into_iter().collect());
        output.e_tag = strong(&record.etag);
        output.last_modified = Some(record.modified.timestamp());
        output.parts_count = $view.parts_count;
        if let Some(checksum) = &record.checksum
            && $checksum_mode.is_some()
            && $view.content_range.is_none()
        {
            answer!(output, checksum);
            output.checksum_type = checksum_type(checksum.composite);
        }
        output
    }};
}
