//! How many requests are executed at once.

use tokio::sync::{Semaphore, SemaphorePermit};

use super::response::rejection::Refused;

/// Turns to execute something. Who comes while all are taken waits, but not
/// behind any number of others.
#[derive(Debug)]
pub(super) struct Turns {
    at_once: usize,
    /// Of those whose turn it is and of those who wait, as many again.
    places: Semaphore,
    turns: Semaphore,
}

/// A place in the queue, kept while it is one's turn.
#[derive(Debug)]
pub(super) struct Place<'a> {
    turns: &'a Semaphore,
    _place: SemaphorePermit<'a>,
}

impl Turns {
    pub(super) fn new(at_once: usize) -> Self {
        let at_once = at_once.min(Semaphore::MAX_PERMITS / 2);
        let (places, turns) = (Semaphore::new(at_once * 2), Semaphore::new(at_once));
        Self { at_once, places, turns }
    }

    /// Joins the queue unless it is full.
    pub(super) fn queue(&self) -> Result<Place<'_>, Refused> {
        match self.places.try_acquire() {
            Ok(place) => Ok(Place { turns: &self.turns, _place: place }),
            Err(_) => Err(Refused::overloaded(self.at_once, self.at_once)),
        }
    }
}

impl Place<'_> {
    /// Waits for one's turn, which is over when it is dropped. A place can have more
    /// than one.
    pub(super) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        // Nobody closes it.
        self.turns.acquire().await.ok()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[test]
    fn as_many_wait_as_have_their_turn_and_no_more() {
        let turns = Turns::new(1);
        let (first, second) = (turns.queue().unwrap(), turns.queue().unwrap());
        assert!(turns.queue().is_err());
        let turn = first.turn().now_or_never().unwrap();
        assert!(second.turn().now_or_never().is_none(), "it is the first one's turn");
        drop(turn);
        assert!(second.turn().now_or_never().is_some());
        drop(first);
        assert!(turns.queue().is_ok());
    }
}
