#!/usr/bin/env bash
# polars 2.1.0, read_avro.
# Seen: a file with a field of type map ends in a Rust panic, "not yet implemented: Avro maps are
#   mapped to MapArrays", also if only other columns are selected.
# Expected: the column, or an error of the library that names it; other readers of Avro read it.
# Matters: a lake whose raw files have a map cannot be looked at with polars at all. The way out is
#   a list of records of key and value, which the last lines show.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check polars==2.1.0 fastavro==1.13.1
cat > finding.py <<'PYTHON'
import fastavro, polars

pair = {"type": "record", "name": "Pair", "fields": [
    {"name": "key", "type": "string"}, {"name": "value", "type": "string"}]}

def written(name, headers, value):
    schema = {"type": "record", "name": "Answer", "fields": [
        {"name": "status", "type": "int"}, {"name": "headers", "type": headers}]}
    with open(name, "wb") as file:
        fastavro.writer(file, schema, [{"status": 200, "headers": value}])
    with open(name, "rb") as file:
        assert list(fastavro.reader(file)) == [{"status": 200, "headers": value}]
    return name

def read(name, columns=None):
    try:
        return polars.read_avro(name, columns=columns).rows()
    except BaseException as error:
        return f"{type(error).__name__}: {error}"

of_map = written("map.avro", {"type": "map", "values": "string"}, {"etag": "1"})
print(read(of_map))
print(read(of_map, ["status"]))
of_list = written("list.avro", {"type": "array", "items": pair}, [{"key": "etag", "value": "1"}])
print(read(of_list))
PYTHON
seen=$(venv/bin/python finding.py 2>/dev/null)
expected="PanicException: not yet implemented: Avro maps are mapped to MapArrays
PanicException: not yet implemented: Avro maps are mapped to MapArrays
[(200, [{'key': 'etag', 'value': '1'}])]"
if [ "$seen" != "$expected" ]; then
  echo "changed:" >&2
  echo "$seen" >&2
  exit 1
fi
echo "as seen: a map in an Avro file makes polars panic"
