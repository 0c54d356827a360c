//! Row security: what the roles of the API may read, and which rows of it.
//!
//! The list is applied by the migration that begins it and again at the end of each `migrate
//! up`: a table that is added later, and a role that somebody had to make by hand, are taken
//! in then. Nothing is locked where everything is in place already.
//!
//! Each table has a policy that lets everyone with a grant see all rows, as if there were no
//! row security, and the policy of partners narrows that for them alone. So nothing changes
//! for other roles, and the partners' policies are not put in an OR with others, which would
//! cost them their indexes. The owner is subject to none.

use std::fmt::Write as _;

use crate::distribution::is_shared;

/// The role that reads on behalf of callers who see all rows.
pub const READER: &str = "salesgraph_reader";
/// The role that reads on behalf of callers who are limited to some territories. Its policies
/// have its name.
pub const PARTNER: &str = "salesgraph_partner";
/// The setting of a session that lists these territories, as an array: `{1,4}`.
pub const TERRITORIES: &str = "salesgraph.territories";

/// The policy that lets everyone with a grant see all rows.
pub const EVERYONE: &str = "everyone";

/// What a partner sees of a table or view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Partner {
    /// All rows.
    Everything,
    /// Rows of which this SQL holds.
    Rows(&'static str),
    /// No row: reading it is allowed and finds nothing.
    Nothing,
    /// It has no right to read it.
    Refused,
}

/// A table or view that the API reads.
#[derive(Debug, Clone, Copy)]
pub struct Readable {
    /// Its name.
    pub name: &'static str,
    /// Whether it is a view whose tables are read with the rights of its reader.
    is_view: bool,
    /// What a partner sees of it.
    pub partner: Partner,
}

/// The row's own territory. The setting is read once for a statement, as it is in a subquery;
/// no setting is no territory.
const OF_TERRITORY: Partner = Partner::Rows(
    "territory_id = ANY ((SELECT nullif(current_setting('salesgraph.territories', true), '')\
     ::integer[])::integer[])",
);

/// A row that a visible customer refers to. As a value, and not by EXISTS, it is always looked
/// up in the index; EXISTS may be answered by reading all customers for one page.
const PERSON: Partner = Partner::Rows(
    "(SELECT true FROM customer WHERE customer.person_id = person.business_entity_id LIMIT 1)",
);
const STORE: Partner = Partner::Rows(
    "(SELECT true FROM customer WHERE customer.store_id = store.business_entity_id LIMIT 1)",
);

/// A report that shows no other territories.
const OF_TERRITORIES: Partner = Partner::Rows(
    "territories <@ ((SELECT nullif(current_setting('salesgraph.territories', true), '')\
     ::integer[])::integer[])",
);
const REPORT_REQUEST: Partner =
    Partner::Rows("EXISTS (SELECT FROM report WHERE report.id = report_request.report_id)");

/// All that the API reads. What is not listed it cannot read.
pub const READABLE: &[Readable] = &[
    table("sales_order_line", OF_TERRITORY),
    table("sales_order", OF_TERRITORY),
    table("customer", OF_TERRITORY),
    table("person", PERSON),
    table("store", STORE),
    table("territory", OF_TERRITORY),
    table("product", Partner::Everything),
    table("special_offer_product", Partner::Everything),
    table("product_inventory", Partner::Everything),
    table("currency_rate", Partner::Everything),
    table("demand_forecast_span", Partner::Nothing),
    table("demand_forecast_date", Partner::Nothing),
    table("demand_forecast_stock", Partner::Nothing),
    view("demand_forecast", Partner::Nothing),
    table("load_run", Partner::Nothing),
    table("load_file", Partner::Nothing),
    table("load_document_page", Partner::Nothing),
    table("load_raw", Partner::Nothing),
    table("load_run_file", Partner::Nothing),
    table("load_step", Partner::Nothing),
    table("load_checkpoint", Partner::Nothing),
    table("load_reject", Partner::Nothing),
    table("load_parked", Partner::Nothing),
    table("report", OF_TERRITORIES),
    table("report_request", REPORT_REQUEST),
    table("saved_query", Partner::Everything),
    table("saved_query_deletion", Partner::Everything),
    // A single row, with the rights of its owner: it is compared with the version of a report.
    table("data_state", Partner::Everything),
    table("load_finding", Partner::Nothing),
    table("source_failure", Partner::Nothing),
    table("lake_table", Partner::Nothing),
    table("lake_snapshot", Partner::Nothing),
    // Names of tables, with the rights of its owner.
    table("lake_behind", Partner::Everything),
    table("job", Partner::Nothing),
    // Of all territories, for who may see all.
    table("lake_answer_group", Partner::Refused),
    table("sales_by_day", Partner::Refused),
    table("sales_by_product_day", Partner::Refused),
    view("current_sales_by_day", Partner::Refused),
    view("current_sales_by_product_day", Partner::Refused),
    // A single date of a table that nobody reads, with the rights of its owner.
    table("sales_rollup_due", Partner::Refused),
];

