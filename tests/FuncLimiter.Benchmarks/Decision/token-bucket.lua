-- A token bucket as it is commonly kept in Redis. KEYS[1] the bucket; ARGV capacity, refill per second, cost.
-- Answers 0 where granted, else the milliseconds to wait.
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local capacity, refill, cost = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local state = redis.call('HMGET', KEYS[1], 'level', 'at')
local level = tonumber(state[1]) or capacity
level = math.min(capacity, level + math.max(0, now - (tonumber(state[2]) or now)) * refill)
local wait = 0
if level >= cost then
  level = level - cost
else
  wait = math.ceil((cost - level) / refill * 1000)
end
redis.call('HSET', KEYS[1], 'level', level, 'at', now)
redis.call('PEXPIRE', KEYS[1], math.ceil(capacity / refill * 1000))
return wait
