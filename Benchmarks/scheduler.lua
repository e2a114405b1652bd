-- Creates Pods for scheduler.py, each with a name of its own, and stops. Arguments after `--`: PATH PODS (of each thread).
-- TOKEN is in the environment.
local threads = 0

function setup(thread)
   thread:set("number", threads)
   threads = threads + 1
end

function init(args)
   path, limit, sent, answered, refused = args[1], tonumber(args[2]), 0, 0, 0
   headers = { ["Authorization"] = "Bearer " .. os.getenv("TOKEN"), ["Content-Type"] = "application/json" }
   body = '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"%s","labels":{"app":"bench"}},"spec":{"containers":' ..
      '[{"name":"c","image":"busybox:1","resources":{"requests":{"cpu":"100m","memory":"64Mi"}}}]}}'
end

function request()
   sent = sent + 1
   return wrk.format("POST", path, headers, string.format(body, "p-" .. number .. "-" .. sent))
end

function response()
   answered = answered + 1
   if answered >= limit then wrk.thread:stop() end
end
