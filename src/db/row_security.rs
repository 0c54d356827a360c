//! Row-level security: whether the API can put it behind the conditions of its statements,
//! and the SQL that puts a session under it.
//!
//! The migrations make the roles and their policies: see [`migration::row_security`].

use std::fmt::Write as _;

use migration::row_security::{EVERYONE, PARTNER, Partner, READABLE, READER, TERRITORIES};
use sqlx::{AssertSqlSafe, Executor as _, PgPool};

use super::layout::Layout;
use crate::config::RowSecurityMode;
use crate::error::{Code, Error, Result};

/// Whether statements are executed by the roles that only read, and partners' by the one that
/// is limited to their territories.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RowSecurity {
    /// By the role that connects: only the conditions of the statements hide rows.
    #[default]
    Off,
    /// By those roles.
    On,
}

/// Of whom a session's statements are: what it is set to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Session {
    /// As it was connected.
    Own,
    /// The role that sees all rows.
    Reader,
    /// The role that sees those of these territories.
    Partner(Vec<i32>),
}

/// Puts a session back as it was connected.
pub(super) const RESET: &str = "RESET ROLE; RESET salesgraph.territories";

impl RowSecurity {
    /// Whether that session serves statements over these territories, or over all.
    pub(super) fn serves(self, session: &Session, territories: Option<&[i32]>) -> bool {
        match (self, territories, session) {
            (Self::Off, _, session) => *session == Session::Own,
            (Self::On, None, session) => *session == Session::Reader,
            (Self::On, Some(wanted), Session::Partner(set)) => set == wanted,
            (Self::On, Some(_), Session::Own | Session::Reader) => false,
        }
    }

    /// Whether statements prepared in that session keep their plans.
    pub(super) fn keeps_plans(session: &Session, territories: Option<&[i32]>) -> bool {
        match session {
            Session::Own => false,
            Session::Reader => territories.is_none(),
            Session::Partner(_) => territories.is_some(),
        }
    }

    /// What a session becomes to serve such statements, and the SQL, which takes effect as a
    /// whole or not at all.
    pub(super) fn switch(self, territories: Option<&[i32]>) -> (Session, String) {
        match (self, territories) {
            (Self::Off, _) => (Session::Own, RESET.to_owned()),
            (Self::On, None) => (Session::Reader, format!("SET ROLE {READER}")),
            (Self::On, Some(territories)) => {
                let list = array(territories);
                let sql = format!("SET {TERRITORIES} = '{list}'; SET ROLE {PARTNER}");
                (Session::Partner(territories.to_vec()), sql)
            }
        }
    }

    /// SQL that puts the rest of a transaction under the role of such a caller; its end puts
    /// the session back. `None` where nothing is to be done.
    pub(super) fn switch_transaction(self, territories: Option<&[i32]>) -> Option<String> {
        match (self, territories) {
            (Self::Off, _) => None,
            (Self::On, None) => Some(format!("SET LOCAL ROLE {READER}")),
            (Self::On, Some(territories)) => {
                let list = array(territories);
                Some(format!("SET LOCAL {TERRITORIES} = '{list}'; SET LOCAL ROLE {PARTNER}"))
            }
        }
    }

    /// Decides at the start for a pool.
    ///
    /// # Errors
    /// `CONFIG` with the remedy if it has to be on and cannot be; `UNAVAILABLE` when Postgres
    /// does not answer.
    pub async fn choose(pool: &PgPool, mode: RowSecurityMode) -> Result<Self> {
        if mode == RowSecurityMode::Off {
            return Ok(Self::Off);
        }
        if Layout::of(pool).await?.is_distributed() {
            if mode == RowSecurityMode::On {
                let message = "database.row_security is on, but the tables are distributed over \
                               several machines, where policies cannot be: set \
                               DATABASE_ROW_SECURITY=auto";
                return Err(Error::new(Code::Config, message));
            }
            tracing::info!(
                "only the conditions of statements hide rows: the tables are distributed"
            );
            return Ok(Self::Off);
        }
        let Some(lack) = lack(pool).await? else { return Ok(Self::On) };
        let remedy = remedy(pool).await?;
        if mode == RowSecurityMode::On {
            let message = format!("database.row_security is on, but {lack}: {remedy}");
            return Err(Error::new(Code::Config, message));
        }
        tracing::warn!(lack, remedy, "row-level security does not stand behind the statements");
        Ok(Self::Off)
    }
}

/// As the text of an array.
fn array(territories: &[i32]) -> String {
    let mut list = "{".to_owned();
    for (position, territory) in territories.iter().enumerate() {
        let comma = if position > 0 { "," } else { "" };
        // Writing to a String cannot fail.
        let _ = write!(list, "{comma}{territory}");
    }
    list.push('}');
    list
}