const fn table(name: &'static str, partner: Partner) -> Readable {
    Readable { name, is_view: false, partner }
}

const fn view(name: &'static str, partner: Partner) -> Readable {
    Readable { name, is_view: true, partner }
}

impl Readable {
    /// The condition of the policy of partners, if there is one.
    #[must_use]
    pub const fn policy(&self) -> Option<&'static str> {
        match self.partner {
            // A view has none: those of its tables apply.
            _ if self.is_view => None,
            Partner::Rows(condition) => Some(condition),
            Partner::Nothing => Some("false"),
            Partner::Everything | Partner::Refused => None,
        }
    }
}

/// What views read with the rights of their owner, and on a cluster, which puts their texts into
/// statements, with those of who asks.
const BELOW_VIEWS: [&str; 2] = ["data_version", "derivation_due"];

/// SQL that makes the roles, where it may, and gives them what they lack of rights and
/// policies.
#[must_use]
pub fn apply() -> String {
    apply_to(false)
}

/// Likewise on a cluster, where tables on several machines get rights alone.
#[must_use]
pub fn apply_distributed() -> String {
    apply_to(true)
}

fn apply_to(is_distributed: bool) -> String {
    let mut list = String::new();
    for (position, readable) in READABLE.iter().enumerate() {
        let comma = if position > 0 { ",\n        " } else { "" };
        let is_bare = is_distributed && is_shared(readable.name);
        let policy = readable.policy().filter(|_| !is_bare);
        let policy = policy.map_or("NULL".to_owned(), |sql| format!("$${sql}$$"));
        let Readable { name, is_view, partner } = readable;
        let granted = *partner != Partner::Refused;
        let _ = write!(list, "{comma}('{name}', {is_view}, {granted}, {policy})");
    }
    for name in BELOW_VIEWS.iter().filter(|_| is_distributed) {
        let _ = write!(list, ",\n        ('{name}', false, false, NULL)");
    }
    APPLY
        .replace("{list}", &list)
        .replace("{reader}", READER)
        .replace("{partner}", PARTNER)
        .replace("{everyone}", EVERYONE)
}

/// Roles are those of all databases of the server, and others may make them at the same
/// moment.
const APPLY: &str = "
DO $apply$
DECLARE
    role text;
    readable record;
