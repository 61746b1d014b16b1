-- Ends the making of an answer, with or without one.
--
-- KEYS  the answer; who makes it; the version of each thing that it is made from
-- ARGV  the version before it was made; the time then, in ms; the name of who made it; ms that it is kept; the answer,
--       empty if there is none
local head, at, mine, lifetime, answer = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]

local names = {}
for i = 3, #KEYS do
  local name = redis.pcall('GET', KEYS[i])
  names[#names + 1] = type(name) == 'string' and name or ''
end
-- What was read before a change is of no use after it, nor what was read before what is there.
if #answer > 0 and table.concat(names, '.') .. ' ' == head then
  local there = redis.pcall('GETRANGE', KEYS[1], 0, #head + 12)
  local newer = type(there) == 'string' and string.sub(there, 1, #head) == head
    and string.sub(there, #head + 1) > at
  if not newer then
    redis.call('SET', KEYS[1], head .. at .. answer, 'PX', lifetime)
  end
end
if redis.pcall('GET', KEYS[2]) == head .. mine then
  redis.call('DEL', KEYS[2])
end
