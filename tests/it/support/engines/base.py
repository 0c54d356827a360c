"""The lake, as its environment names it, and answers to questions, one a line: a line of JSON in,
a line of JSON out."""

import json
import os
import subprocess
import sys

DATABASE = os.environ["TEST_DATABASE"]
ENDPOINT = os.environ["AWS_ENDPOINT_URL"].rstrip("/")
KEY_ID = os.environ["AWS_ACCESS_KEY_ID"]
SECRET = os.environ["AWS_SECRET_ACCESS_KEY"]
REGION = os.environ["AWS_REGION"]


def catalog():
    from pyiceberg.catalog.sql import SqlCatalog

    return SqlCatalog(
        "salesgraph",
        uri=DATABASE.replace("postgresql://", "postgresql+psycopg2://") + "?options=-csearch_path%3Dlake",
        **{
            "s3.endpoint": ENDPOINT,
            "s3.access-key-id": KEY_ID,
            "s3.secret-access-key": SECRET,
            "s3.region": REGION,
        },
    )


def use(database):
    """From now on it is the lake of another database."""
    global DATABASE
    DATABASE = database


def table(name):
    return catalog().load_table(f"salesgraph.{name}")


def version(one):
    """The data version of what is read of a table of PyIceberg."""
    return int(one.current_snapshot().summary.additional_properties["salesgraph.data-version"])


def months(rows):
    """Totals of (month, lines, total) rows, whole and by month."""
    rows = sorted((month, int(lines), total) for month, lines, total in rows)
    return {
        "lines": sum(lines for _, lines, _ in rows),
        "total": str(sum(total for _, _, total in rows)),
        "months": {month: [lines, str(total)] for month, lines, total in rows},
    }


def rows(found, *kinds):
    """Rows of an answer as they are compared: whole numbers as such, all else as text."""
    return [[kind(value) for kind, value in zip(kinds, row, strict=True)] for row in found]


def run(program, **environment):
    """What an example of the documentation prints."""
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{program}\n{done.stderr}")
    return done.stdout


def serve(questions):
    """Answers until there are no more questions."""
    for line in sys.stdin:
        question, *arguments = json.loads(line)
        print(json.dumps(questions[question](*arguments)), flush=True)
