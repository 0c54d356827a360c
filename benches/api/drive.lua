-- Sends the requests of a file in turn, one JSON body a line, and ends with a
-- line of numbers for the benchmark to read.
--
--   wrk -s drive.lua URL -- FILE [check]
--
-- With `check` each answer is read: without it only what wrk itself tells, so
-- that the client costs little of the processors it shares with the servers.

local requests, turn = {}, 0
local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function init(args)
  failed = 0
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
  wrk.headers["Accept"] = "application/json"
  wrk.headers["Authorization"] = os.getenv("AUTHORIZATION")
  wrk.headers["Accept-Encoding"] = os.getenv("ACCEPT_ENCODING")
  for body in io.lines(args[1]) do
    table.insert(requests, wrk.format(nil, nil, nil, body))
  end
  if args[2] == "check" then
    response = check
  end
end

function request()
  turn = turn % #requests + 1
  return requests[turn]
end

function check(status, _, body)
  if status ~= 200 or body:find('"errors"', 1, true) or not body:find('"data"', 1, true) then
    failed = failed + 1
  end
end

function done(summary, latency)
  local broken = 0
  for _, thread in ipairs(threads) do
    broken = broken + thread:get("failed")
  end
  local errors = summary.errors
  local lost = errors.connect + errors.read + errors.write + errors.timeout
  io.write(string.format(
    'RESULT {"requests":%d,"bytes":%d,"microseconds":%d,"p50":%d,"p99":%d,' ..
      '"refused":%d,"lost":%d,"broken":%d}\n',
    summary.requests, summary.bytes, summary.duration,
    latency:percentile(50), latency:percentile(99), errors.status, lost, broken))
end
