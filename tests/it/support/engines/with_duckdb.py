"""DuckDB, with its extension for Iceberg."""

import duckdb
from duckdb_extensions import import_extension

import base
import sql

CONNECTION = duckdb.connect()


def connect():
    for extension in ("httpfs", "avro", "iceberg"):
        import_extension(extension)
        CONNECTION.execute(f"LOAD {extension}")
    CONNECTION.execute(
        f"CREATE SECRET (TYPE s3, KEY_ID '{base.KEY_ID}', SECRET '{base.SECRET}', "
        f"REGION '{base.REGION}', ENDPOINT '{base.ENDPOINT.split('://')[1]}', USE_SSL false, "
        "URL_STYLE 'path')"
    )
    found = {}
    for name in ("sales", "sales_order", "sales_order_line"):
        one = base.table(name)
        found[name] = base.version(one)
        CONNECTION.execute(f"CREATE VIEW {name} AS FROM iceberg_scan('{one.metadata_location}')")
    return found


def ask(statement, **values):
    return CONNECTION.execute(statement.format(**values)).fetchall()


def totals():
    return base.months(ask(sql.MONTHS, month="strftime(order_date, '%Y-%m')"))


def by_product():
    return base.rows(ask(sql.PRODUCTS), int, int, str)


def orders_with(lines):
    return ask(sql.ORDERS_WITH, lines=lines)[0][0]


def top_products(first):
    return base.rows(ask(sql.TOP_PRODUCTS, first=first), int, int, str, int)


def most_orders(first):
    return base.rows(ask(sql.MOST_ORDERS, first=first), int, int)


def pieces_by_day():
    return base.rows(ask(sql.PIECES_BY_DAY), int, str, int)


def largest_orders(begin, end, over):
    return base.rows(ask(sql.LARGEST_ORDERS, begin=begin, end=end, over=over), str, str)


if __name__ == "__main__":
    VERSIONS = connect()
    version = VERSIONS.get
    base.serve(globals())
