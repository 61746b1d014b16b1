-- Who may see and do what. A role logs in for one function; the owner never logs in.
--   app_tenant    the tenant API: reads one tenant, that of the transaction's app.tenant_id
--   app_internal  the internal API: reads every tenant, writes tenants
--   app_commands  the command processor: reads every tenant, changes what its executors change
--   app_jobs      the aggregation: raw requests and rollups
-- Adding a table with a tenant_id means adding it to the list below: a test fails when one lacks its policies.

GRANT USAGE ON SCHEMA alquimista_platform TO app_tenant, app_internal, app_commands, app_jobs;

-- Both wrappers matter: after a local setting ends it is '' rather than NULL, and a sub-select is evaluated once.
-- What app_tenant sees of a table is written out here, once.
DO $$
DECLARE
    scoped text;
BEGIN
    FOREACH scoped IN ARRAY ARRAY[
        'tenant_users', 'tenant_agents', 'tenant_integrations', 'tenant_usage_daily',
        'agent_requests', 'operational_events', 'tenant_mrr_changes', 'tenant_agent_changes', 'tenants'
    ] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', scoped);
        EXECUTE format('CREATE POLICY owner_all ON %I TO app_owner USING (true) WITH CHECK (true)', scoped);
    END LOOP;
    FOREACH scoped IN ARRAY ARRAY['tenant_users', 'tenant_agents', 'tenant_integrations', 'tenant_usage_daily'] LOOP
        EXECUTE format(
            'CREATE POLICY tenant_reads_own ON %I FOR SELECT TO app_tenant
                 USING (tenant_id = (SELECT nullif(current_setting(''app.tenant_id'', true), '''')::uuid))',
            scoped
        );
    END LOOP;
END
$$;

CREATE POLICY tenant_reads_own ON tenants FOR SELECT TO app_tenant
    USING (id = (SELECT nullif(current_setting('app.tenant_id', true), '')::uuid));

-- Incidents of the tenant or of nobody; with no scope, not even those. Audit rows never.
CREATE POLICY tenant_reads_incidents ON operational_events FOR SELECT TO app_tenant
    USING (
        event_type = 'incident'
        AND (SELECT nullif(current_setting('app.tenant_id', true), '')::uuid) IS NOT NULL
        AND (tenant_id = (SELECT nullif(current_setting('app.tenant_id', true), '')::uuid) OR tenant_id IS NULL)
    );

-- app_tenant: what its routes answer with, no column more.
GRANT SELECT ON plans, agents, tenants TO app_tenant;
GRANT SELECT (tenant_id, disabled_at) ON tenant_users TO app_tenant;
GRANT SELECT (id, tenant_id, agent_id, status, activated_at, deactivated_at) ON tenant_agents TO app_tenant;
GRANT SELECT (id, tenant_id, integration_type, integration_name, status, last_sync_at, last_error, created_at, updated_at)
    ON tenant_integrations TO app_tenant;
GRANT SELECT ON tenant_usage_daily TO app_tenant;
GRANT SELECT (id, event_type, severity, tenant_id, title, description, created_at, resolved_at)
    ON operational_events TO app_tenant;
GRANT SELECT (date, as_of) ON aggregated_days TO app_tenant;

-- app_internal
CREATE POLICY internal_reads ON tenants FOR SELECT TO app_internal USING (true);
CREATE POLICY internal_adds ON tenants FOR INSERT TO app_internal WITH CHECK (true);
CREATE POLICY internal_changes ON tenants FOR UPDATE TO app_internal USING (true) WITH CHECK (true);
CREATE POLICY internal_reads ON tenant_users FOR SELECT TO app_internal USING (true);
CREATE POLICY internal_reads ON tenant_agents FOR SELECT TO app_internal USING (true);
CREATE POLICY internal_reads ON tenant_integrations FOR SELECT TO app_internal USING (true);
CREATE POLICY internal_reads ON tenant_usage_daily FOR SELECT TO app_internal USING (true);
CREATE POLICY internal_reads ON operational_events FOR SELECT TO app_internal USING (true);
CREATE POLICY internal_reads ON tenant_mrr_changes FOR SELECT TO app_internal USING (true);
CREATE POLICY internal_reads ON tenant_agent_changes FOR SELECT TO app_internal USING (true);

GRANT SELECT ON plans, agents, tenants, tenant_users, tenant_agents, tenant_usage_daily, agent_usage_daily,
    platform_usage_daily, platform_usage_hourly, aggregated_days, operational_events, tenant_mrr_changes,
    tenant_agent_changes TO app_internal;
GRANT SELECT (id, tenant_id, integration_type, integration_name, status, config, last_sync_at, last_error, created_at,
    updated_at) ON tenant_integrations TO app_internal;
GRANT INSERT (id, name, cnpj, segment, plan, status, mrr_estimate),
    UPDATE (name, cnpj, segment, plan, status, mrr_estimate) ON tenants TO app_internal;
GRANT EXECUTE ON FUNCTION record_panel_audit(uuid, text, uuid, text, text, jsonb) TO app_internal;

-- app_commands
CREATE POLICY commands_read ON tenants FOR SELECT TO app_commands USING (true);
CREATE POLICY commands_read ON tenant_agents FOR SELECT TO app_commands USING (true);
CREATE POLICY commands_change ON tenant_agents FOR UPDATE TO app_commands USING (true) WITH CHECK (true);
CREATE POLICY commands_read ON tenant_integrations FOR SELECT TO app_commands USING (true);
CREATE POLICY commands_change ON tenant_integrations FOR UPDATE TO app_commands USING (true) WITH CHECK (true);

GRANT SELECT (id, name, status) ON tenants TO app_commands;
GRANT SELECT ON agents, tenant_integrations TO app_commands;
GRANT SELECT (id, tenant_id, agent_id, status, activated_at, deactivated_at, restarted_at) ON tenant_agents TO app_commands;
GRANT UPDATE (status, deactivated_at, restarted_at) ON tenant_agents TO app_commands;
GRANT UPDATE (status, last_error) ON tenant_integrations TO app_commands;
GRANT EXECUTE ON FUNCTION record_command_audit(uuid, text, text, uuid, text, text, text, jsonb) TO app_commands;

-- app_jobs
CREATE POLICY jobs_read ON agent_requests FOR SELECT TO app_jobs USING (true);
CREATE POLICY jobs_write ON tenant_usage_daily TO app_jobs USING (true) WITH CHECK (true);

GRANT SELECT ON agent_requests TO app_jobs;
GRANT SELECT, INSERT, UPDATE, DELETE ON tenant_usage_daily, agent_usage_daily, platform_usage_daily,
    platform_usage_hourly, aggregated_days TO app_jobs;
GRANT EXECUTE ON FUNCTION aggregate_day(date), ensure_request_partitions(date, integer),
    drop_request_partitions(date), response_time_bucket(integer) TO app_jobs;

-- Called from constraints, generated columns and queries, in the name of whoever writes or reads.
GRANT EXECUTE ON FUNCTION fold_name(text) TO app_tenant, app_internal;
GRANT EXECUTE ON FUNCTION cnpj_check_digit(text), cnpj_is_valid(text) TO app_internal;
GRANT EXECUTE ON FUNCTION day_start(date), utc_today() TO app_tenant, app_internal, app_commands, app_jobs;
