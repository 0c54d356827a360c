"""Answers questions about a lake, one a line: a line of JSON in, a line of JSON out."""

import datetime
import json
import os
import sys
from decimal import Decimal

import psycopg2
from pyiceberg.catalog.rest import RestCatalog
from pyiceberg.catalog.sql import SqlCatalog

URL = os.environ["TEST_DATABASE"]
S3 = {
    "s3.endpoint": os.environ["AWS_ENDPOINT_URL"],
    "s3.access-key-id": os.environ["AWS_ACCESS_KEY_ID"],
    "s3.secret-access-key": os.environ["AWS_SECRET_ACCESS_KEY"],
    "s3.region": os.environ["AWS_REGION"],
}
NAMESPACE = os.environ.get("LAKE_CATALOG_NAMESPACE", "salesgraph")
if uri := os.environ.get("LAKE_CATALOG_URI"):
    CATALOG = RestCatalog(
        "salesgraph",
        uri=uri,
        warehouse=os.environ["LAKE_CATALOG_WAREHOUSE"],
        credential=os.environ["LAKE_CATALOG_CREDENTIAL"],
        **S3,
    )
else:
    CATALOG = SqlCatalog(
        "salesgraph",
        uri=URL.replace("postgresql://", "postgresql+psycopg2://") + "?options=-csearch_path%3Dlake",
        pool_pre_ping="true",
        **S3,
    )


def table(name):
    return CATALOG.load_table(f"{NAMESPACE}.{name}")


def totals(rows):
    """The count and the sum of lines, whole and by month, of (month, total) pairs."""
    months = {}
    for month, total in rows:
        count, known = months.get(month, (0, Decimal(0)))
        months[month] = (count + 1, known + total)
    return {
        "lines": sum(count for count, _ in months.values()),
        "total": str(sum((total for _, total in months.values()), Decimal(0))),
        "months": {month: [count, str(total)] for month, (count, total) in sorted(months.items())},
    }


def pyiceberg(name="sales", snapshot=None):
    rows = table(name).scan(selected_fields=("order_date", "line_total"), snapshot_id=snapshot)
    rows = rows.to_arrow()
    months = (day.strftime("%Y-%m") for day in rows["order_date"].to_pylist())
    return totals(zip(months, rows["line_total"].to_pylist()))


def duckdb(name="sales"):
    import duckdb
    from duckdb_extensions import import_extension

    for extension in ("httpfs", "avro", "iceberg"):
        import_extension(extension)
    con = duckdb.connect()
    for extension in ("httpfs", "avro", "iceberg"):
        con.execute(f"LOAD {extension}")
    endpoint = S3["s3.endpoint"].split("://")[1].rstrip("/")
    con.execute(
        f"CREATE SECRET (TYPE s3, KEY_ID '{S3['s3.access-key-id']}', SECRET '{S3['s3.secret-access-key']}', "
        f"REGION '{S3['s3.region']}', ENDPOINT '{endpoint}', USE_SSL false, URL_STYLE 'path')"
    )
    source = f"iceberg_scan('{table(name).metadata_location}')"
    lines, total = con.execute(f"SELECT count(*), sum(line_total) FROM {source}").fetchone()
    months = con.execute(
        f"SELECT strftime(order_date, '%Y-%m') AS month, count(*), sum(line_total) FROM {source} "
        "GROUP BY 1 ORDER BY 1"
    ).fetchall()
    # A filter that files are left out by.
    some = con.execute(
        f"SELECT count(*) FROM {source} WHERE order_date >= '2013-01-01' AND order_date < '2013-03-01'"
    ).fetchone()
    expected = sum(count for month, count, _ in months if month in ("2013-01", "2013-02"))
    assert some[0] == expected, (some, expected)
    return {
        "lines": lines,
        "total": str(total),
        "months": {month: [count, str(total)] for month, count, total in months},
    }


def polars(name="sales"):
    import polars as pl

    frame = pl.scan_iceberg(table(name))
    whole = frame.select(pl.len().alias("lines"), pl.col("line_total").sum()).collect().row(0)
    months = (
        frame.group_by(pl.col("order_date").dt.strftime("%Y-%m").alias("month"))
        .agg(pl.len().alias("lines"), pl.col("line_total").sum())
        .sort("month")
        .collect()
    )
    return {
        "lines": whole[0],
        "total": str(whole[1]),
        "months": {month: [count, str(total)] for month, count, total in months.iter_rows()},
    }


