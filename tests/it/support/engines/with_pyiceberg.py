"""PyIceberg reads, and PyArrow computes."""

import pyarrow as pa
import pyarrow.compute as pc

import base


def read(name, *columns, **scan):
    return base.table(name).scan(selected_fields=columns, **scan).to_arrow()


def listed(found, *columns):
    return zip(*(found[column].to_pylist() for column in columns), strict=True)


def totals():
    found = read("sales", "order_date", "line_total")
    month = pc.strftime(found["order_date"], format="%Y-%m")
    found = found.append_column("month", month).group_by("month")
    found = found.aggregate([("line_total", "count"), ("line_total", "sum")])
    return base.months(listed(found, "month", "line_total_count", "line_total_sum"))


def by_product():
    found = read("sales", "product_id", "line_total").group_by("product_id")
    found = found.aggregate([("line_total", "count"), ("line_total", "sum")]).sort_by("product_id")
    return base.rows(listed(found, "product_id", "line_total_count", "line_total_sum"), int, int, str)


def orders_with(lines):
    found = read("sales_order_line", "sales_order_id").group_by("sales_order_id")
    counts = found.aggregate([([], "count_all")])["count_all"]
    return pc.sum(pc.cast(pc.greater_equal(counts, lines), pa.int64())).as_py()


def top_products(first):
    columns = ["product_days_to_manufacture", "product_id", "product_name"]
    found = read("sales", *columns, "order_quantity").group_by(columns)
    found = found.aggregate([("order_quantity", "sum")])
    order = [(columns[0], "ascending"), ("order_quantity_sum", "descending"), ("product_id", "ascending")]
    kept, known = [], {}
    for row in listed(found.sort_by(order), *columns, "order_quantity_sum"):
        known[row[0]] = known.get(row[0], 0) + 1
        if known[row[0]] <= first:
            kept.append(row)
    return base.rows(kept, int, int, str, int)


def most_orders(first):
    found = read("sales", "customer_id", "sales_order_id").group_by("customer_id")
    found = found.aggregate([("sales_order_id", "count_distinct")])
    order = [("sales_order_id_count_distinct", "descending"), ("customer_id", "ascending")]
    found = found.sort_by(order).slice(0, first)
    return base.rows(listed(found, "customer_id", "sales_order_id_count_distinct"), int, int)


def pieces_by_day():
    found = read("sales", "product_id", "order_date", "order_quantity")
    day = pc.cast(found["order_date"], pa.date32(), safe=False)
    found = found.append_column("day", day).group_by(["product_id", "day"])
    found = found.aggregate([("order_quantity", "sum")])
    found = found.sort_by([("product_id", "ascending"), ("day", "ascending")])
    return base.rows(listed(found, "product_id", "day", "order_quantity_sum"), int, str, int)


def largest_orders(begin, end, over):
    days = f"order_date >= '{begin}T00:00:00' and order_date < '{end}T00:00:00'"
    columns = ["sales_order_id", "sales_order_number", "total_due"]
    # A literal has to have the scale of its column.
    found = read("sales_order", *columns, row_filter=f"{days} and total_due > {over}.0000")
    found = found.sort_by([("total_due", "descending"), ("sales_order_id", "ascending")])
    return base.rows(listed(found, *columns[1:]), str, str)


def version(name):
    return base.version(base.table(name))


if __name__ == "__main__":
    base.serve(globals())
