-- One fixed chat completion for everyone; the headers that only one contender reads are sent to all of them.
wrk.method = "POST"
wrk.body = '{"model":"gpt-x","messages":[{"role":"system","content":"You are a helpful assistant."},'
  .. '{"role":"user","content":"Say hello in one short sentence."}],"max_tokens":32,"temperature":0.2}'
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer " .. os.getenv("BENCH_KEY")
wrk.headers["X-User"] = "bench-user"
wrk.headers["x-portkey-provider"] = "openai"
wrk.headers["x-portkey-custom-host"] = os.getenv("BENCH_UPSTREAM") .. "/v1"

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format("result requests=%d seconds=%f p50=%f p99=%f errors=%d\n",
    summary.requests, summary.duration / 1e6, latency:percentile(50), latency:percentile(99),
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