def summaries():
    """The data version of each table's current snapshot, the operation, and how many snapshots
    there are."""
    found = {}
    for _, name in CATALOG.list_tables(NAMESPACE):
        metadata = table(name).metadata
        snapshot = metadata.current_snapshot()
        found[name] = {
            "snapshots": [
                int(it.summary.additional_properties["salesgraph.data-version"])
                for it in metadata.snapshots
                # Those of other programs have none.
                if "salesgraph.data-version" in it.summary.additional_properties
            ],
            "operation": snapshot and snapshot.summary.operation.value,
            "run": snapshot and snapshot.summary.additional_properties.get("salesgraph.run-id"),
            "rows": snapshot and int(snapshot.summary.additional_properties["total-records"]),
        }
    return found


def files(name):
    """The paths of the data files."""
    return sorted(task.file.file_path for task in table(name).scan().plan_files())


def pruned(name, first, end):
    """How many data files there are, and how many a filter by the order date reads."""
    scan = f"order_date >= '{first}T00:00:00' and order_date < '{end}T00:00:00'"
    return [len(files(name)), len(list(table(name).scan(row_filter=scan).plan_files()))]


def schema(name):
    return {field.name: [field.field_id, str(field.field_type), field.required] for field in table(name).schema().fields}


def reachable():
    """All objects that the catalogue's tables refer to, also by their earlier snapshots."""
    found = set()
    for _, name in CATALOG.list_tables(NAMESPACE):
        one = table(name)
        found.add(one.metadata_location)
        found.update(log.metadata_file for log in one.metadata.metadata_log)
        for snapshot in one.metadata.snapshots:
            found.add(snapshot.manifest_list)
            for manifest in snapshot.manifests(one.io):
                found.add(manifest.manifest_path)
                for entry in manifest.fetch_manifest_entry(one.io, discard_deleted=True):
                    found.add(entry.data_file.file_path)
    return sorted(found)


def plain(value):
    if isinstance(value, datetime.datetime) and value.tzinfo is not None:
        return value.astimezone(datetime.timezone.utc).replace(tzinfo=None)
    return value


SALES = """
    SELECT line.*, ordered.order_date, ordered.status, ordered.sales_order_number,
        ordered.customer_id, ordered.total_due, product.name AS product_name,
        product.product_line, product.list_price AS product_list_price,
        customer.person_id AS customer_person_id,
        customer.account_number AS customer_account_number,
        territory.name AS territory_name, territory.sales_ytd AS territory_sales_ytd
    FROM sales_order_line AS line JOIN sales_order AS ordered USING (sales_order_id)
    LEFT JOIN product ON product.product_id = line.product_id
    LEFT JOIN customer ON customer.customer_id = ordered.customer_id
    LEFT JOIN territory ON territory.territory_id = ordered.territory_id
"""


def compare():
    """Every row of every table, with those of Postgres. Tells how many there are."""
    found = {}
    with psycopg2.connect(URL) as connection:
        for _, name in CATALOG.list_tables(NAMESPACE):
            one = table(name)
            lake = one.scan().to_arrow() if one.current_snapshot() else None
            cursor = connection.cursor()
            cursor.execute(SALES if name == "sales" else f"SELECT * FROM {name}")
            columns = [column.name for column in cursor.description]
            known = [field.name for field in one.schema().fields]
            if name != "sales":
                missing = set(columns) - set(known)
                personal = {"title", "first_name", "middle_name", "last_name", "suffix", "additional_contact_info", "demographics"}
                assert name == "person" and missing <= personal or not missing, (name, missing)
                columns = [column for column in columns if column in known]
            texts = {field.name for field in one.schema().fields if str(field.field_type) == "string"}
            rows = set()
            names = [column.name for column in cursor.description]
            for row in cursor.fetchall():
                row = dict(zip(names, row))
                value = lambda it: str(row[it]) if it in texts and row[it] is not None else plain(row[it])
                rows.add(tuple(value(it) for it in columns))
            lake = lake.select(columns).to_pylist() if lake is not None else []
            mine = {tuple(row[it] for it in columns) for row in lake}
            assert len(mine) == len(lake), f"{name}: rows are there twice"
            assert mine == rows, f"{name}: {list(mine - rows)[:2]} instead of {list(rows - mine)[:2]}"
            found[name] = len(mine)
    return found


