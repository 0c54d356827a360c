//! The servers that are compared.

use std::sync::Arc;

use crate::args::Args;
use crate::client::Client;
use crate::database::Database;
use crate::documents::Document;
use crate::fields::fields;
use crate::floor::Statement;
use crate::program::Program;
use crate::report::Memory;
use crate::secured::{Caller, Secured};
use crate::{Result, postgraphile, salesgraph, same};

/// All servers, running.
pub(crate) struct Sides {
    pub(crate) postgraphile: Option<Program>,
    /// salesgraph without its response cache.
    pub(crate) plain: Program,
    /// Likewise, without columns in memory.
    pub(crate) rows: Option<Program>,
    /// salesgraph with it.
    pub(crate) cached: Option<Program>,
    /// salesgraph with access control.
    pub(crate) secured: Option<Secured>,
    /// What salesgraph can be asked for.
    fields: Vec<String>,
}

/// The requests for one document, and the servers that answer it.
pub(crate) struct Asked<'a> {
    pub(crate) document: &'static Document,
    pub(crate) postgraphile: Option<(&'a Program, Vec<String>)>,
    pub(crate) plain: Option<(&'a Program, Vec<String>)>,
    pub(crate) rows: Option<(&'a Program, Vec<String>)>,
    pub(crate) cached: Option<(&'a Program, Vec<String>)>,
    pub(crate) secured: Vec<SecuredRequests<'a>>,
    pub(crate) statement: Arc<Statement>,
}

/// The requests of a caller to a server with access control.
pub(crate) struct SecuredRequests<'a> {
    pub(crate) caller: Caller,
    pub(crate) cache: bool,
    pub(crate) program: &'a Program,
    pub(crate) authorization: String,
    pub(crate) bodies: Vec<String>,
}

impl Sides {
    pub(crate) async fn start(args: &Args, database_url: &str) -> Result<Self> {
        let postgraphile = if args.skip_postgraphile {
            None
        } else {
            Some(postgraphile::start(args, database_url).await?)
        };
        let plain = salesgraph::start(args, database_url, false, None).await?;
        let rows = match args.rows {
            true => Some(salesgraph::start_by_rows(args, database_url).await?),
            false => None,
        };
        let cached = if salesgraph::has_cache(args)? {
            Some(salesgraph::start(args, database_url, true, None).await?)
        } else {
            None
        };
        let secured =
            if args.tokens { Some(Secured::start(args, database_url).await?) } else { None };
        let fields = fields(&plain.url).await?;
        Ok(Self { postgraphile, plain, rows, cached, secured, fields })
    }

    /// Who can be asked for a document, and how. Fails unless all of them give
    /// the same data, for each of the values, and Postgres itself too.
    pub(crate) async fn ask(
        &self,
        document: &'static Document,
        database: &Database,
    ) -> Result<Asked<'_>> {
        let mut connection = database.connect().await?;
        let values = document.values(&mut connection, self.secured.is_some()).await?;
        let ours = document.bodies("salesgraph", &values)?;
        let theirs = match (&self.postgraphile, document.in_postgraphile) {
            (Some(program), true) => Some((program, document.bodies("postgraphile", &values)?)),
            _ => None,
        };
        let answers = self.fields.contains(&document.field());
        let secured = self.secured.iter().filter(|_| answers).flat_map(|secured| {
            let bodies = &ours;
            Caller::ALL.into_iter().flat_map(move |caller| {
                [false, true].map(|cache| {
                    let (program, authorization) = secured.of(caller, cache);
                    let bodies = bodies.clone();
                    SecuredRequests { caller, cache, program, authorization, bodies }
                })
            })
        });
        let secured: Vec<_> = secured.collect();
        let asked = Asked {
            document,
            secured,
            postgraphile: theirs,
            plain: answers.then(|| (&self.plain, ours.clone())),
            rows: self.rows.as_ref().filter(|_| answers).map(|program| (program, ours.clone())),
            cached: self.cached.as_ref().filter(|_| answers).map(|program| (program, ours)),
            statement: Arc::new(Statement::new(document.statement()?, values)),
        };
        for (program, bodies) in asked.requests() {
            let what = format!("{} to {}", program.name, document.name);
            let mut client = Client::connect(&program.url).await?;
            for (at, body) in bodies.iter().enumerate() {
                let expected = asked.statement.data(&mut connection, at).await?;
                // The second answer may come from a cache.
                for _ in 0..2 {
                    let found = client.data(body).await;
                    let found = found.map_err(|error| format!("{what}: {error}"))?;
                    same::check(&what, found, expected.clone())?;
                }
            }
        }
        Ok(asked)
    }

    pub(crate) fn memory(&self) -> Result<Memory> {
        let peak = |program: Option<&Program>| program.map(Program::peak_mib).transpose();
        Ok(Memory {
            postgraphile: peak(self.postgraphile.as_ref())?,
            plain: peak(Some(&self.plain))?,
            cached: peak(self.cached.as_ref())?,
        })
    }

    pub(crate) async fn stop(self) -> Result<()> {
        if let Some(secured) = self.secured {
            secured.stop().await?;
        }
        for program in
            [self.postgraphile, Some(self.plain), self.rows, self.cached].into_iter().flatten()
        {
            program.stop().await?;
        }
        Ok(())
    }
}

impl Asked<'_> {
    /// Every server that answers it, with the bodies of the requests to it.
    fn requests(&self) -> impl Iterator<Item = &(&Program, Vec<String>)> {
        [&self.postgraphile, &self.plain, &self.rows, &self.cached].into_iter().flatten()
    }
}
