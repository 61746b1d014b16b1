-- The raw requests of the next hour of the day. Finds the tables `setting`, `agent` and `slot`.

UPDATE setting SET hour = hour + 1;
-- In the order in which they were made: each looks its slot up.
SET LOCAL enable_hashjoin = off;
SET LOCAL enable_mergejoin = off;

INSERT INTO alquimista_platform.agent_requests (id, tenant_id, agent_id, status, response_time_ms, tokens_used, created_at)
SELECT
    md5(format('%s/request/%s/%s', seed, s.day, key))::uuid, slot.tenant_id, slot.agent_id,
    CASE WHEN pg_temp.unit(key, 'status') < a.failing THEN 'error' ELSE 'success' END,
    CASE WHEN hash & 1023 > 4 THEN least(600000, greatest(1, a.median_ms * exp(a.spread * pg_temp.normal(key, 'time'))))::integer END,
    CASE WHEN a.tokens > 0 THEN (a.tokens * (0.5 + pg_temp.unit(key, 'tokens')))::integer END,
    alquimista_platform.day_start(s.day) + interval '1 hour' * s.hour + interval '1 microsecond' * (3600000000.0 * i / rows)
FROM setting AS s
CROSS JOIN (
    SELECT (s.requests * (weight / sum(weight) OVER ()))::bigint AS rows, h AS hour
    FROM setting AS s, generate_series(0, 23) AS h, LATERAL (SELECT 2 + 9 * exp(-((h - 16) ^ 2) / 18.0) AS weight) AS w
) AS hours
CROSS JOIN generate_series(0, hours.rows - 1) AS i
CROSS JOIN LATERAL (SELECT s.hour * 100000000::bigint + i AS key) AS k
CROSS JOIN LATERAL (SELECT hashint8extended(k.key, s.seed) AS hash) AS h
JOIN slot ON slot.n = (hash >> 12 & 9007199254740991) % s.slots
JOIN agent AS a ON a.agent_no = slot.agent_no
WHERE hours.hour = s.hour;
