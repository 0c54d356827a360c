#!/usr/bin/env bash
# daft 0.7.26 with pyiceberg 0.11.1, filtering an Iceberg table by a decimal.
# Seen: a literal that is cast to the type of the column loses its scale on the way to PyIceberg, and
#   the query ends in "Could not convert 1000 into a decimal(19, 4), scales differ 4 <> 0". The same
#   filter over rows in memory works.
# Expected: the rows, as where other filters cannot be passed on: these are applied after the scan.
# Matters: a cast is the only way to compare with Decimal("1000") at all, which Daft takes for a
#   decimal(38, 0). The way out is a literal that is written with the digits of the column.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check 'daft[iceberg]==0.7.26' 'pyiceberg[sql-sqlite]==0.11.1' pyarrow==25.0.1
cat > finding.py <<'PYTHON'
import os
from decimal import Decimal

import daft
import pyarrow as pa
from pyiceberg.catalog.sql import SqlCatalog

catalog = SqlCatalog("one", uri="sqlite:///catalog.db", warehouse="file://" + os.getcwd())
catalog.create_namespace("one")
rows = pa.table({"due": pa.array([Decimal("999.0000"), Decimal("1000.5000")], pa.decimal128(19, 4))})
table = catalog.create_table("one.orders", rows.schema)
table.append(rows)

def read(frame, literal):
    try:
        return [str(due) for due in frame.where(daft.col("due") > literal).to_pydict()["due"]]
    except ValueError as error:
        return error

typed = daft.lit("1000").cast(daft.DataType.decimal128(19, 4))
print(read(daft.from_arrow(rows), typed))
print(read(daft.read_iceberg(table), typed))
print(read(daft.read_iceberg(table), Decimal("1000.0000")))
PYTHON
seen=$(DAFT_ANALYTICS_ENABLED=0 venv/bin/python finding.py 2>/dev/null)
expected="['1000.5000']
Could not convert 1000 into a decimal(19, 4), scales differ 4 <> 0
['1000.5000']"
if [ "$seen" != "$expected" ]; then
  echo "changed:" >&2
  echo "$seen" >&2
  exit 1
fi
echo "as seen: a decimal literal loses its scale on the way to Iceberg"
