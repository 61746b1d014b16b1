-- What the internal API reads at once however many tenants there are: counters, requests by day and tenant, top lists,
-- and the audit of reads and refusals.

-- Counters -----------------------------------------------------------------------------------------------------------

-- Tenants by plan, segment and status. `mrr` adds up mrr_estimate, NULL as 0; the revenue is that of active tenants.
-- A change appends what it adds and takes, so that no two changes wait for each other; fold_counters() adds the changes to
-- the counters now and then. Readers add up both, through the view.
CREATE TABLE tenant_counters (
    plan varchar(50) NOT NULL,
    segment varchar(100),
    status varchar(20) NOT NULL,
    tenants integer NOT NULL,
    mrr numeric(14, 2) NOT NULL,
    UNIQUE NULLS NOT DISTINCT (plan, segment, status)
);
CREATE TABLE tenant_counter_changes (
    plan varchar(50) NOT NULL,
    segment varchar(100),
    status varchar(20) NOT NULL,
    tenants integer NOT NULL,
    mrr numeric(14, 2) NOT NULL
);
CREATE VIEW tenant_counts WITH (security_invoker = true) AS
    SELECT plan, segment, status, tenants, mrr FROM tenant_counters
    UNION ALL
    SELECT plan, segment, status, tenants, mrr FROM tenant_counter_changes;

-- Deployed agents, active ones of active tenants, in the same way.
CREATE TABLE deployment_counters (
    agent_id uuid PRIMARY KEY,
    deployed integer NOT NULL
);
CREATE TABLE deployment_counter_changes (
    agent_id uuid NOT NULL,
    deployed integer NOT NULL
);
CREATE VIEW deployment_counts WITH (security_invoker = true) AS
    SELECT agent_id, deployed FROM deployment_counters
    UNION ALL
    SELECT agent_id, deployed FROM deployment_counter_changes;

-- All four are read whole and stay small. The dead rows of changes must not outnumber the living for long; once all are
-- folded, a vacuum gives the whole file back.
ALTER TABLE tenant_counters SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200);
ALTER TABLE deployment_counters SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200);
ALTER TABLE tenant_counter_changes SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200);
ALTER TABLE deployment_counter_changes SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200);

CREATE FUNCTION count_tenant() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, alquimista_platform, pg_temp
AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND (OLD.plan, OLD.segment, OLD.status, coalesce(OLD.mrr_estimate, 0))
        IS NOT DISTINCT FROM (NEW.plan, NEW.segment, NEW.status, coalesce(NEW.mrr_estimate, 0))
    THEN
        RETURN NULL;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO tenant_counter_changes VALUES (OLD.plan, OLD.segment, OLD.status, -1, -coalesce(OLD.mrr_estimate, 0));
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO tenant_counter_changes VALUES (NEW.plan, NEW.segment, NEW.status, 1, coalesce(NEW.mrr_estimate, 0));
    END IF;
    IF TG_OP = 'UPDATE' AND (OLD.status = 'active') <> (NEW.status = 'active') THEN
        INSERT INTO deployment_counter_changes
        SELECT agent_id, CASE WHEN NEW.status = 'active' THEN 1 ELSE -1 END
        FROM tenant_agents WHERE tenant_id = NEW.id AND status = 'active';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER tenants_count AFTER INSERT OR UPDATE OR DELETE ON tenants
    FOR EACH ROW EXECUTE FUNCTION count_tenant();

-- Before its agents go with it, when nobody can tell any more that their tenant was active.
CREATE FUNCTION count_deployments_of_deleted_tenant() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, alquimista_platform, pg_temp
AS $$
BEGIN
    IF OLD.status = 'active' THEN
        INSERT INTO deployment_counter_changes
        SELECT agent_id, -1 FROM tenant_agents WHERE tenant_id = OLD.id AND status = 'active';
    END IF;
    RETURN OLD;
END
$$;
CREATE TRIGGER tenants_count_deployments BEFORE DELETE ON tenants
    FOR EACH ROW EXECUTE FUNCTION count_deployments_of_deleted_tenant();

CREATE FUNCTION count_deployment() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, alquimista_platform, pg_temp
AS $$
DECLARE
    status_of_tenant text;
