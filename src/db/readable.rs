//! Whether the database has what the API reads: every column, of its type, with the right to
//! read it.

use migration::row_security::READER;
use sqlx::PgPool;

use super::row_security::RowSecurity;
use crate::catalog;
use crate::error::{Code, Error, Result};

/// $1, $2, $3: tables, columns and types. $4: the role that reads; null for the one that
/// connects.
const LACK: &str = "
    SELECT CASE
        WHEN pg_class.oid IS NULL THEN format('there is no table %I', name)
        WHEN attnum IS NULL THEN format('the table %I has no column %I', name, attribute)
        WHEN NOT has_column_privilege(coalesce($4, current_user), pg_class.oid, attnum, 'SELECT')
            THEN format('the column %I.%I may not be read', name, attribute)
        ELSE format('the column %I.%I is of type %s, not %s', name, attribute,
            format_type(atttypid, NULL), type) END
    FROM unnest($1::text[], $2::text[], $3::text[]) AS catalog (name, attribute, type)
    LEFT JOIN pg_class ON pg_class.oid = to_regclass(quote_ident(name))
    LEFT JOIN pg_attribute ON attrelid = pg_class.oid AND attname = attribute
    WHERE CASE
        WHEN attnum IS NULL THEN true
        WHEN type = 'text' THEN atttypid NOT IN (
            'text'::regtype, 'varchar'::regtype, 'bpchar'::regtype, 'jsonb'::regtype)
        ELSE atttypid <> to_regtype(type) END
        OR NOT has_column_privilege(coalesce($4, current_user), pg_class.oid, attnum, 'SELECT')
    LIMIT 1";

/// $1: views of which aggregates are read. $2: as above.
const LACK_OF_VIEW: &str = "
    SELECT CASE WHEN to_regclass(name) IS NULL THEN format('there is no view %I', name)
        ELSE format('the view %I may not be read', name) END
    FROM unnest($1::text[]) AS name
    WHERE NOT coalesce(has_table_privilege(coalesce($2, current_user), to_regclass(name),
        'SELECT'), false)
    LIMIT 1";
const VIEWS: [&str; 3] =
    ["current_sales_by_day", "current_sales_by_product_day", "sales_rollup_due"];

/// `Ok` if all can be read.
///
/// # Errors
/// `CONFIG` with what cannot be read; `UNAVAILABLE` when Postgres does not answer.
pub async fn require_readable(pool: &PgPool, row_security: RowSecurity) -> Result<()> {
    let (mut tables, mut columns, mut types) = (Vec::new(), Vec::new(), Vec::new());
    for table in catalog::tables() {
        for column in table.columns.iter().filter(|column| column.expression.is_none()) {
            tables.push(table.name);
            columns.push(column.name);
            types.push(column.kind.sql_type());
        }
    }
    let role = (row_security == RowSecurity::On).then_some(READER);
    let lack: Option<String> = sqlx::query_scalar(LACK)
        .bind(tables)
        .bind(columns)
        .bind(types)
        .bind(role)
        .fetch_optional(pool)
        .await?;
    let lack = match lack {
        Some(lack) => Some(lack),
        None => {
            let lack = sqlx::query_scalar(LACK_OF_VIEW).bind(&VIEWS[..]).bind(role);
            lack.fetch_optional(pool).await?
        }
    };
    lack.map_or(Ok(()), |lack| {
        let message = format!("{lack}: somebody has changed the schema or its grants");
        Err(Error::new(Code::Config, message))
    })
}
