-- Looks for an answer and, where it has to be made, says who makes it: in one step, so that of many one is chosen.
--
-- KEYS  the answer; who makes it; the version of each thing that it is made from
-- ARGV  a name nobody else uses; ms for which an answer is fresh, and again stale; ms that making one may take;
--       '1' if an answer that is there isn't wanted
-- gives what became of it; the version now; the time now, in ms; the answer
local mine, ttl, patience, unwanted = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4] == '1'

-- Whoever finds no version gives one. It is a name, not a number: one that was evicted can't come back.
local names = {}
for i = 3, #KEYS do
  local name = redis.pcall('GET', KEYS[i])
  if type(name) ~= 'string' then
    name = mine
    redis.call('SET', KEYS[i], name, 'EX', 86400)
  end
  names[#names + 1] = name
end
local head = table.concat(names, '.') .. ' '

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local at = string.format('%013.0f', now)

local answer, age = not unwanted and redis.pcall('GET', KEYS[1]), nil
if type(answer) == 'string' and string.sub(answer, 1, #head) == head then
  local read = tonumber(string.sub(answer, #head + 1, #head + 13))
  age = read and now - read
end
if age and age < ttl then
  return {'fresh', head, at, answer}
end

-- Nobody waits for an answer of another version.
local maker = redis.pcall('GET', KEYS[2])
if type(maker) ~= 'string' or string.sub(maker, 1, #head) ~= head then
  redis.call('SET', KEYS[2], head .. mine, 'PX', patience)
  return {'missing', head, at, ''}
end
if age and age < 2 * ttl then
  return {'stale', head, at, answer}
end
return {'busy', head, at, ''}