BEGIN
    IF TG_OP = 'UPDATE'
        AND (OLD.tenant_id, OLD.agent_id, OLD.status = 'active') = (NEW.tenant_id, NEW.agent_id, NEW.status = 'active')
    THEN
        RETURN NULL;
    END IF;
    -- The tenant's row is held until the end: a change of its status sees this agent, or is seen here.
    IF TG_OP <> 'INSERT' AND OLD.status = 'active' THEN
        SELECT status INTO status_of_tenant FROM tenants WHERE id = OLD.tenant_id FOR SHARE;
        IF status_of_tenant = 'active' THEN
            INSERT INTO deployment_counter_changes VALUES (OLD.agent_id, -1);
        END IF;
    END IF;
    IF TG_OP <> 'DELETE' AND NEW.status = 'active' THEN
        SELECT status INTO status_of_tenant FROM tenants WHERE id = NEW.tenant_id FOR SHARE;
        IF status_of_tenant = 'active' THEN
            INSERT INTO deployment_counter_changes VALUES (NEW.agent_id, 1);
        END IF;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER tenant_agents_count AFTER INSERT OR UPDATE OR DELETE ON tenant_agents
    FOR EACH ROW EXECUTE FUNCTION count_deployment();

INSERT INTO tenant_counters
SELECT plan, segment, status, count(*), coalesce(sum(mrr_estimate), 0) FROM tenants GROUP BY plan, segment, status;
INSERT INTO deployment_counters
SELECT a.agent_id, count(*)
FROM tenant_agents AS a JOIN tenants AS t ON t.id = a.tenant_id
WHERE a.status = 'active' AND t.status = 'active'
GROUP BY a.agent_id;

-- Adds the changes to the counters. What others append meanwhile isn't seen here and stays.
CREATE FUNCTION fold_counters() RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, alquimista_platform, pg_temp
AS $$
    WITH taken AS (DELETE FROM tenant_counter_changes RETURNING *)
    INSERT INTO tenant_counters AS c
    SELECT plan, segment, status, sum(tenants), sum(mrr) FROM taken GROUP BY plan, segment, status
    ON CONFLICT (plan, segment, status) DO UPDATE SET tenants = c.tenants + excluded.tenants, mrr = c.mrr + excluded.mrr;
    DELETE FROM tenant_counters WHERE tenants = 0 AND mrr = 0;

    WITH taken AS (DELETE FROM deployment_counter_changes RETURNING *)
    INSERT INTO deployment_counters AS c
    SELECT agent_id, sum(deployed) FROM taken GROUP BY agent_id
    ON CONFLICT (agent_id) DO UPDATE SET deployed = c.deployed + excluded.deployed;
    DELETE FROM deployment_counters WHERE deployed = 0
$$;

-- The counts of the past: at the end of each day that has ended, by the job. NULL where they have to be counted anew.
ALTER TABLE platform_usage_daily
    ADD COLUMN tenants_active_at_end integer,
    ADD COLUMN agents_deployed_at_end integer;

-- The same from the histories, for any instant; what happens at the instant itself is not counted.
CREATE FUNCTION platform_state_before(instant timestamptz, OUT tenants_active integer, OUT agents_deployed integer)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, alquimista_platform, pg_temp
AS $$
    WITH active AS MATERIALIZED (
        SELECT tenant_id FROM (
            SELECT DISTINCT ON (tenant_id) tenant_id, new_status
            FROM tenant_mrr_changes WHERE effective_at < instant
            ORDER BY tenant_id, effective_at DESC, id DESC
        ) AS newest
        WHERE new_status = 'active'
    )
    SELECT
        (SELECT count(*)::integer FROM active),
        (SELECT count(*)::integer
        FROM (
            SELECT DISTINCT ON (tenant_id, agent_id) tenant_id, new_status
            FROM tenant_agent_changes WHERE effective_at < instant
            ORDER BY tenant_id, agent_id, effective_at DESC, id DESC
        ) AS newest
        JOIN active USING (tenant_id)
        WHERE new_status = 'active')
$$;

-- A change that counts from an earlier day makes the counts at the end of that day and the ones behind it wrong.
CREATE FUNCTION forget_counts_of_the_past() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, alquimista_platform, pg_temp
AS $$
BEGIN
    IF NEW.effective_at < day_start(utc_today()) THEN
        UPDATE platform_usage_daily SET tenants_active_at_end = NULL, agents_deployed_at_end = NULL
        WHERE date >= (NEW.effective_at AT TIME ZONE 'UTC')::date AND tenants_active_at_end IS NOT NULL;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER tenant_mrr_changes_forget AFTER INSERT ON tenant_mrr_changes
    FOR EACH ROW EXECUTE FUNCTION forget_counts_of_the_past();
