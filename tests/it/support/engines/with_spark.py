"""Spark with two workers of its own on this machine, and the jars of Iceberg and S3 that packages
for Python carry."""

import glob
import os
import re
import sys

# Before the JVM starts.
os.environ.update(SPARK_LOCAL_IP="127.0.0.1", PYSPARK_PYTHON=sys.executable, SPARK_NO_DAEMONIZE="1")

import bodo_iceberg_connector
import pyspark
import snowpark_connect_deps_iceberg
from pyspark.sql import SparkSession

import base
import processes
import sql

HOME = os.path.dirname(pyspark.__file__)
CLASS = os.path.join(HOME, "bin", "spark-class")
DEPLOY = "org.apache.spark.deploy"
# Of the AWS SDK 2, what Iceberg reads S3 with, and what that needs.
SDK = """annotations apache-client arns auth aws-core aws-json-protocol aws-query-protocol aws-xml-protocol checksums
    checksums-spi crt-core dynamodb endpoints-spi eventstream glue http-auth http-auth-aws http-auth-aws-eventstream
    http-auth-spi http-client-spi identity-spi json-utils kms metrics-spi profiles protocol-core regions retries
    retries-spi s3 sdk-core sts third-party-jackson-core url-connection-client utils"""


def jars():
    iceberg = os.path.join(os.path.dirname(snowpark_connect_deps_iceberg.__file__), "jars")
    sdk = os.path.join(os.path.dirname(bodo_iceberg_connector.__file__), "jars", "libs")
    found = glob.glob(f"{iceberg}/iceberg-spark-runtime-3.5_2.12-*.jar")
    for name in SDK.split():
        found += glob.glob(f"{sdk}/{name}-2.*.jar")
    found += glob.glob(f"{sdk}/reactive-streams-*.jar")
    return found + [os.environ["POSTGRES_JDBC"]]


def connect(number):
    """Starts a master and so many workers, and asks them from now on."""
    port = processes.free_port()
    global MASTER
    MASTER = master = f"spark://127.0.0.1:{port}"
    folder = processes.FOLDER.name
    common = {"SPARK_HOME": HOME, "SPARK_DAEMON_MEMORY": "256m", "SPARK_LOG_DIR": folder}
    pages = ["--webui-port", "0"]
    processes.start("master", CLASS, f"{DEPLOY}.master.Master", "--host", "127.0.0.1", "--port", str(port), *pages, **common)
    processes.wait("master of Spark", lambda: processes.answers(port))
    for name in (f"worker-{number}" for number in range(number)):
        size = ["--host", "127.0.0.1", "--cores", "1", "--memory", "700m", "--work-dir", f"{folder}/{name}-files"]
        processes.start(name, CLASS, f"{DEPLOY}.worker.Worker", *size, *pages, master, **common)
    settings = {
        "spark.jars": ",".join(jars()),
        "spark.executor.memory": "700m",
        "spark.executor.cores": "1",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.shuffle.partitions": "4",
        "spark.sql.session.timeZone": "UTC",
        "spark.scheduler.minRegisteredResourcesRatio": "1",
        "spark.scheduler.maxRegisteredResourcesWaitingTime": f"{processes.LIMIT}s",
        "spark.cores.max": str(number),
        "spark.local.dir": folder,
    }
    builder = SparkSession.builder.master(master)
    for name, value in settings.items():
        builder = builder.config(name, value)
    global SPARK
    SPARK = builder.getOrCreate()
    use(base.DATABASE)


def workers():
    """How many processes compute."""
    # The driver is among those it knows.
    return SPARK.sparkContext._jsc.sc().getExecutorMemoryStatus().size() - 1


def use(database):
    """The tables of a lake, as those of a session."""
    user, place = database.split("://")[1].split("@")
    user, _, password = user.partition(":")
    # The catalogue knows its tables by this name.
    lake = "spark.sql.catalog.salesgraph"
    settings = {
        lake: "org.apache.iceberg.spark.SparkCatalog",
        f"{lake}.type": "jdbc",
        f"{lake}.uri": f"jdbc:postgresql://{place}?currentSchema=lake",
        f"{lake}.jdbc.user": user,
        f"{lake}.jdbc.password": password,
        f"{lake}.jdbc.schema-version": "V1",
        f"{lake}.warehouse": "s3://unused",
        f"{lake}.io-impl": "org.apache.iceberg.aws.s3.S3FileIO",
        f"{lake}.s3.endpoint": base.ENDPOINT,
        f"{lake}.s3.path-style-access": "true",
        f"{lake}.s3.access-key-id": base.KEY_ID,
        f"{lake}.s3.secret-access-key": base.SECRET,
        f"{lake}.client.region": base.REGION,
        f"{lake}.http-client.type": "urlconnection",
    }
    global SESSION
    SESSION = SPARK.newSession()
    for name, value in settings.items():
        SESSION.conf.set(name, value)
    SESSION.sql("USE salesgraph.salesgraph")


def ask(statement, **values):
    return SESSION.sql(statement.format(**values)).collect()


def totals():
    return base.months(ask(sql.MONTHS, month="date_format(order_date, 'yyyy-MM')"))


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
    # Spark's timestamps are with a zone unless they say otherwise.
    statement = sql.LARGEST_ORDERS.replace("TIMESTAMP '", "TIMESTAMP_NTZ '")
    return base.rows(ask(statement, begin=begin, end=end, over=over), str, str)


def version(name):
    current = (
        "SELECT summary['salesgraph.data-version'] FROM salesgraph.salesgraph.{name}.snapshots "
        "JOIN salesgraph.salesgraph.{name}.refs USING (snapshot_id) WHERE name = 'main'"
    )
    return int(ask(current, name=name)[0][0])


def example(program):
    # Its session takes the place of this one, as the workers have no room for two.
    SPARK.stop()
    program = program.replace("spark://127.0.0.1:7077", MASTER)
    packages = re.compile('"spark.jars.packages": ".*"')
    assert packages.search(program)
    program = packages.sub(f'"spark.jars": "{",".join(jars())}"', program)
    lake = "--conf spark.sql.catalog.salesgraph"
    settings = f"--conf spark.executor.memory=600m {lake}.s3.endpoint={base.ENDPOINT} "
    settings += f"{lake}.s3.path-style-access=true {lake}.http-client.type=urlconnection pyspark-shell"
    return base.run(program, PYSPARK_SUBMIT_ARGS=settings)


def stop():
    SPARK.stop()
    return processes.stop()


if __name__ == "__main__":
    try:
        connect(int(sys.argv[1]))
        base.serve(globals())
    finally:
        processes.stop()
