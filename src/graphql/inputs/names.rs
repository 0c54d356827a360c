//! Names of arguments.

/// The argument of a list that keeps it to some rows.
pub(in crate::graphql) const FILTER: &str = "filter";
/// The argument of a list of groups that keeps it to some groups.
pub(in crate::graphql) const HAVING: &str = "having";
/// The argument of a list that orders it.
pub(in crate::graphql) const ORDER_BY: &str = "orderBy";

/// The argument of a link: how many seconds it lasts.
pub(in crate::graphql) const EXPIRES_IN: &str = "expiresIn";
/// The currency of a converted amount.
pub(in crate::graphql) const CURRENCY: &str = "currency";
/// The currency of measures.
pub(in crate::graphql) const IN: &str = "in";

/// The argument of a command.
pub(in crate::graphql) const INPUT: &str = "input";