/// $1: the roles. $2: what they read; $3: whether partners do; $4: whether there is a policy.
/// $5: the policy for everyone, without which even the reader finds nothing.
const LACK: &str = "
    WITH role AS (SELECT name, to_regrole(name)::oid AS id FROM unnest($1::text[]) AS name),
    relation AS (
        SELECT name, of_partner, has_policy, to_regclass(name)::oid AS id
        FROM unnest($2::text[], $3::boolean[], $4::boolean[]) AS list (name, of_partner, has_policy))
    SELECT format('there is no role %I', name) FROM role WHERE id IS NULL
    UNION ALL
    SELECT format('%I is not a member of the role %I', session_user, name) FROM role
    WHERE NOT pg_has_role(session_user, id, CASE
        WHEN current_setting('server_version_num')::integer < 160000 THEN 'MEMBER' ELSE 'SET' END)
    UNION ALL
    SELECT format('the role %I is exempt from row security', name)
    FROM role JOIN pg_roles ON oid = id WHERE rolsuper OR rolbypassrls
    UNION ALL
    SELECT format('the role %I may not read %I', role.name, relation.name)
    FROM role CROSS JOIN relation
    WHERE (of_partner OR role.name <> $1[2]) AND NOT has_table_privilege(role.id, relation.id, 'SELECT')
    UNION ALL
    SELECT format('the role %I has the rights of the owner of %I', role.name, relation.name)
    FROM role CROSS JOIN relation JOIN pg_class ON pg_class.oid = relation.id
    WHERE pg_has_role(role.id, relowner, 'USAGE')
    UNION ALL
    SELECT format('the table %I has no policy for the role %I', name, $1[2]) FROM relation
    WHERE has_policy AND NOT EXISTS (
        SELECT FROM pg_policy JOIN pg_class ON pg_class.oid = polrelid
        WHERE polrelid = id AND polname = $1[2] AND NOT polpermissive AND relrowsecurity)
    UNION ALL
    SELECT format('the table %I has row security without the policy %I', name, $5)
    FROM relation JOIN pg_class ON pg_class.oid = id
    WHERE relrowsecurity AND NOT EXISTS (
        SELECT FROM pg_policy WHERE polrelid = id AND polname = $5 AND polpermissive
            AND polcmd IN ('*', 'r') AND polroles = '{0}')
    LIMIT 1";

/// Why it cannot be on.
async fn lack(pool: &PgPool) -> Result<Option<String>> {
    let names: Vec<&str> = READABLE.iter().map(|it| it.name).collect();
    let of_partner: Vec<bool> = READABLE.iter().map(|it| it.partner != Partner::Refused).collect();
    let has_policy: Vec<bool> = READABLE.iter().map(|it| it.policy().is_some()).collect();
    let lack: Option<String> = sqlx::query_scalar(LACK)
        .bind(vec![READER, PARTNER])
        .bind(names)
        .bind(of_partner)
        .bind(has_policy)
        .bind(EVERYONE)
        .fetch_optional(pool)
        .await?;
    if lack.is_some() {
        return Ok(lack);
    }
    // The path to the tables may depend on the role.
    let mut transaction = pool.begin().await?;
    for role in [READER, PARTNER] {
        let trial = format!("SET LOCAL ROLE {role}; SELECT FROM sales_order LIMIT 0");
        match transaction.execute(sqlx::raw_sql(AssertSqlSafe(trial))).await {
            Ok(_) => {}
            Err(sqlx::Error::Database(error)) => {
                return Ok(Some(format!("the role {role} cannot be used ({})", error.message())));
            }
            Err(error) => return Err(error.into()),
        }
    }
    transaction.rollback().await?;
    Ok(None)
}

async fn remedy(pool: &PgPool) -> Result<String> {
    let user: String =
        sqlx::query_scalar("SELECT quote_ident(session_user)").fetch_one(pool).await?;
    Ok(format!(
        "run `CREATE ROLE {READER}; CREATE ROLE {PARTNER}; GRANT {READER}, {PARTNER} TO {user}` as \
         a role that may, leaving out what there is already, and then `salesgraph migrate up`; or \
         set DATABASE_ROW_SECURITY=off"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_becomes_what_the_statement_needs() {
        let (session, sql) = RowSecurity::On.switch(Some(&[1, 4]));
        assert_eq!(sql, "SET salesgraph.territories = '{1,4}'; SET ROLE salesgraph_partner");
        assert!(RowSecurity::On.serves(&session, Some(&[1, 4])));
        assert!(!RowSecurity::On.serves(&session, Some(&[1])));
        assert!(!RowSecurity::On.serves(&session, None));
        let (session, sql) = RowSecurity::On.switch(Some(&[]));
        assert_eq!(sql, "SET salesgraph.territories = '{}'; SET ROLE salesgraph_partner");
        assert!(!RowSecurity::On.serves(&session, None));
        assert!(!RowSecurity::On.serves(&Session::Own, None));
        assert!(RowSecurity::Off.serves(&Session::Own, Some(&[1])));
    }

    #[test]
    fn the_setting_has_one_name() {
        assert_eq!(RESET, format!("RESET ROLE; RESET {TERRITORIES}"));
        let settings: Vec<&str> = READABLE
            .iter()
            .filter_map(|it| it.policy()?.split_once("current_setting('")?.1.split('\'').next())
            .collect();
        assert!(
            !settings.is_empty() && settings.iter().all(|it| *it == TERRITORIES),
            "{settings:?}"
        );
    }
}
