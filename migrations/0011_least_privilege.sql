-- What each role may do with tables, all of it, and nothing that none of its statements needs: this takes the place of what
-- the migrations before granted. tests/blackbox/test_zz_grants.py asks for each right, column by column, what would be
-- refused without it.
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '10s';

REVOKE ALL ON ALL TABLES IN SCHEMA alquimista_platform FROM app_tenant, app_internal, app_commands, app_jobs;

-- app_tenant
GRANT SELECT ON plans TO app_tenant;
GRANT SELECT (id, name, segment, name_key) ON agents TO app_tenant;
GRANT SELECT (
    id, name, cnpj, segment, plan, status, mrr_estimate, max_agents, max_users, max_requests_per_month, created_at
) ON tenants TO app_tenant;
GRANT SELECT (tenant_id, disabled_at) ON tenant_users TO app_tenant;
GRANT SELECT (tenant_id, agent_id, status, activated_at) ON tenant_agents TO app_tenant;
GRANT SELECT (id, tenant_id, integration_type, integration_name, status, last_sync_at, last_error)
    ON tenant_integrations TO app_tenant;
GRANT SELECT (
    tenant_id, agent_id, date, total_requests, successful_requests, response_time_sum, response_time_count,
    response_time_buckets, response_time_counts, total_tokens_used
) ON tenant_usage_daily TO app_tenant;
GRANT SELECT (id, event_type, severity, tenant_id, title, description, created_at, resolved_at)
    ON operational_events TO app_tenant;
GRANT SELECT (date, as_of) ON aggregated_days TO app_tenant;

-- app_internal
GRANT SELECT ON plans, agents, tenants, operational_events, agent_usage_daily, platform_top_lists, tenant_counts,
    tenant_counters, tenant_counter_changes, deployment_counts, deployment_counters, deployment_counter_changes
    TO app_internal;
GRANT INSERT (id, name, cnpj, segment, plan, status, mrr_estimate),
    UPDATE (name, cnpj, segment, plan, status, mrr_estimate) ON tenants TO app_internal;
GRANT SELECT (id, tenant_id, email, full_name, role, last_login_at, disabled_at) ON tenant_users TO app_internal;
GRANT SELECT (tenant_id, agent_id, status, config, activated_at, deactivated_at, restarted_at)
    ON tenant_agents TO app_internal;
GRANT SELECT (id, tenant_id, integration_type, integration_name, status, last_sync_at, last_error)
    ON tenant_integrations TO app_internal;
GRANT SELECT (
    tenant_id, agent_id, date, total_requests, successful_requests, response_time_sum, response_time_count,
    response_time_buckets, response_time_counts, last_request_at
) ON tenant_usage_daily TO app_internal;
GRANT SELECT (date, tenant_id, total_requests) ON tenant_requests_daily TO app_internal;
GRANT SELECT (
    date, total_requests, successful_requests, response_time_sum, response_time_count, total_tokens_used,
    active_tenants, tenants_active_at_end, agents_deployed_at_end
) ON platform_usage_daily TO app_internal;
GRANT SELECT (hour, total_requests) ON platform_usage_hourly TO app_internal;
GRANT SELECT (id, tenant_id, effective_at, old_mrr, new_mrr) ON tenant_mrr_changes TO app_internal;
GRANT SELECT (date, as_of) ON aggregated_days TO app_internal;

-- app_commands
GRANT SELECT (id, name) ON agents TO app_commands;
GRANT SELECT (id, tenant_id, agent_id, status, restarted_at, updated_at),
    UPDATE (status, deactivated_at, restarted_at) ON tenant_agents TO app_commands;
GRANT SELECT (tenant_id, agent_id, effective_at, old_status, new_status) ON tenant_agent_changes TO app_commands;
GRANT SELECT (id, tenant_id, integration_type, integration_name, status, credentials_secret_arn, last_error),
    UPDATE (status, last_error) ON tenant_integrations TO app_commands;

-- app_jobs: of the rollups, what identifies a row is never changed. The counts at the end of a day are written by
-- count_ended_days(), in its owner's name.
GRANT SELECT (tenant_id, agent_id, status, response_time_ms, tokens_used, created_at) ON agent_requests TO app_jobs;
GRANT SELECT, DELETE,
    INSERT (
        tenant_id, agent_id, date, total_requests, successful_requests, response_time_sum, response_time_count,
        response_time_buckets, response_time_counts, total_tokens_used, last_request_at
    ),
    UPDATE (
        total_requests, successful_requests, response_time_sum, response_time_count, response_time_buckets,
        response_time_counts, total_tokens_used, last_request_at
    ) ON tenant_usage_daily TO app_jobs;
GRANT SELECT, INSERT, DELETE,
    UPDATE (
        total_requests, successful_requests, response_time_sum, response_time_count, response_time_buckets,
        response_time_counts, total_tokens_used, last_request_at
    ) ON agent_usage_daily TO app_jobs;
GRANT SELECT, INSERT, DELETE, UPDATE (total_requests, successful_requests) ON tenant_requests_daily TO app_jobs;
GRANT SELECT, INSERT, DELETE, UPDATE (total_requests, successful_requests) ON platform_usage_hourly TO app_jobs;
GRANT
    SELECT (
        date, total_requests, successful_requests, response_time_sum, response_time_count, response_time_buckets,
        response_time_counts, total_tokens_used, active_tenants
    ),
    INSERT (
        date, total_requests, successful_requests, response_time_sum, response_time_count, response_time_buckets,
        response_time_counts, total_tokens_used, active_tenants
    ),
    UPDATE (
        total_requests, successful_requests, response_time_sum, response_time_count, response_time_buckets,
        response_time_counts, total_tokens_used, active_tenants
    ) ON platform_usage_daily TO app_jobs;
GRANT SELECT, INSERT, UPDATE (as_of, rows_read, rows_written, last_run_at) ON aggregated_days TO app_jobs;

-- Functions that they don't call, and what they were shown of tables that they don't read any more.
REVOKE EXECUTE ON FUNCTION day_start(date) FROM app_tenant, app_commands;
REVOKE EXECUTE ON FUNCTION utc_today() FROM app_tenant, app_internal, app_commands;
DROP POLICY internal_reads ON tenant_agent_changes;
DROP POLICY commands_read ON tenants;
