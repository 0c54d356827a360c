"""Daft on Ray: a head without processors, and workers with one each, on this machine."""

import logging
import os
import sys
import sysconfig
from decimal import Decimal

# Before they are imported. Nothing is sent to their makers.
os.environ.update(
    RAY_USAGE_STATS_ENABLED="0",
    RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO="0",
    DAFT_ANALYTICS_ENABLED="0",
    DAFT_PROGRESS_BAR="0",
)

import daft
import ray
from daft import Window, col
from daft.functions import row_number
from daft.io import IOConfig, S3Config

import base
import processes

# Each scan without a filter by month is one.
logging.getLogger("daft").setLevel(logging.ERROR)
RAY = os.path.join(sysconfig.get_path("scripts"), "ray")
STORE = str(256 << 20)
STARTED = "Ray runtime started"


def connect(number):
    """Starts a head and so many workers, one after the other, and asks them from now on."""
    port = processes.free_port()
    global ADDRESS
    ADDRESS = address = f"127.0.0.1:{port}"
    # Without addresses of the loopback, they look for one that reaches the internet.
    common = ["--node-ip-address=127.0.0.1", f"--object-store-memory={STORE}", "--block"]
    common += ["--disable-usage-stats", "--min-worker-port=0", "--max-worker-port=0"]
    head = [f"--port={port}", "--num-cpus=0", "--include-dashboard=false"]
    head += [f"--temp-dir={processes.FOLDER.name}/ray"]
    processes.start("head", RAY, "start", "--head", *head, *common)
    processes.wait("head of Ray", lambda: STARTED in processes.said("head"))
    for name in (f"worker-{number}" for number in range(number)):
        processes.start(name, RAY, "start", f"--address={address}", "--num-cpus=1", *common)
        processes.wait("worker of Ray", lambda: STARTED in processes.said(name))
    ray.init(address=address, _node_ip_address="127.0.0.1", log_to_driver=False, logging_level="error")
    daft.set_runner_ray()


def workers():
    """How many processes compute."""
    return sum(node["Alive"] and node["Resources"].get("CPU", 0) > 0 for node in ray.nodes())


use = base.use


def scan(name):
    s3 = S3Config(
        endpoint_url=base.ENDPOINT, region_name=base.REGION, key_id=base.KEY_ID, access_key=base.SECRET
    )
    return daft.read_iceberg(base.table(name), io_config=IOConfig(s3=s3))


def listed(found, *columns):
    found = found.to_pydict()
    return zip(*(found[column] for column in columns), strict=True)


def totals():
    month = col("order_date").strftime("%Y-%m").alias("month")
    total = col("line_total")
    found = scan("sales").groupby(month).agg(total.count().alias("lines"), total.sum().alias("total"))
    return base.months(listed(found, "month", "lines", "total"))


def by_product():
    total = col("line_total")
    found = scan("sales").groupby("product_id")
    found = found.agg(total.count().alias("lines"), total.sum().alias("total")).sort("product_id")
    return base.rows(listed(found, "product_id", "lines", "total"), int, int, str)


def orders_with(lines):
    found = scan("sales_order_line").groupby("sales_order_id")
    found = found.agg(col("sales_order_detail_id").count().alias("lines"))
    return found.where(col("lines") >= lines).count_rows()


def top_products(first):
    days, columns = col("product_days_to_manufacture"), [col("product_id"), col("product_name")]
    found = scan("sales").groupby(days.alias("days"), *columns)
    found = found.agg(col("order_quantity").sum().alias("pieces"))
    window = Window().partition_by("days").order_by("pieces", "product_id", desc=[True, False])
    found = found.with_column("place", row_number().over(window)).where(col("place") <= first)
    found = found.sort(["days", "place"])
    return base.rows(listed(found, "days", "product_id", "product_name", "pieces"), int, int, str, int)


def most_orders(first):
    found = scan("sales").groupby("customer_id")
    found = found.agg(col("sales_order_id").count_distinct().alias("orders"))
    found = found.sort(["orders", "customer_id"], desc=[True, False]).limit(first)
    return base.rows(listed(found, "customer_id", "orders"), int, int)


def pieces_by_day():
    day = col("order_date").date().alias("day")
    found = scan("sales").groupby("product_id", day)
    found = found.agg(col("order_quantity").sum().alias("pieces")).sort(["product_id", "day"])
    return base.rows(listed(found, "product_id", "day", "pieces"), int, str, int)


def largest_orders(begin, end, over):
    found = scan("sales_order").where(
        (col("order_date") >= daft.lit(f"{begin}T00:00:00").cast(daft.DataType.timestamp("us")))
        & (col("order_date") < daft.lit(f"{end}T00:00:00").cast(daft.DataType.timestamp("us")))
        & (col("total_due") > Decimal(over).quantize(Decimal("0.0001")))
    )
    found = found.sort(["total_due", "sales_order_id"], desc=[True, False])
    return base.rows(listed(found, "sales_order_number", "total_due"), str, str)


def version(name):
    return base.version(base.table(name))


def example(program):
    return base.run(program.replace("127.0.0.1:6380", ADDRESS))


def stop():
    ray.shutdown()
    return processes.stop()


if __name__ == "__main__":
    try:
        connect(int(sys.argv[1]))
        base.serve(globals())
    finally:
        stop()