CREATE TRIGGER tenant_agent_changes_forget AFTER INSERT ON tenant_agent_changes
    FOR EACH ROW EXECUTE FUNCTION forget_counts_of_the_past();

-- Counts the ends of the days that a trend may look back to, where that is still to be done.
CREATE FUNCTION count_ended_days() RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, alquimista_platform, pg_temp
AS $$
    UPDATE platform_usage_daily AS d
    SET tenants_active_at_end = s.tenants_active, agents_deployed_at_end = s.agents_deployed
    FROM (
        SELECT date, state.*
        FROM platform_usage_daily, platform_state_before(day_start(date + 1)) AS state
        WHERE date BETWEEN utc_today() - 100 AND utc_today() - 1 AND tenants_active_at_end IS NULL
    ) AS s
    WHERE d.date = s.date
$$;
SELECT count_ended_days();

-- Top lists ----------------------------------------------------------------------------------------------------------

-- A day's requests by tenant, all agents together. Days first, because a period of everybody's, which the top lists add
-- up, is a range.
CREATE TABLE tenant_requests_daily (
    date date NOT NULL,
    tenant_id uuid NOT NULL,
    total_requests integer NOT NULL,
    successful_requests integer NOT NULL,
    PRIMARY KEY (date, tenant_id) INCLUDE (total_requests, successful_requests)
);
-- And a tenant's days in order, for lists of tenants.
CREATE INDEX tenant_requests_daily_by_tenant ON tenant_requests_daily (tenant_id, date) INCLUDE (total_requests);
ALTER TABLE tenant_requests_daily SET (autovacuum_vacuum_insert_scale_factor = 0.01, autovacuum_analyze_scale_factor = 0.02);
INSERT INTO tenant_requests_daily
SELECT date, tenant_id, sum(total_requests), sum(successful_requests)
FROM tenant_usage_daily GROUP BY date, tenant_id ORDER BY date, tenant_id;

-- Who has most requests in a period of `days` days up to `last_day`, in order, at most ten each.
CREATE TABLE platform_top_lists (
    last_day date NOT NULL,
    days integer NOT NULL,
    tenant_ids uuid[] NOT NULL,
    tenant_totals bigint[] NOT NULL,
    tenant_successes bigint[] NOT NULL,
    agent_ids uuid[] NOT NULL,
    agent_totals bigint[] NOT NULL,
    agent_successes bigint[] NOT NULL,
    PRIMARY KEY (last_day, days)
);

-- The one definition of the top lists. Ties by name, then id; the nameless, who were deleted, last.
CREATE FUNCTION top_lists(
    to_day date, days integer,
    OUT tenant_ids uuid[], OUT tenant_totals bigint[], OUT tenant_successes bigint[],
    OUT agent_ids uuid[], OUT agent_totals bigint[], OUT agent_successes bigint[]
)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, alquimista_platform, pg_temp
AS $$
    WITH tenant AS (
        SELECT u.tenant_id AS id, u.total, u.successful, row_number() OVER w AS place
        FROM (
            SELECT tenant_id, sum(total_requests) AS total, sum(successful_requests) AS successful
            FROM tenant_requests_daily WHERE date > to_day - days AND date <= to_day
            GROUP BY tenant_id
        ) AS u
        LEFT JOIN tenants AS t ON t.id = u.tenant_id
        WINDOW w AS (ORDER BY u.total DESC, t.name_key, u.tenant_id)
        ORDER BY place LIMIT 10
    ), agent AS (
        SELECT u.agent_id AS id, u.total, u.successful, row_number() OVER w AS place
        FROM (
            SELECT agent_id, sum(total_requests) AS total, sum(successful_requests) AS successful
            FROM agent_usage_daily WHERE date > to_day - days AND date <= to_day
            GROUP BY agent_id
        ) AS u
        LEFT JOIN agents AS a ON a.id = u.agent_id
        WINDOW w AS (ORDER BY u.total DESC, a.name_key, u.agent_id)
        ORDER BY place LIMIT 10
    ), tenants_in_order AS (
        SELECT coalesce(array_agg(id ORDER BY place), '{}') AS ids, coalesce(array_agg(total ORDER BY place), '{}') AS totals,
            coalesce(array_agg(successful ORDER BY place), '{}') AS successes
        FROM tenant
    ), agents_in_order AS (
        SELECT coalesce(array_agg(id ORDER BY place), '{}') AS ids, coalesce(array_agg(total ORDER BY place), '{}') AS totals,
            coalesce(array_agg(successful ORDER BY place), '{}') AS successes
        FROM agent
    )
    SELECT t.ids, t.totals::bigint[], t.successes::bigint[], a.ids, a.totals::bigint[], a.successes::bigint[]
    FROM tenants_in_order AS t, agents_in_order AS a
