//! Which rows of a table a caller may see: the one place where a scope becomes SQL.
//!
//! A statement names tables only by [`Statement::table`], which writes the visible rows and
//! nothing else, so that no part of a statement can forget the scope. Postgres pulls such a
//! subquery up: it is planned as a condition on the table.

use sqlx::{Encode, Postgres, Type};

use super::alias::Alias;
use super::audience::{Audience, audience, require_column, require_table};
use super::statement::{Place, Statement};
use crate::catalog::Column;
use crate::query::selection::Selection;

impl Statement<'_> {
    /// The visible rows of a table, as they stand after FROM.
    pub(crate) fn table(&mut self, place: Place) -> &mut Self {
        if let Err(error) = require_table(self.scope, place.table) {
            self.forbid(error);
        }
        let table = place.table.name;
        let audience = audience(place.table);
        let is_of_organization = matches!(audience, Audience::Reports | Audience::Organization);
        if self.scope.territories().is_none() && !is_of_organization {
            return self.push(table).push(" AS ").alias(place.alias);
        }
        match audience {
            Audience::Common => {
                self.push(table);
            }
            Audience::Territory => {
                self.push("(SELECT * FROM ").push(table).push(" WHERE territory_id");
                self.is_visible_territory().push(")");
            }
            Audience::OfCustomers(column) => {
                self.push("(SELECT * FROM ")
                    .push(table)
                    .push(" WHERE EXISTS (SELECT FROM customer ");
                self.push("WHERE customer.").push(column).push(" = ").push(table);
                self.push(".business_entity_id AND customer.territory_id");
                self.is_visible_territory().push("))");
            }
            Audience::AllTerritories | Audience::Loads => {
                self.push("(SELECT * FROM ").push(table).push(" WHERE false)");
            }
            Audience::Organization => {
                self.push("(SELECT * FROM ").push(table).push(" WHERE organization = ");
                let organization = self.scope.org().unwrap_or_default().to_owned();
                self.own(organization).push(")");
            }
            Audience::Reports => {
                self.push("(SELECT * FROM ").push(table).push(" WHERE organization = ");
                let organization = self.scope.org().unwrap_or_default().to_owned();
                self.own(organization).push(" AND string_to_array(grants, ' ') <@ ");
                let grants = self.scope.grants().iter().map(|grant| grant.as_str().to_owned());
                let grants: Vec<String> = grants.collect();
                self.own(grants);
                if let Some(territories) = self.scope.territories() {
                    self.push(" AND territories <@ ").own(territories.to_vec());
                }
                self.push(")");
            }
        }
        self.push(" AS ").alias(place.alias)
    }

    fn is_visible_territory(&mut self) -> &mut Self {
        let bound = match self.territories {
            Some(number) => Ok(number),
            None => self.add(self.scope.territories().unwrap_or_default().to_vec()),
        };
        match bound {
            Ok(number) => {
                self.territories = Some(number);
                self.push(" = ANY ($").number(number).push(")")
            }
            Err(error) => {
                self.forbid(error);
                self.push(" IS NULL AND false")
            }
        }
    }

    /// A value of the scope.
    fn own<T>(&mut self, value: T) -> &mut Self
    where
        T: Encode<'static, Postgres> + Type<Postgres> + 'static,
    {
        match self.add(value) {
            Ok(number) => self.push("$").number(number),
            Err(error) => {
                self.forbid(error);
                self.push("NULL")
            }
        }
    }

    /// The value of a column, as it is selected: null where the caller may not see it.
    pub(crate) fn selected(&mut self, alias: Alias, column: &Column) -> &mut Self {
        if self.hidden.contains(&alias) || require_column(self.scope, column).is_err() {
            return self.push("NULL::").push(column.kind.sql_type());
        }
        self.column(alias, column)
    }

    /// Leaves out the rows of a selection's joins that the caller may not see at all: what is
    /// selected of them is null.
    pub(crate) fn hide(&mut self, selection: &Selection) {
        for (source, of, relation) in selection.joins() {
            let is_hidden = self.hidden.contains(&of.alias())
                || require_table(self.scope, relation.table).is_err();
            if is_hidden {
                self.hidden.push(source.alias());
            }
        }
    }

    /// Whether a row is left out.
    pub(crate) fn is_hidden(&self, alias: Alias) -> bool {
        self.hidden.contains(&alias)
    }
}
