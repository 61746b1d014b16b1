-- The next day, straight into the rollups, as aggregate_day would leave them.

UPDATE setting SET day = day + 1;
TRUNCATE day_rows;

-- In the order of `source`: by tenant, as the job inserts.
INSERT INTO day_rows
SELECT
    s.tenant_id, s.agent_id, (s.agent_no * 37 + least(greatest(level, 0), 36)) * 8 + (hash >> 40 & 7),
    greatest(d.day_begins, least(d.day_ends, d.now) - interval '1 second' * (1 + (hash >> 20 & 16383)))
FROM source AS s
CROSS JOIN (
    SELECT
        day - date '2020-01-01' AS number, extract(isodow FROM day) AS weekday, now,
        alquimista_platform.day_start(day) AS day_begins, alquimista_platform.day_start(day + 1) AS day_ends,
        -- Trade grows, and of today there is only a part so far.
        0.0008 * (day - now::date) + ln(least(1, greatest(0.02, extract(epoch FROM now - alquimista_platform.day_start(day)) / 86400))::double precision) AS trend
    FROM setting
) AS d
CROSS JOIN LATERAL (SELECT hashint8extended(s.key * 4096 + d.number, (SELECT seed FROM setting)) AS hash) AS h
CROSS JOIN LATERAL (
    SELECT floor(
        4 * (s.volume + d.trend + CASE d.weekday WHEN 6 THEN ln(s.weekends) WHEN 7 THEN ln(0.6 * s.weekends) WHEN 1 THEN 0.25 ELSE 0.2 END)
        + 2.0 * (hash & 65535) / 65536
    )::integer AS level
) AS l
-- The smallest have days without a request.
WHERE (level >= 0 OR hash >> 50 & 15 <> 0) AND s.from_at < d.day_begins
    AND (s.stop_at IS NULL OR s.stop_at >= d.day_ends OR s.back_at < d.day_begins)
    AND (s.off_at IS NULL OR s.off_at >= d.day_ends OR s.on_at < d.day_begins);

INSERT INTO alquimista_platform.tenant_usage_daily (
    tenant_id, agent_id, date, total_requests, successful_requests, response_time_sum, response_time_count,
    response_time_buckets, response_time_counts, total_tokens_used, last_request_at
)
SELECT r.tenant_id, r.agent_id, s.day, t.total, t.successful, t.time_sum, t.time_count, t.buckets, t.counts, t.tokens, r.last_request_at
FROM setting AS s, day_rows AS r JOIN template AS t ON t.id = r.template;

INSERT INTO alquimista_platform.tenant_requests_daily (date, tenant_id, total_requests, successful_requests)
SELECT s.day, r.tenant_id, sum(t.total), sum(t.successful)
FROM setting AS s, day_rows AS r JOIN template AS t ON t.id = r.template
GROUP BY s.day, r.tenant_id ORDER BY r.tenant_id;

CREATE TEMP TABLE day_agents AS
WITH used AS (
    SELECT agent_id, template, count(*) AS times, max(last_request_at) AS last_request_at FROM day_rows GROUP BY agent_id, template
), cell AS (
    SELECT u.agent_id, pair.bucket, sum(u.times * pair.count)::bigint AS count
    FROM used AS u JOIN template AS t ON t.id = u.template, unnest(t.buckets, t.counts) AS pair (bucket, count)
    GROUP BY u.agent_id, pair.bucket
), histogram AS (
    SELECT agent_id, array_agg(bucket ORDER BY bucket) AS buckets, array_agg(count ORDER BY bucket) AS counts FROM cell GROUP BY agent_id
), sums AS (
    SELECT u.agent_id, sum(times * total)::bigint AS total, sum(times * successful)::bigint AS successful,
        sum(times * time_sum)::bigint AS time_sum, sum(times * time_count)::bigint AS time_count,
        sum(times * tokens)::bigint AS tokens, max(last_request_at) AS last_request_at
    FROM used AS u JOIN template AS t ON t.id = u.template
    GROUP BY u.agent_id
)
SELECT s.*, h.buckets, h.counts FROM sums AS s JOIN histogram AS h ON h.agent_id IS NOT DISTINCT FROM s.agent_id;

INSERT INTO alquimista_platform.agent_usage_daily (
    agent_id, date, total_requests, successful_requests, response_time_sum, response_time_count,
    response_time_buckets, response_time_counts, total_tokens_used, last_request_at
)
SELECT agent_id, day, total, successful, time_sum, time_count, buckets, counts, tokens, last_request_at
FROM setting, day_agents WHERE agent_id IS NOT NULL;

INSERT INTO alquimista_platform.platform_usage_daily (
    date, total_requests, successful_requests, response_time_sum, response_time_count,
    response_time_buckets, response_time_counts, total_tokens_used, active_tenants
)
SELECT
    s.day, a.total, a.successful, a.time_sum, a.time_count, h.buckets, h.counts, a.tokens,
    (SELECT count(DISTINCT tenant_id) FROM day_rows)
FROM setting AS s,
    (SELECT sum(total) AS total, sum(successful) AS successful, sum(time_sum) AS time_sum, sum(time_count) AS time_count,
        sum(tokens) AS tokens FROM day_agents) AS a,
    (SELECT array_agg(bucket ORDER BY bucket) AS buckets, array_agg(count ORDER BY bucket) AS counts FROM (
        SELECT pair.bucket, sum(pair.count)::bigint AS count
        FROM day_agents AS d, unnest(d.buckets, d.counts) AS pair (bucket, count) GROUP BY pair.bucket
    ) AS cell) AS h;

-- The day's requests over its hours, to the last one.
INSERT INTO alquimista_platform.platform_usage_hourly (hour, total_requests, successful_requests)
SELECT
    at, round(d.total_requests * upto) - round(d.total_requests * before),
    round(d.successful_requests * upto) - round(d.successful_requests * before)
FROM (
    SELECT at, sum(weight) OVER w / sum(weight) OVER () AS upto, (sum(weight) OVER w - weight) / sum(weight) OVER () AS before
    FROM (
        SELECT at, (2 + 9 * exp(-((extract(hour FROM at) - 16) ^ 2) / 18))::numeric AS weight
        FROM setting, generate_series(
            alquimista_platform.day_start(day),
            least(now, alquimista_platform.day_start(day + 1) - interval '1 hour'), interval '1 hour'
        ) AS at
    ) AS weights
    WINDOW w AS (ORDER BY at)
) AS hours, setting AS s JOIN alquimista_platform.platform_usage_daily AS d ON d.date = s.day;

INSERT INTO alquimista_platform.aggregated_days (date, as_of, rows_read, rows_written, last_run_at)
SELECT s.day, least(s.now, alquimista_platform.day_start(s.day + 1)), d.total_requests, (SELECT count(*) FROM day_rows), s.now
FROM setting AS s JOIN alquimista_platform.platform_usage_daily AS d ON d.date = s.day;

DROP TABLE day_agents;