$$;

-- Keeps the lists of the periods that end today.
CREATE FUNCTION refresh_top_lists() RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, alquimista_platform, pg_temp
AS $$
DECLARE
    today constant date := utc_today();
BEGIN
    INSERT INTO platform_top_lists
    SELECT today, period, l.* FROM unnest(ARRAY[7, 30, 90]) AS period, top_lists(today, period) AS l
    ON CONFLICT (last_day, days) DO UPDATE SET
        tenant_ids = excluded.tenant_ids, tenant_totals = excluded.tenant_totals,
        tenant_successes = excluded.tenant_successes, agent_ids = excluded.agent_ids,
        agent_totals = excluded.agent_totals, agent_successes = excluded.agent_successes;
    DELETE FROM platform_top_lists WHERE last_day <> today;
END
$$;

-- Audit of reads and refusals --------------------------------------------------------------------------------------

-- For both APIs. Who the actor is, record_panel_audit says; here, what may be told of. Whether the row is there now: of a
-- tenant that doesn't exist nothing was read.
CREATE FUNCTION record_access(event_id uuid, type text, tenant uuid, event_title text, event_metadata jsonb) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, alquimista_platform, pg_temp
AS $$
BEGIN
    IF type NOT IN ('tenant_data_read', 'access_denied') THEN
        RAISE EXCEPTION '% is neither a read nor a refusal', type USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF type = 'tenant_data_read' AND NOT EXISTS (SELECT FROM tenants WHERE id = tenant) THEN
        RETURN false;
    END IF;
    PERFORM record_panel_audit(event_id, type, tenant, event_title, NULL, event_metadata);
    RETURN true;
END
$$;

-- Lists of every tenant's rows ---------------------------------------------------------------------------------------

CREATE INDEX tenant_integrations_by_name
    ON tenant_integrations ((fold_name(integration_name)) COLLATE "C", id) INCLUDE (integration_type, status);
-- Nobody's incidents, newest first: IS NULL on a leading column doesn't order what follows it.
CREATE INDEX operational_events_incidents_of_platform ON operational_events (created_at DESC, id DESC)
    WHERE event_type = 'incident' AND tenant_id IS NULL;
CREATE INDEX operational_events_incidents_open ON operational_events (created_at DESC, id DESC)
    WHERE event_type = 'incident' AND resolved_at IS NULL;

-- Which run of a day was the last, whatever it vouches for.
ALTER TABLE aggregated_days ADD COLUMN last_run_at timestamptz;

-- Access ---------------------------------------------------------------------------------------------------------------

ALTER TABLE tenant_requests_daily ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_all ON tenant_requests_daily TO app_owner USING (true) WITH CHECK (true);
CREATE POLICY internal_reads ON tenant_requests_daily FOR SELECT TO app_internal USING (true);
CREATE POLICY jobs_write ON tenant_requests_daily TO app_jobs USING (true) WITH CHECK (true);

GRANT SELECT ON tenant_counters, tenant_counter_changes, tenant_counts, deployment_counters, deployment_counter_changes,
    deployment_counts, tenant_requests_daily, platform_top_lists TO app_internal;
-- An index of integrations calls it in the name of whoever changes one.
GRANT EXECUTE ON FUNCTION fold_name(text) TO app_commands;
GRANT EXECUTE ON FUNCTION record_access(uuid, text, uuid, text, jsonb) TO app_tenant, app_internal;
GRANT EXECUTE ON FUNCTION top_lists(date, integer), platform_state_before(timestamptz) TO app_internal;

GRANT SELECT, INSERT, UPDATE, DELETE ON tenant_requests_daily TO app_jobs;
GRANT EXECUTE ON FUNCTION fold_counters(), refresh_top_lists(), count_ended_days() TO app_jobs;
