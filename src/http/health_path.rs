//! Which requests are health checks.

/// Whether a path is of a health check, which is answered whatever else is refused.
pub(super) fn is_health(path: &str) -> bool {
    path.starts_with("/health/")
}
