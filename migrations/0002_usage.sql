-- Raw requests, one partition a UTC day, and what is rolled up from them.

-- A day begins and ends at midnight UTC, whatever the session's time zone.
CREATE FUNCTION day_start(day date) RETURNS timestamptz
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN day::timestamp AT TIME ZONE 'UTC';

CREATE FUNCTION utc_today() RETURNS date
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (now() AT TIME ZONE 'UTC')::date;

DO $$
BEGIN
    IF to_regclass('alquimista_platform.agent_requests') IS NOT NULL THEN
        RAISE EXCEPTION 'alquimista_platform.agent_requests exists already and cannot be partitioned in place'
            USING HINT = 'Follow "An existing agent_requests table" in docs/OPERATIONS.md, then migrate again.';
    END IF;
END
$$;

CREATE TABLE agent_requests (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    tenant_id uuid NOT NULL,
    agent_id uuid,
    status varchar(20) NOT NULL,
    response_time_ms integer,
    tokens_used integer,
    created_at timestamptz NOT NULL DEFAULT now(),
    -- Time first: new rows go to the right edge, an hour is one range, and a writer's retry can't count twice.
    PRIMARY KEY (created_at, id)
) PARTITION BY RANGE (created_at);

-- Makes the partitions of `days` UTC days from `first_day` that don't exist yet, and says how many it made.
CREATE FUNCTION ensure_request_partitions(first_day date, days integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, alquimista_platform, pg_temp
AS $$
DECLARE
    day date;
    made integer := 0;
    partition text;
BEGIN
    IF days NOT BETWEEN 1 AND 400 THEN
        RAISE EXCEPTION 'days must be between 1 and 400, not %', days USING ERRCODE = 'invalid_parameter_value';
    END IF;
    -- Two callers at once would both find a partition missing.
    PERFORM pg_advisory_xact_lock(hashtext('alquimista_platform.agent_requests'));
    FOR day IN SELECT first_day + i FROM generate_series(0, days - 1) AS i LOOP
        partition := 'agent_requests_' || to_char(day, 'YYYYMMDD');
        CONTINUE WHEN to_regclass(format('alquimista_platform.%I', partition)) IS NOT NULL;
        EXECUTE format(
            'CREATE TABLE alquimista_platform.%I PARTITION OF alquimista_platform.agent_requests
                 FOR VALUES FROM (%L) TO (%L)',
            partition, day_start(day), day_start(day + 1)
        );
        -- Reached by name, a partition doesn't inherit the policies of its parent: with none, nobody reads it.
        EXECUTE format(
            'ALTER TABLE alquimista_platform.%1$I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', partition
        );
        made := made + 1;
    END LOOP;
    RETURN made;
END
$$;

-- Drops the partitions of days before `first_kept_day`, save those never aggregated, and says how many it dropped.
CREATE FUNCTION drop_request_partitions(first_kept_day date) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, alquimista_platform, pg_temp
AS $$
DECLARE
    day date;
    dropped integer := 0;
BEGIN
    IF first_kept_day > utc_today() - 3 THEN
        RAISE EXCEPTION 'the last three days are still being aggregated and cannot be dropped'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('alquimista_platform.agent_requests'));
    FOR day IN
        SELECT to_date(right(c.relname, 8), 'YYYYMMDD') AS partition_day
        FROM pg_inherits AS i
        JOIN pg_class AS c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'alquimista_platform.agent_requests'::regclass
        ORDER BY 1
    LOOP
        EXIT WHEN day >= first_kept_day;
        CONTINUE WHEN NOT EXISTS (
            SELECT FROM aggregated_days AS a WHERE a.date = day AND a.as_of >= day_start(day + 1)
        );
        EXECUTE format('DROP TABLE alquimista_platform.%I', 'agent_requests_' || to_char(day, 'YYYYMMDD'));
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
END
$$;

-- Rollups. Sums and histograms, not averages and percentiles: only those add up over days and agents.
-- Written by aggregate_day alone. No foreign keys: the past outlives the tenant.

CREATE TABLE tenant_usage_daily (
    tenant_id uuid NOT NULL,
    agent_id uuid,
    date date NOT NULL,
    total_requests integer NOT NULL,
    successful_requests integer NOT NULL,
    failed_requests integer NOT NULL GENERATED ALWAYS AS (total_requests - successful_requests) STORED,
    -- Of the requests with a valid time: their milliseconds added up, their number, their histogram.
    response_time_sum bigint NOT NULL,
    response_time_count integer NOT NULL,
    response_time_buckets smallint[] NOT NULL,
    response_time_counts integer[] NOT NULL,
    total_tokens_used bigint NOT NULL,
    last_request_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
-- The one index: a tenant's days in order, with what a summary needs. One row for the traffic of no agent.
CREATE UNIQUE INDEX tenant_usage_daily_key ON tenant_usage_daily (tenant_id, date, agent_id)
    INCLUDE (total_requests, successful_requests, response_time_sum, response_time_count, total_tokens_used)
    NULLS NOT DISTINCT;

CREATE TABLE agent_usage_daily (
    agent_id uuid NOT NULL,
    date date NOT NULL,
    total_requests bigint NOT NULL,
    successful_requests bigint NOT NULL,
    response_time_sum bigint NOT NULL,
    response_time_count bigint NOT NULL,
    response_time_buckets smallint[] NOT NULL,
    response_time_counts bigint[] NOT NULL,
    total_tokens_used bigint NOT NULL,
    last_request_at timestamptz NOT NULL,
    PRIMARY KEY (date, agent_id)
);

CREATE TABLE platform_usage_daily (
    date date PRIMARY KEY,
    total_requests bigint NOT NULL,
    successful_requests bigint NOT NULL,
    response_time_sum bigint NOT NULL,
    response_time_count bigint NOT NULL,
    response_time_buckets smallint[] NOT NULL,
    response_time_counts bigint[] NOT NULL,
    total_tokens_used bigint NOT NULL,
    active_tenants integer NOT NULL
);

CREATE TABLE platform_usage_hourly (
    hour timestamptz PRIMARY KEY,
    total_requests bigint NOT NULL,
    successful_requests bigint NOT NULL
);

-- One row a day that was ever aggregated. `as_of`: every request of the day that had arrived by then is counted.
CREATE TABLE aggregated_days (
    date date PRIMARY KEY,
    as_of timestamptz NOT NULL,
    rows_read bigint NOT NULL,
    rows_written bigint NOT NULL
);

-- An insert-only table waits for 20 % growth before it is vacuumed; index-only scans can't wait that long.
ALTER TABLE tenant_usage_daily SET (autovacuum_vacuum_insert_scale_factor = 0.01, autovacuum_analyze_scale_factor = 0.02);

-- The histogram's bucket of a response time: -1 for 0 ms, else floor(7 ln ms), steps of 15 %. The geometric middle of
-- a bucket, rounded, is within 9.1 % of every whole number of milliseconds in it. NULL for a time that isn't valid; not
-- declared STRICT, which would keep it from being inlined.
CREATE FUNCTION response_time_bucket(milliseconds integer) RETURNS smallint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE
        WHEN milliseconds < 0 THEN NULL
        WHEN milliseconds = 0 THEN -1
        ELSE floor(7 * ln(milliseconds::double precision))
    END;
