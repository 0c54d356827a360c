"""Loads orders as JSON documents from S3: what one would write in an afternoon.

It gets one object after the other, keeps nothing of what it has done, and stops at the first
document that is wrong.
"""

import decimal
import json
import re
import sys

import boto3
import psycopg2
import psycopg2.extras

DOCUMENTS_AT_ONCE = 1000
STATUS = {"IN_PROCESS": 1, "APPROVED": 2, "BACKORDERED": 3, "REJECTED": 4, "SHIPPED": 5, "CANCELLED": 6}


def column(member):
    return re.sub("[A-Z]", lambda letter: "_" + letter.group().lower(), member)


def insert(cursor, table, rows):
    if rows:
        names = list(rows[0])
        statement = f"INSERT INTO {table} ({', '.join(map(column, names))}) VALUES %s"
        values = [[row[name] for name in names] for row in rows]
        psycopg2.extras.execute_values(cursor, statement, values, page_size=1000)


def main(bucket, database):
    s3 = boto3.client("s3")
    connection = psycopg2.connect(database)
    orders, lines, number = [], [], 0
    with connection, connection.cursor() as cursor:
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="orders/"):
            for found in page["Contents"]:
                body = s3.get_object(Bucket=bucket, Key=found["Key"])["Body"].read()
                order = json.loads(body, parse_float=decimal.Decimal)
                number += 1
                source = {"sourceFileId": 1, "sourceLine": number}
                for line in order.pop("lines"):
                    lines.append({"salesOrderId": order["salesOrderId"], **line, **source})
                orders.append({**order, "status": STATUS[order["status"]], **source})
                if len(orders) == DOCUMENTS_AT_ONCE:
                    insert(cursor, "sales_order", orders)
                    insert(cursor, "sales_order_line", lines)
                    orders, lines = [], []
        insert(cursor, "sales_order", orders)
        insert(cursor, "sales_order_line", lines)
    connection.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
