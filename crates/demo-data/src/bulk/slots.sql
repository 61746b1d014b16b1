-- Who the requests come from: as on the same day a week before, a slot for each ten of their requests.

CREATE TEMP TABLE slot AS
SELECT row_number() OVER () - 1 AS n, u.tenant_id, u.agent_id, a.agent_no
FROM setting AS s
JOIN alquimista_platform.tenant_usage_daily AS u ON u.date = s.day - 7
JOIN agent AS a ON a.id IS NOT DISTINCT FROM u.agent_id
CROSS JOIN generate_series(1, 1 + u.total_requests / 10);
ALTER TABLE slot ADD PRIMARY KEY (n);
ANALYZE slot;
UPDATE setting SET slots = (SELECT count(*) FROM slot);
SELECT alquimista_platform.ensure_request_partitions(day, 1) FROM setting;
