-- The design's tables and indexes as it has them, filled from ours, in a schema of their own. What the design leaves to a
-- platform that is there already (tenants, agents) has its keys. The isolation of tenants isn't optional: row-level
-- security is the same as ours.

DROP SCHEMA IF EXISTS naive CASCADE;
CREATE SCHEMA naive;

CREATE TABLE naive.plans AS SELECT * FROM alquimista_platform.plans;
ALTER TABLE naive.plans ADD PRIMARY KEY (name);

CREATE TABLE naive.tenants AS
SELECT id, name, cnpj, segment, plan, status, mrr_estimate, created_at, updated_at FROM alquimista_platform.tenants;
ALTER TABLE naive.tenants ADD PRIMARY KEY (id), ADD UNIQUE (cnpj);

CREATE TABLE naive.agents AS SELECT id, name, segment, created_at FROM alquimista_platform.agents;
ALTER TABLE naive.agents ADD PRIMARY KEY (id);

CREATE TABLE naive.tenant_users AS
SELECT id, tenant_id, cognito_sub, email, full_name, role, created_at, updated_at, last_login_at
FROM alquimista_platform.tenant_users ORDER BY created_at, id;
ALTER TABLE naive.tenant_users
    ADD PRIMARY KEY (id), ADD UNIQUE (cognito_sub), ADD UNIQUE (tenant_id, email),
    ADD FOREIGN KEY (tenant_id) REFERENCES naive.tenants (id) ON DELETE CASCADE;
CREATE INDEX idx_tenant_users_tenant ON naive.tenant_users (tenant_id);
CREATE INDEX idx_tenant_users_cognito_sub ON naive.tenant_users (cognito_sub);

CREATE TABLE naive.tenant_agents AS
SELECT id, tenant_id, agent_id, status, config, activated_at, deactivated_at, created_at, updated_at
FROM alquimista_platform.tenant_agents ORDER BY created_at, id;
ALTER TABLE naive.tenant_agents
    ADD PRIMARY KEY (id), ADD UNIQUE (tenant_id, agent_id),
    ADD FOREIGN KEY (tenant_id) REFERENCES naive.tenants (id) ON DELETE CASCADE,
    ADD FOREIGN KEY (agent_id) REFERENCES naive.agents (id);
CREATE INDEX idx_tenant_agents_tenant ON naive.tenant_agents (tenant_id);
CREATE INDEX idx_tenant_agents_agent ON naive.tenant_agents (agent_id);
CREATE INDEX idx_tenant_agents_status ON naive.tenant_agents (status);

CREATE TABLE naive.tenant_integrations AS
SELECT id, tenant_id, integration_type, integration_name, status, credentials_secret_arn, config, last_sync_at,
    last_error, created_at, updated_at
FROM alquimista_platform.tenant_integrations ORDER BY created_at, id;
ALTER TABLE naive.tenant_integrations
    ADD PRIMARY KEY (id), ADD FOREIGN KEY (tenant_id) REFERENCES naive.tenants (id) ON DELETE CASCADE;
CREATE INDEX idx_tenant_integrations_tenant ON naive.tenant_integrations (tenant_id);
CREATE INDEX idx_tenant_integrations_type ON naive.tenant_integrations (integration_type);
CREATE INDEX idx_tenant_integrations_status ON naive.tenant_integrations (status);

-- Day by day, and within a day in the order in which grouping by hash would have inserted.
CREATE TABLE naive.tenant_usage_daily (
    id uuid DEFAULT gen_random_uuid(),
    tenant_id uuid NOT NULL,
    agent_id uuid,
    date date NOT NULL,
    total_requests integer DEFAULT 0,
    successful_requests integer DEFAULT 0,
    failed_requests integer DEFAULT 0,
    avg_response_time_ms integer,
    total_tokens_used bigint DEFAULT 0,
    created_at timestamp DEFAULT now()
);
INSERT INTO naive.tenant_usage_daily (
    tenant_id, agent_id, date, total_requests, successful_requests, failed_requests, avg_response_time_ms, total_tokens_used
)
SELECT tenant_id, agent_id, date, total_requests, successful_requests, failed_requests,
    response_time_sum / nullif(response_time_count, 0), total_tokens_used
FROM alquimista_platform.tenant_usage_daily
ORDER BY date, uuid_hash(tenant_id) # coalesce(uuid_hash(agent_id), 0);
ALTER TABLE naive.tenant_usage_daily
    ADD PRIMARY KEY (id), ADD UNIQUE (tenant_id, agent_id, date),
    ADD FOREIGN KEY (tenant_id) REFERENCES naive.tenants (id) ON DELETE CASCADE,
    ADD FOREIGN KEY (agent_id) REFERENCES naive.agents (id);
CREATE INDEX idx_tenant_usage_daily_tenant_date ON naive.tenant_usage_daily (tenant_id, date DESC);
CREATE INDEX idx_tenant_usage_daily_agent_date ON naive.tenant_usage_daily (agent_id, date DESC);

CREATE TABLE naive.operational_events AS
SELECT id, event_type, severity, tenant_id, user_sub, title, description, metadata, created_at, resolved_at
FROM alquimista_platform.operational_events ORDER BY created_at, id;
ALTER TABLE naive.operational_events
    ADD PRIMARY KEY (id), ADD FOREIGN KEY (tenant_id) REFERENCES naive.tenants (id);
CREATE INDEX idx_operational_events_type ON naive.operational_events (event_type);
CREATE INDEX idx_operational_events_severity ON naive.operational_events (severity);
CREATE INDEX idx_operational_events_tenant ON naive.operational_events (tenant_id);
CREATE INDEX idx_operational_events_created ON naive.operational_events (created_at DESC);

-- Access, as ours.
GRANT USAGE ON SCHEMA naive TO app_tenant, app_internal;
GRANT SELECT ON ALL TABLES IN SCHEMA naive TO app_tenant, app_internal;
DO $$
DECLARE
    scoped text;
BEGIN
    FOREACH scoped IN ARRAY ARRAY[
        'tenants', 'tenant_users', 'tenant_agents', 'tenant_integrations', 'tenant_usage_daily', 'operational_events'
    ] LOOP
        EXECUTE format('ALTER TABLE naive.%I ENABLE ROW LEVEL SECURITY', scoped);
        EXECUTE format('CREATE POLICY internal_reads ON naive.%I FOR SELECT TO app_internal USING (true)', scoped);
        EXECUTE format(
            'CREATE POLICY tenant_reads_own ON naive.%I FOR SELECT TO app_tenant
                 USING (%s = (SELECT nullif(current_setting(''app.tenant_id'', true), '''')::uuid)%s)',
            scoped, CASE scoped WHEN 'tenants' THEN 'id' ELSE 'tenant_id' END,
            CASE scoped WHEN 'operational_events' THEN ' OR tenant_id IS NULL' ELSE '' END
        );
    END LOOP;
END
$$;
