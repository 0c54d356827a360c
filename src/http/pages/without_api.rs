//! Pages of the documentation where introspection is off: without what leads to the schema.

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

use super::embedded;
use super::policy::POLICY;

/// The build puts these around such parts.
const START: &str = "<!--api-->";
const END: &str = "<!--/api-->";

/// The page, which has no tag: one that was kept may be of a server with introspection.
pub(super) fn page(page: &[u8]) -> Response {
    let headers = [
        (CACHE_CONTROL, embedded::REVALIDATE),
        (CONTENT_SECURITY_POLICY, POLICY),
        (CONTENT_TYPE, "text/html; charset=utf-8"),
    ];
    (headers, Body::from(cut(&String::from_utf8_lossy(page)))).into_response()
}

fn cut(text: &str) -> String {
    let mut parts = text.split(START);
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        kept.push_str(part.split_once(END).map_or("", |(_, after)| after));
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_between_the_marks_is_cut() {
        let text = format!("a{START}b{END}c{START}d{END}e");
        assert_eq!(cut(&text), "ace");
        assert_eq!(cut("a"), "a");
        assert_eq!(cut(&format!("a{START}b")), "a", "rather too much than too little");
    }
}
