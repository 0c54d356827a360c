//! Metrics by their labels, for what does not happen with every request.

use std::borrow::Cow;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;

use super::histogram::Histogram;

/// The names and values of labels. Each value is one of few.
pub(super) type Labels<const N: usize> = [(&'static str, Cow<'static, str>); N];

/// Counters by labels.
pub type Counters<const N: usize> = Family<Labels<N>, Counter>;

/// Histograms by labels.
pub type Histograms<const N: usize> = Family<Labels<N>, Histogram>;
