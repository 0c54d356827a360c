"""Polars, with its reader of Iceberg."""

from datetime import datetime
from decimal import Decimal

import polars as pl

import base


def scan(name):
    return pl.scan_iceberg(base.table(name))


def totals():
    month = pl.col("order_date").dt.strftime("%Y-%m").alias("month")
    found = scan("sales").group_by(month).agg(pl.len(), pl.col("line_total").sum())
    return base.months(found.collect().iter_rows())


def by_product():
    found = scan("sales").group_by("product_id").agg(pl.len(), pl.col("line_total").sum())
    return base.rows(found.sort("product_id").collect().iter_rows(), int, int, str)


def orders_with(lines):
    found = scan("sales_order_line").group_by("sales_order_id").len()
    return found.filter(pl.col("len") >= lines).select(pl.len()).collect().item()


def top_products(first):
    columns = ["product_days_to_manufacture", "product_id", "product_name"]
    # A sum of 32 bits has 32 bits.
    pieces = pl.col("order_quantity").cast(pl.Int64).sum().alias("pieces")
    found = scan("sales").group_by(columns).agg(pieces)
    found = found.sort(columns[0], "pieces", "product_id", descending=[False, True, False])
    found = found.group_by(columns[0], maintain_order=True).head(first)
    found = found.select(*columns, "pieces").collect()
    return base.rows(found.iter_rows(), int, int, str, int)


def most_orders(first):
    orders = pl.col("sales_order_id").n_unique().alias("orders")
    found = scan("sales").group_by("customer_id").agg(orders)
    found = found.sort("orders", "customer_id", descending=[True, False]).head(first).collect()
    return base.rows(found.iter_rows(), int, int)


def pieces_by_day():
    day, pieces = pl.col("order_date").dt.date().alias("day"), pl.col("order_quantity")
    found = scan("sales").group_by("product_id", day).agg(pieces.cast(pl.Int64).sum())
    return base.rows(found.sort("product_id", "day").collect().iter_rows(), int, str, int)


def largest_orders(begin, end, over):
    day = pl.col("order_date")
    found = scan("sales_order").filter(
        day >= datetime.fromisoformat(begin),
        day < datetime.fromisoformat(end),
        pl.col("total_due") > Decimal(over),
    )
    found = found.sort("total_due", "sales_order_id", descending=[True, False])
    found = found.select("sales_order_number", "total_due").collect()
    return base.rows(found.iter_rows(), str, str)


def version(name):
    return base.version(base.table(name))


if __name__ == "__main__":
    base.serve(globals())