BEGIN
    FOREACH role IN ARRAY ARRAY['{reader}', '{partner}'] LOOP
        BEGIN
            IF to_regrole(role) IS NULL THEN
                EXECUTE format('CREATE ROLE %I NOLOGIN', role);
            END IF;
        EXCEPTION
            WHEN duplicate_object OR unique_violation THEN NULL;
            WHEN insufficient_privilege THEN
                RAISE WARNING 'may not create the role %: the API does without row security', role;
        END;
        BEGIN
            IF to_regrole(role) IS NOT NULL AND NOT pg_has_role(session_user, role, CASE
                WHEN current_setting('server_version_num')::integer < 160000 THEN 'MEMBER'
                ELSE 'SET' END) THEN
                EXECUTE format('GRANT %I TO %I', role, session_user);
            END IF;
        EXCEPTION
            WHEN duplicate_object OR unique_violation THEN NULL;
            WHEN insufficient_privilege THEN
                RAISE WARNING 'may not grant the role % to %', role, session_user;
        END;
    END LOOP;

    FOR readable IN
        SELECT format('%I.%I', current_schema(), name) AS relation, is_view, granted, policy
        FROM (VALUES
        {list}) AS list (name, is_view, granted, policy)
    LOOP
        CONTINUE WHEN to_regclass(readable.relation) IS NULL;
        IF readable.is_view AND NOT EXISTS (
            SELECT FROM pg_class WHERE oid = to_regclass(readable.relation)
                AND 'security_invoker=true' = ANY (reloptions)) THEN
            EXECUTE format('ALTER VIEW %s SET (security_invoker = true)', readable.relation);
        END IF;
        IF readable.policy IS NOT NULL AND NOT EXISTS (
            SELECT FROM pg_policy WHERE polrelid = to_regclass(readable.relation)
                AND polname = '{everyone}') THEN
            EXECUTE format('CREATE POLICY {everyone} ON %s USING (true)', readable.relation);
        END IF;
        IF readable.policy IS NOT NULL AND NOT EXISTS (
            SELECT FROM pg_class WHERE oid = to_regclass(readable.relation) AND relrowsecurity) THEN
            EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', readable.relation);
        END IF;
        IF to_regrole('{reader}') IS NOT NULL
            AND NOT has_table_privilege('{reader}', readable.relation, 'SELECT') THEN
            EXECUTE format('GRANT SELECT ON %s TO {reader}', readable.relation);
        END IF;
        CONTINUE WHEN to_regrole('{partner}') IS NULL;
        IF readable.policy IS NOT NULL AND NOT EXISTS (
            SELECT FROM pg_policy WHERE polrelid = to_regclass(readable.relation)
                AND polname = '{partner}') THEN
            EXECUTE format('CREATE POLICY {partner} ON %s AS RESTRICTIVE TO {partner} USING (%s)',
                readable.relation, readable.policy);
        END IF;
        IF readable.granted
            AND NOT has_table_privilege('{partner}', readable.relation, 'SELECT') THEN
            EXECUTE format('GRANT SELECT ON %s TO {partner}', readable.relation);
        END IF;
    END LOOP;
    FOREACH role IN ARRAY ARRAY['{reader}', '{partner}'] LOOP
        IF to_regrole(role) IS NOT NULL
            AND NOT has_schema_privilege(role, current_schema(), 'USAGE') THEN
            EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', current_schema(), role);
        END IF;
    END LOOP;
END $apply$;
";

/// SQL that takes back rights and policies. The roles stay: other databases have them, too.
pub(crate) fn revoke() -> String {
    let names: Vec<String> = READABLE.iter().map(|it| format!("'{}'", it.name)).collect();
    REVOKE
        .replace("{names}", &names.join(", "))
        .replace("{reader}", READER)
        .replace("{partner}", PARTNER)
        .replace("{everyone}", EVERYONE)
}

const REVOKE: &str = "
DO $revoke$
DECLARE
    role text;
    relation regclass;
    is_view boolean;
BEGIN
    FOR relation, is_view IN
        SELECT oid, relkind = 'v' FROM pg_class
        WHERE relnamespace = current_schema()::regnamespace AND relname IN ({names})
    LOOP
        IF is_view THEN
            EXECUTE format('ALTER VIEW %s RESET (security_invoker)', relation);
        ELSE
            EXECUTE format('DROP POLICY IF EXISTS {everyone} ON %s', relation);
            EXECUTE format('DROP POLICY IF EXISTS {partner} ON %s', relation);
            EXECUTE format('ALTER TABLE %s DISABLE ROW LEVEL SECURITY', relation);
        END IF;
        FOREACH role IN ARRAY ARRAY['{reader}', '{partner}'] LOOP
            IF to_regrole(role) IS NOT NULL THEN
                EXECUTE format('REVOKE ALL ON %s FROM %I', relation, role);
            END IF;
        END LOOP;
    END LOOP;
END $revoke$;
";
