-- The one definition of a day's rollup, in the place of 0004's: it also keeps a day's requests by tenant and the top
-- lists, folds the counters, and counts what was there at the end of a day.

-- An hour has few values, whatever the statistics of instants say: counting by hour may run in parallel.
ALTER TABLE agent_requests ALTER COLUMN created_at SET (n_distinct_inherited = 24);

-- Replaces the day in every rollup; run again it changes nothing. Half-open ranges of instants, so that the session's
-- time zone plays no part. One statement reads the raw rows, so that all rollups describe one snapshot.
-- Errors: 55000 when the day is in the future or its raw rows are gone, 55P03 when another run holds the lock for 60 s.
CREATE OR REPLACE FUNCTION aggregate_day(day date, OUT rows_read bigint, OUT rows_written bigint, OUT snapshot_at timestamptz)
    LANGUAGE plpgsql
    SET search_path = pg_catalog, alquimista_platform, pg_temp
    SET lock_timeout = '60s'
    -- The cells of a large day, in memory.
    SET work_mem = '256MB'
AS $$
DECLARE
    day_begins constant timestamptz := day_start(day);
    day_ends constant timestamptz := day_start(day + 1);
    changed bigint;
BEGIN
    rows_written := 0;
    IF day_begins > clock_timestamp() THEN
        RAISE EXCEPTION '% is in the future', day USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    IF to_regclass('alquimista_platform.agent_requests_' || to_char(day, 'YYYYMMDD')) IS NULL THEN
        RAISE EXCEPTION 'the raw requests of % are gone: its rollups stay as they are', day
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('alquimista_platform.aggregate_day'));

    -- Taken before the snapshot: what had arrived by now is in it.
    snapshot_at := clock_timestamp();

    -- CREATE TABLE AS may run in parallel where INSERT … SELECT may not.
    CREATE TEMP TABLE day_cells ON COMMIT DROP AS
        SELECT
            tenant_id, agent_id, response_time_bucket(response_time_ms) AS bucket, NULL::timestamptz AS hour,
            count(*) AS total,
            count(*) FILTER (WHERE status = 'success') AS successful,
            coalesce(sum(response_time_ms) FILTER (WHERE response_time_ms >= 0), 0)::bigint AS time_sum,
            coalesce(sum(tokens_used), 0)::bigint AS tokens,
            max(created_at) AS last_at
        FROM agent_requests
        WHERE created_at >= day_begins AND created_at < day_ends
        GROUP BY tenant_id, agent_id, bucket
        UNION ALL
        SELECT
            NULL, NULL, NULL, date_bin('1 hour', created_at, day_begins),
            count(*), count(*) FILTER (WHERE status = 'success'), 0, 0, NULL
        FROM agent_requests
        WHERE created_at >= day_begins AND created_at < day_ends
        GROUP BY date_bin('1 hour', created_at, day_begins);

    CREATE TEMP TABLE day_usage ON COMMIT DROP AS
        SELECT
            tenant_id, agent_id,
            sum(total)::integer AS total, sum(successful)::integer AS successful,
            sum(time_sum)::bigint AS time_sum,
            coalesce(sum(total) FILTER (WHERE bucket IS NOT NULL), 0)::integer AS time_count,
            coalesce(array_agg(bucket ORDER BY bucket) FILTER (WHERE bucket IS NOT NULL), '{}') AS buckets,
            coalesce(array_agg(total::integer ORDER BY bucket) FILTER (WHERE bucket IS NOT NULL), '{}') AS counts,
            sum(tokens)::bigint AS tokens, max(last_at) AS last_at
        FROM day_cells WHERE hour IS NULL
        GROUP BY tenant_id, agent_id;
    -- A temporary table has no statistics until somebody asks for them.
    ANALYZE day_usage (tenant_id, agent_id);
    SELECT coalesce(sum(total), 0) INTO rows_read FROM day_usage;

    -- What there is of the day. By tenant, because that is how it is indexed: the day's tenants are in the other rollup.
    CREATE TEMP TABLE day_before ON COMMIT DROP AS
        SELECT t.*
        FROM tenant_requests_daily AS r
        JOIN tenant_usage_daily AS t ON t.tenant_id = r.tenant_id AND t.date = r.date
        WHERE r.date = day;
    ANALYZE day_before (tenant_id, agent_id);

    INSERT INTO tenant_usage_daily AS t (
        tenant_id, agent_id, date, total_requests, successful_requests, response_time_sum, response_time_count,
        response_time_buckets, response_time_counts, total_tokens_used, last_request_at
    )
    SELECT u.tenant_id, u.agent_id, day, u.total, u.successful, u.time_sum, u.time_count, u.buckets, u.counts, u.tokens,
        u.last_at
    FROM day_usage AS u
    -- Not left to the conflict, which locks a row even if it then stays as it is.
    WHERE NOT EXISTS (
        SELECT FROM day_before AS b
        WHERE b.tenant_id = u.tenant_id AND b.agent_id IS NOT DISTINCT FROM u.agent_id
            AND (b.total_requests, b.successful_requests, b.response_time_sum, b.response_time_count,
                 b.response_time_buckets, b.response_time_counts, b.total_tokens_used, b.last_request_at)
                = (u.total, u.successful, u.time_sum, u.time_count, u.buckets, u.counts, u.tokens, u.last_at)
    )
    ORDER BY u.tenant_id, u.agent_id
    ON CONFLICT (tenant_id, date, agent_id) DO UPDATE SET
        total_requests = excluded.total_requests, successful_requests = excluded.successful_requests,
        response_time_sum = excluded.response_time_sum, response_time_count = excluded.response_time_count,
        response_time_buckets = excluded.response_time_buckets, response_time_counts = excluded.response_time_counts,
        total_tokens_used = excluded.total_tokens_used, last_request_at = excluded.last_request_at;
    GET DIAGNOSTICS changed = ROW_COUNT;
    rows_written := rows_written + changed;

    DELETE FROM tenant_usage_daily AS t
    USING day_before AS b
    WHERE t.tenant_id = b.tenant_id AND t.date = day AND t.agent_id IS NOT DISTINCT FROM b.agent_id
        AND NOT EXISTS (
            SELECT FROM day_usage AS u WHERE u.tenant_id = b.tenant_id AND u.agent_id IS NOT DISTINCT FROM b.agent_id
        );
    GET DIAGNOSTICS changed = ROW_COUNT;
    rows_written := rows_written + changed;

    -- Few rows, for the rollups without tenants.
    CREATE TEMP TABLE day_agents ON COMMIT DROP AS
        SELECT agent_id, bucket, sum(total) AS total, sum(successful) AS successful, sum(time_sum) AS time_sum,
            sum(tokens) AS tokens, max(last_at) AS last_at
        FROM day_cells WHERE hour IS NULL
        GROUP BY agent_id, bucket;

    INSERT INTO agent_usage_daily AS t (
        agent_id, date, total_requests, successful_requests, response_time_sum, response_time_count,
        response_time_buckets, response_time_counts, total_tokens_used, last_request_at
    )
    SELECT
        agent_id, day, sum(total), sum(successful), sum(time_sum),
        coalesce(sum(total) FILTER (WHERE bucket IS NOT NULL), 0),
        coalesce(array_agg(bucket ORDER BY bucket) FILTER (WHERE bucket IS NOT NULL), '{}'),
        coalesce(array_agg(total::bigint ORDER BY bucket) FILTER (WHERE bucket IS NOT NULL), '{}'),
        sum(tokens), max(last_at)
    FROM day_agents WHERE agent_id IS NOT NULL
    GROUP BY agent_id
    ON CONFLICT (date, agent_id) DO UPDATE SET
        total_requests = excluded.total_requests, successful_requests = excluded.successful_requests,
        response_time_sum = excluded.response_time_sum, response_time_count = excluded.response_time_count,
        response_time_buckets = excluded.response_time_buckets, response_time_counts = excluded.response_time_counts,
        total_tokens_used = excluded.total_tokens_used, last_request_at = excluded.last_request_at
    WHERE t IS DISTINCT FROM excluded;
    GET DIAGNOSTICS changed = ROW_COUNT;
    rows_written := rows_written + changed;

    DELETE FROM agent_usage_daily AS t
    WHERE t.date = day AND NOT EXISTS (SELECT FROM day_usage AS u WHERE u.agent_id = t.agent_id);
    GET DIAGNOSTICS changed = ROW_COUNT;
    rows_written := rows_written + changed;

    INSERT INTO tenant_requests_daily AS t (date, tenant_id, total_requests, successful_requests)
    SELECT day, tenant_id, sum(total), sum(successful) FROM day_usage GROUP BY tenant_id ORDER BY tenant_id
    ON CONFLICT (date, tenant_id) DO UPDATE SET
        total_requests = excluded.total_requests, successful_requests = excluded.successful_requests
    WHERE t IS DISTINCT FROM excluded;
    GET DIAGNOSTICS changed = ROW_COUNT;
    rows_written := rows_written + changed;

    DELETE FROM tenant_requests_daily AS t
    WHERE t.date = day AND NOT EXISTS (SELECT FROM day_usage AS u WHERE u.tenant_id = t.tenant_id);
    GET DIAGNOSTICS changed = ROW_COUNT;
    rows_written := rows_written + changed;

    -- An aggregated day without requests is a row of zeros: known to be empty, not unknown.
    INSERT INTO platform_usage_daily AS t (
        date, total_requests, successful_requests, response_time_sum, response_time_count,
        response_time_buckets, response_time_counts, total_tokens_used, active_tenants
    )
    SELECT
        day, coalesce(sum(total), 0), coalesce(sum(successful), 0), coalesce(sum(time_sum), 0),
        coalesce(sum(total) FILTER (WHERE bucket IS NOT NULL), 0),
        coalesce(array_agg(bucket ORDER BY bucket) FILTER (WHERE bucket IS NOT NULL), '{}'),
        coalesce(array_agg(total::bigint ORDER BY bucket) FILTER (WHERE bucket IS NOT NULL), '{}'),
        coalesce(sum(tokens), 0), (SELECT count(DISTINCT tenant_id) FROM day_usage)
    FROM (
        SELECT bucket, sum(total) AS total, sum(successful) AS successful, sum(time_sum) AS time_sum, sum(tokens) AS tokens
        FROM day_agents
        GROUP BY bucket
    ) AS by_bucket
    ON CONFLICT (date) DO UPDATE SET
        total_requests = excluded.total_requests, successful_requests = excluded.successful_requests,
        response_time_sum = excluded.response_time_sum, response_time_count = excluded.response_time_count,
        response_time_buckets = excluded.response_time_buckets, response_time_counts = excluded.response_time_counts,
        total_tokens_used = excluded.total_tokens_used, active_tenants = excluded.active_tenants
    WHERE (t.total_requests, t.successful_requests, t.response_time_sum, t.response_time_count,
           t.response_time_buckets, t.response_time_counts, t.total_tokens_used, t.active_tenants)
        IS DISTINCT FROM (excluded.total_requests, excluded.successful_requests, excluded.response_time_sum,
           excluded.response_time_count, excluded.response_time_buckets, excluded.response_time_counts,
           excluded.total_tokens_used, excluded.active_tenants);
    GET DIAGNOSTICS changed = ROW_COUNT;
    rows_written := rows_written + changed;

    INSERT INTO platform_usage_hourly AS t (hour, total_requests, successful_requests)
    SELECT hour, total, successful FROM day_cells WHERE hour IS NOT NULL
    ON CONFLICT (hour) DO UPDATE SET
        total_requests = excluded.total_requests, successful_requests = excluded.successful_requests
    WHERE t IS DISTINCT FROM excluded;
    GET DIAGNOSTICS changed = ROW_COUNT;
    rows_written := rows_written + changed;

    DELETE FROM platform_usage_hourly AS t
    WHERE t.hour >= day_begins AND t.hour < day_ends
        AND NOT EXISTS (SELECT FROM day_cells AS c WHERE c.hour = t.hour);
    GET DIAGNOSTICS changed = ROW_COUNT;
    rows_written := rows_written + changed;

    -- A day is complete at its end; a late or repeated run never takes back what an earlier one vouched for.
    INSERT INTO aggregated_days AS t (date, as_of, rows_read, rows_written, last_run_at)
    VALUES (day, least(snapshot_at, day_ends), aggregate_day.rows_read, aggregate_day.rows_written, snapshot_at)
    ON CONFLICT (date) DO UPDATE SET
        as_of = greatest(t.as_of, excluded.as_of), rows_read = excluded.rows_read, rows_written = excluded.rows_written,
        last_run_at = greatest(t.last_run_at, excluded.last_run_at);

    -- With the day, so that no reader finds one without the other.
    PERFORM refresh_top_lists();
    PERFORM fold_counters();
    PERFORM count_ended_days();

    DROP TABLE day_cells, day_usage, day_before, day_agents;
END
$$;
