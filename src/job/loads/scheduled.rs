//! Loads at due times.

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use sqlx::PgConnection;

use super::request::{NewLoad, start_load, start_refresh};
use crate::config::LoadMode;
use crate::error::Result;
use crate::job::schedule::Due;

/// A load of the configured source. While one is queued or runs, none is added.
#[derive(Debug, Clone)]
pub struct ScheduledLoad {
    /// Where it looks for files.
    pub source: String,
    /// What it does with their rows.
    pub mode: LoadMode,
}

impl Due for ScheduledLoad {
    fn add<'a>(&'a self, connection: &'a mut PgConnection) -> BoxFuture<'a, Result<()>> {
        let Self { source, mode } = self;
        let new = NewLoad { source, mode: *mode, check: false, key: Some("schedule:load") };
        async move { start_load(connection, new).await.map(drop) }.boxed()
    }
}

/// A run that brings derived tables up to date.
#[derive(Debug, Clone, Copy)]
pub struct ScheduledRefresh;

impl Due for ScheduledRefresh {
    fn add<'a>(&'a self, connection: &'a mut PgConnection) -> BoxFuture<'a, Result<()>> {
        async move { start_refresh(connection, Some("schedule:refresh")).await.map(drop) }.boxed()
    }
}
