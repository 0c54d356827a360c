//! What browsers may do with the pages.

/// GraphiQL's editors and tooltips set style attributes, and its style sheet embeds
/// fonts and images as data; everything else comes from this host.
pub(super) const GRAPHIQL_POLICY: &str = "default-src 'none'; script-src 'self'; connect-src 'self'; \
     style-src 'self' 'unsafe-inline'; font-src 'self' data:; img-src 'self' data:; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// The pages of our own need nothing inline but their icon, and never make HTML of a text.
pub(super) const POLICY: &str = "default-src 'none'; script-src 'self'; connect-src 'self'; \
     style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";
