#!/usr/bin/env bash
# datafusion 55.0.0, planning an aggregate with FILTER.
# Seen: where the filter is a column of a subquery that was made by IS TRUE, planning ends in
#   "Internal error: Physical input schema should be the same as the one converted from logical
#   input schema ... field nullability".
# Expected: the sum, as for the same filter written as CASE, which the last line shows.
# Matters: valid SQL, and with it whole dashboards of parts (`sum(x) FILTER (WHERE part)`), fails by
#   how a condition is spelled. The way out is a condition that may be null.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check datafusion==55.0.0 pyarrow==26.0.1
cat > finding.py <<'PYTHON'
from datafusion import SessionContext

context = SessionContext()
context.sql("CREATE TABLE t (k INT, x INT) AS VALUES (1, 10), (1, 20), (2, 40)").collect()

def ask(part):
    sql = f"SELECT sum(x) FILTER (WHERE f) AS s FROM (SELECT x, {part} AS f FROM t)"
    try:
        return context.sql(sql).to_pydict()["s"]
    except Exception as error:
        return str(error)

seen = ask("(k = 1) IS TRUE")
print(seen)
assert "field nullability" in seen, "this has changed"
plain = ask("CASE WHEN k = 1 THEN TRUE END")
print(plain)
assert plain == [30]
PYTHON
venv/bin/python finding.py
