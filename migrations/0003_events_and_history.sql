-- What happened: incidents and the audit log, and the history of prices and deployments. Rows stay as written.

CREATE TABLE operational_events (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    event_type varchar(50) NOT NULL,
    severity varchar(20) NOT NULL CHECK (severity IN ('info', 'warning', 'error', 'critical')),
    tenant_id uuid,
    user_sub varchar(255),
    title varchar(255) NOT NULL,
    description text,
    metadata jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    resolved_at timestamptz,
    CONSTRAINT only_incidents_resolve CHECK (resolved_at IS NULL OR event_type = 'incident')
);
-- Lists are newest first; a tenant's incidents are its own rows and those of nobody, two ranges of one index.
CREATE INDEX operational_events_incidents_by_tenant ON operational_events (tenant_id, created_at DESC, id DESC)
    WHERE event_type = 'incident';
CREATE INDEX operational_events_incidents ON operational_events (created_at DESC, id DESC)
    WHERE event_type = 'incident';
CREATE INDEX operational_events_audit ON operational_events (created_at DESC, id DESC)
    WHERE event_type NOT IN ('incident', 'maintenance');
CREATE INDEX operational_events_audit_by_tenant ON operational_events (tenant_id, created_at DESC, id DESC)
    WHERE event_type NOT IN ('incident', 'maintenance');
CREATE INDEX operational_events_audit_by_user ON operational_events (user_sub, created_at DESC, id DESC)
    WHERE event_type NOT IN ('incident', 'maintenance');
CREATE INDEX operational_events_audit_by_type ON operational_events (event_type, created_at DESC, id DESC)
    WHERE event_type NOT IN ('incident', 'maintenance');

-- Prices: a row for each change of m(t), the price of an active tenant and 0 of any other, and of the status.
CREATE TABLE tenant_mrr_changes (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id uuid NOT NULL,
    effective_at timestamptz NOT NULL,
    old_status varchar(20), -- NULL: the tenant did not exist
    new_status varchar(20), -- NULL: it was deleted
    old_mrr numeric(12, 2) NOT NULL,
    new_mrr numeric(12, 2) NOT NULL
);
CREATE INDEX tenant_mrr_changes_by_time ON tenant_mrr_changes (effective_at, id)
    INCLUDE (tenant_id, old_status, new_status, old_mrr, new_mrr);
CREATE INDEX tenant_mrr_changes_by_tenant ON tenant_mrr_changes (tenant_id, effective_at DESC, id DESC);

-- Deployments: a row for each change of tenant_agents.status.
CREATE TABLE tenant_agent_changes (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id uuid NOT NULL,
    agent_id uuid NOT NULL,
    effective_at timestamptz NOT NULL,
    old_status varchar(20),
    new_status varchar(20)
);
CREATE INDEX tenant_agent_changes_by_time ON tenant_agent_changes (effective_at, id);
CREATE INDEX tenant_agent_changes_by_agent ON tenant_agent_changes (tenant_id, agent_id, effective_at DESC, id DESC);

-- The instant a change counts from: now, or what the migrator sets in app.effective_at to load a past.
CREATE FUNCTION change_instant() RETURNS timestamptz
    LANGUAGE plpgsql STABLE
AS $$
DECLARE
    chosen text := nullif(current_setting('app.effective_at', true), '');
BEGIN
    IF chosen IS NULL THEN
        RETURN now();
    END IF;
    IF NOT pg_has_role(session_user, 'app_owner', 'member') THEN
        RAISE EXCEPTION 'only the migrator may date a change' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN chosen::timestamptz;
END
$$;

CREATE FUNCTION record_mrr_change() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, alquimista_platform, pg_temp
AS $$
DECLARE
    tenant uuid := CASE WHEN TG_OP = 'DELETE' THEN OLD.id ELSE NEW.id END;
    before_status text := CASE WHEN TG_OP <> 'INSERT' THEN OLD.status END;
    after_status text := CASE WHEN TG_OP <> 'DELETE' THEN NEW.status END;
    before_mrr numeric := CASE WHEN before_status = 'active' THEN coalesce(OLD.mrr_estimate, 0) ELSE 0 END;
    after_mrr numeric := CASE WHEN after_status = 'active' THEN coalesce(NEW.mrr_estimate, 0) ELSE 0 END;
BEGIN
    IF (before_status, before_mrr) IS DISTINCT FROM (after_status, after_mrr) THEN
        INSERT INTO tenant_mrr_changes (tenant_id, effective_at, old_status, new_status, old_mrr, new_mrr)
        -- A transaction that began earlier may change the row later: a tenant's history still runs forward.
        SELECT tenant, greatest(change_instant(), max(c.effective_at)), before_status, after_status, before_mrr, after_mrr
        FROM (
            SELECT effective_at FROM tenant_mrr_changes
            WHERE tenant_id = tenant ORDER BY effective_at DESC, id DESC LIMIT 1
        ) AS c;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER tenants_record_mrr AFTER INSERT OR UPDATE OR DELETE ON tenants
    FOR EACH ROW EXECUTE FUNCTION record_mrr_change();