def consistent():
    """What every reader may rely on: tables of one data version belong together."""
    versions, totals_of = {}, {}
    for name in ("sales", "sales_order_line"):
        try:
            one = table(name)
        except Exception as error:
            if type(error).__name__ == "NoSuchTableError":
                return None
            raise
        snapshot = one.current_snapshot()
        if snapshot is None:
            return None
        versions[name] = snapshot.summary.additional_properties["salesgraph.data-version"]
        rows = one.scan(selected_fields=("line_total",), snapshot_id=snapshot.snapshot_id).to_arrow()
        assert rows.num_rows == int(snapshot.summary.additional_properties["total-records"])
        totals_of[name] = str(sum(rows["line_total"].to_pylist(), Decimal(0)))
    if versions["sales"] == versions["sales_order_line"]:
        assert totals_of["sales"] == totals_of["sales_order_line"], (versions, totals_of)
    return [versions["sales"], totals_of["sales"]]


def roll_back(name, snapshot):
    table(name).manage_snapshots().set_current_snapshot(snapshot).commit()


def delete_some(name, filter):
    """A commit of another program."""
    table(name).delete(filter)


def locations():
    """Where the metadata of each table are, as the catalogue says it."""
    return {name: table(name).metadata_location for _, name in CATALOG.list_tables(NAMESPACE)}


def watch(known):
    """Reads totals again and again until the file says so. Each must be that of its data version, as
    lines of a file tell it; one that is too new for it is judged at the end."""
    seen = {}
    reads = 0
    while True:
        is_last = os.path.exists(known + ".end")
        for name in ("sales", "sales_order_line"):
            try:
                one = table(name)
            except Exception as error:
                if type(error).__name__ == "NoSuchTableError":
                    continue
                raise
            snapshot = one.current_snapshot()
            if snapshot is None:
                continue
            version = int(snapshot.summary.additional_properties["salesgraph.data-version"])
            rows = one.scan(selected_fields=("line_total",), snapshot_id=snapshot.snapshot_id).to_arrow()
            total = str(sum(rows["line_total"].to_pylist(), Decimal(0)))
            reads += 1
            before = seen.setdefault((name, version), total)
            assert before == total, f"{name}: {before} and {total} of data version {version}"
        if is_last:
            break
    with open(known) as lines:
        held = sorted((int(version), total) for version, total in (line.split() for line in lines))
    for (name, version), total in seen.items():
        # Before the first there was no other: it is noted once the files are loaded.
        expected = ([held[0][1]] + [total for own, total in held if own <= version])[-1]
        assert total == expected, f"{name}: {total} instead of {expected} of data version {version}"
    return {"reads": reads, "versions": len({version for _, version in seen})}


def set_property(name, value):
    table(name).transaction().set_properties(note=value).commit_transaction()


def get_property(name):
    return table(name).properties["note"]


def expire(name, snapshot):
    """As a service does it."""
    table(name).maintenance.expire_snapshots().by_id(snapshot).commit()


def tag(name, snapshot):
    table(name).manage_snapshots().create_tag(snapshot, "kept").commit()


def tags(name):
    return {ref: named.snapshot_id for ref, named in table(name).refs().items() if ref != "main"}


def drop(name):
    CATALOG.drop_table(f"{NAMESPACE}.{name}")


def repartition(name):
    """Partitions it by the order's day as well."""
    from pyiceberg.transforms import DayTransform

    with table(name).update_spec() as update:
        update.add_field("order_date", DayTransform(), "order_date_day")


def bounds(name, column):
    """The least value of a column that the manifests tell."""
    one = table(name)
    field = one.schema().find_field(column).field_id
    for task in one.scan().plan_files():
        if field in (task.file.lower_bounds or {}):
            return str(task.file.lower_bounds[field])
    return None


def current(name):
    return table(name).current_snapshot().snapshot_id


if __name__ == "__main__":
    for line in sys.stdin:
        question, *arguments = json.loads(line)
        print(json.dumps(globals()[question](*arguments)), flush=True)
