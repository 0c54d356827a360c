#!/usr/bin/env bash
# pyiceberg 0.12.0, reading manifests.
# Seen: an Avro file without the optional metadata `avro.codec` ends in "Unsupported codec: gzip". It
#   falls back to the table property's default, which is no name of Avro's.
# Expected: as null, which the specification of Avro says for a file that names no codec.
# Matters: a manifest or a list of manifests that a plain writer of Avro makes cannot be read. The way
#   out is to name a codec always, which the last line shows.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check 'pyiceberg[pyarrow]==0.12.0' fastavro==1.13.1
cat > finding.py <<'PYTHON'
import fastavro
from pyiceberg.avro.file import AvroFile
from pyiceberg.io.pyarrow import PyArrowFileIO

schema = {"type": "record", "name": "one", "fields": [{"name": "a", "type": "int", "field-id": 1}]}

def read(codec, keeps_codec):
    with open("file.avro", "wb") as file:
        fastavro.writer(file, schema, [{"a": 7}], codec=codec)
    if not keeps_codec:
        # As writers do that leave out what is the default: the entry, and its count.
        bytes = open("file.avro", "rb").read()
        entry = b"\x14avro.codec\x08null"
        assert bytes.count(entry) == 1 and bytes[4] == 4
        open("file.avro", "wb").write(bytes[:4] + b"\x02" + bytes[5:].replace(entry, b""))
    with open("file.avro", "rb") as file:
        assert list(fastavro.reader(file)) == [{"a": 7}]
    try:
        with AvroFile(PyArrowFileIO().new_input("file.avro")) as reader:
            return [row[0] for row in reader]
    except ValueError as error:
        return error

print(read("null", False))
print(read("null", True))
PYTHON
seen=$(venv/bin/python finding.py 2>/dev/null)
expected="Unsupported codec: gzip
[7]"
if [ "$seen" != "$expected" ]; then
  echo "changed:" >&2
  echo "$seen" >&2
  exit 1
fi
echo "as seen: an Avro file without avro.codec is refused"