CREATE FUNCTION record_agent_change() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, alquimista_platform, pg_temp
AS $$
DECLARE
    tenant uuid := CASE WHEN TG_OP = 'DELETE' THEN OLD.tenant_id ELSE NEW.tenant_id END;
    agent uuid := CASE WHEN TG_OP = 'DELETE' THEN OLD.agent_id ELSE NEW.agent_id END;
    before_status text := CASE WHEN TG_OP <> 'INSERT' THEN OLD.status END;
    after_status text := CASE WHEN TG_OP <> 'DELETE' THEN NEW.status END;
BEGIN
    IF before_status IS DISTINCT FROM after_status THEN
        INSERT INTO tenant_agent_changes (tenant_id, agent_id, effective_at, old_status, new_status)
        SELECT tenant, agent, greatest(change_instant(), max(c.effective_at)), before_status, after_status
        FROM (
            SELECT effective_at FROM tenant_agent_changes
            WHERE tenant_id = tenant AND agent_id = agent ORDER BY effective_at DESC, id DESC LIMIT 1
        ) AS c;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER tenant_agents_record_change AFTER INSERT OR UPDATE OR DELETE ON tenant_agents
    FOR EACH ROW EXECUTE FUNCTION record_agent_change();

-- Tenants and agents from before the history: it begins with them.
INSERT INTO tenant_mrr_changes (tenant_id, effective_at, old_status, new_status, old_mrr, new_mrr)
SELECT id, created_at, NULL, status, 0, CASE WHEN status = 'active' THEN coalesce(mrr_estimate, 0) ELSE 0 END
FROM tenants ORDER BY created_at, id;

-- Immutable, even for the owner, even by accident.
CREATE FUNCTION refuse_change() RETURNS trigger
    LANGUAGE plpgsql
AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused: its rows are a record', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END
$$;

-- The one change an event may see: an incident is resolved, once.
CREATE FUNCTION refuse_event_change() RETURNS trigger
    LANGUAGE plpgsql
AS $$
BEGIN
    IF OLD.event_type = 'incident' AND OLD.resolved_at IS NULL AND NEW.resolved_at IS NOT NULL
        AND (to_jsonb(NEW) - 'resolved_at') = (to_jsonb(OLD) - 'resolved_at')
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'UPDATE on operational_events is refused: only an open incident may be resolved, once'
        USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER operational_events_no_update BEFORE UPDATE ON operational_events
    FOR EACH ROW EXECUTE FUNCTION refuse_event_change();
CREATE TRIGGER operational_events_no_delete BEFORE DELETE ON operational_events
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER operational_events_no_truncate BEFORE TRUNCATE ON operational_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER tenant_mrr_changes_no_change BEFORE UPDATE OR DELETE ON tenant_mrr_changes
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER tenant_mrr_changes_no_truncate BEFORE TRUNCATE ON tenant_mrr_changes
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER tenant_agent_changes_no_change BEFORE UPDATE OR DELETE ON tenant_agent_changes
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER tenant_agent_changes_no_truncate BEFORE TRUNCATE ON tenant_agent_changes
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Audit rows of the internal panel. The caller chooses neither the actor, which is the transaction's app.actor_sub,
-- nor a type outside this list, nor the instant. A second row of the same id is the same fact told twice.
CREATE FUNCTION record_panel_audit(
    event_id uuid, type text, tenant uuid, event_title text, event_description text, event_metadata jsonb
) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, alquimista_platform, pg_temp
AS $$
DECLARE
    actor text := nullif(current_setting('app.actor_sub', true), '');
BEGIN
    IF actor IS NULL THEN
        RAISE EXCEPTION 'an audit row needs an actor: app.actor_sub is not set' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF type NOT IN ('tenant_created', 'tenant_changed', 'tenant_data_read', 'access_denied') THEN
        RAISE EXCEPTION '% is not an audit type of the panel', type USING ERRCODE = 'insufficient_privilege';
    END IF;
    INSERT INTO operational_events (id, event_type, severity, tenant_id, user_sub, title, description, metadata)
    VALUES (
        event_id, type, CASE type WHEN 'access_denied' THEN 'warning' ELSE 'info' END,
        tenant, actor, event_title, event_description, event_metadata
    )
    ON CONFLICT (id) DO NOTHING;
    RETURN FOUND;
END
$$;

-- Audit rows of the command processor, which tells of other people's commands: it names the actor.
CREATE FUNCTION record_command_audit(
    event_id uuid, type text, event_severity text, tenant uuid, actor text,
    event_title text, event_description text, event_metadata jsonb
) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, alquimista_platform, pg_temp
AS $$
BEGIN
    IF type NOT IN ('command_created', 'command_started', 'command_executed') THEN
        RAISE EXCEPTION '% is not an audit type of the commands', type USING ERRCODE = 'insufficient_privilege';
    END IF;
    INSERT INTO operational_events (id, event_type, severity, tenant_id, user_sub, title, description, metadata)
    VALUES (event_id, type, event_severity, tenant, actor, event_title, event_description, event_metadata)
    ON CONFLICT (id) DO NOTHING;
    RETURN FOUND;
END
$$;
