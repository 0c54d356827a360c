//! How many connections the process has file descriptors for.

use nix::sys::resource::{Resource, getrlimit, rlim_t, setrlimit};

use super::registry::RESERVE;

/// Descriptors for files, logs and what is closed only soon.
const SPARE: usize = 64;

/// As many connections as wanted, or fewer if the process may not open so many descriptors
/// besides those that others need. A soft limit is raised as far as the hard one allows.
pub(super) fn connections(wanted: usize, others: usize) -> usize {
    let besides = others.saturating_add(RESERVE).saturating_add(SPARE);
    let needed = rlim_t::try_from(wanted.saturating_add(besides)).unwrap_or(rlim_t::MAX);
    let allowed = match getrlimit(Resource::RLIMIT_NOFILE) {
        Ok((soft, hard)) if soft < needed => {
            let raised = needed.min(hard);
            match setrlimit(Resource::RLIMIT_NOFILE, raised, hard) {
                Ok(()) => raised,
                Err(_) => soft,
            }
        }
        Ok((soft, _)) => soft,
        Err(error) => {
            tracing::warn!(%error, "the limit of file descriptors is unknown");
            return wanted;
        }
    };
    let most = most(wanted, besides, usize::try_from(allowed).unwrap_or(usize::MAX));
    if most < wanted {
        tracing::warn!(
            wanted,
            connections = most,
            descriptors = allowed,
            "fewer connections than http.connections_max: raise the limit of open files (ulimit -n)"
        );
    }
    most
}

fn most(wanted: usize, besides: usize, allowed: usize) -> usize {
    wanted.min(allowed.saturating_sub(besides)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_come_first() {
        assert_eq!(most(1_000, 200, usize::MAX), 1_000);
        assert_eq!(most(1_000, 200, 1_024), 824);
        assert_eq!(most(1_000, 200, 100), 1);
    }
}
