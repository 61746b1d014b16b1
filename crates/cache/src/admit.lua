-- Takes units from limits, from all of them or from none (generic cell rate algorithm).
--
-- KEYS  the limits; each holds the time at which it will be untouched again, in µs
-- ARGV  how many units; then of each limit the µs after which a unit comes back, and how many units there are at most
-- gives the time now, in µs; the µs to wait, 0 if the units were taken; how many units each limit has left
local cost = tonumber(ARGV[1])
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]

local wait, limits = 0, {}
for i, key in ipairs(KEYS) do
  local interval, burst = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
  local empty = now + interval * burst
  local stored = redis.pcall('GET', key)
  local untouched = type(stored) == 'string' and tonumber(stored) or now
  -- What can't have been written here, or not under this limit and clock, is as good as nothing: it would never pass.
  if not (untouched > now and untouched <= empty) then untouched = now end
  wait = math.max(wait, untouched + cost * interval - empty)
  limits[i] = {interval = interval, empty = empty, untouched = untouched}
end

local result = {now, wait}
for i, limit in ipairs(limits) do
  if wait == 0 then
    limit.untouched = limit.untouched + cost * limit.interval
    local lifetime = math.ceil((limit.untouched - now) / 1000)
    redis.call('SET', KEYS[i], string.format('%.0f', limit.untouched), 'PX', string.format('%.0f', lifetime))
  end
  result[#result + 1] = math.floor((limit.empty - limit.untouched) / limit.interval)
end
return result
