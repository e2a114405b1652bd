-- What wrk sends and prints for api.py. Arguments after `--`: METHOD PATH. TOKEN is in the environment.
-- POST creates ConfigMaps of about 1 KB, each with a name of its own.
local threads = 0

function setup(thread)
   thread:set("number", threads)
   threads = threads + 1
end

function init(args)
   method, path, count = args[1], args[2], 0
   headers = { ["Authorization"] = "Bearer " .. os.getenv("TOKEN"), ["Content-Type"] = "application/json" }
   body = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"%s"},"data":{"text":"' ..
      string.rep("x", 760) .. '"}}'
   fixed = wrk.format(method, path, headers)
end

function request()
   if method ~= "POST" then return fixed end
   count = count + 1
   return wrk.format(method, path, headers, string.format(body, "c-" .. number .. "-" .. count))
end

function done(summary, latency)
   local errors = summary.errors
   io.write(string.format(
      '\nRESULT {"requests":%d,"seconds":%f,"errors":%d,"p50_us":%d,"p99_us":%d,"bytes":%d}\n',
      summary.requests, summary.duration / 1e6,
      errors.connect + errors.read + errors.write + errors.status + errors.timeout,
      latency:percentile(50), latency:percentile(99), summary.bytes))
end
