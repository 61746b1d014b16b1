-- What the command processor writes down, and what it has to see for that.

-- Its rows are written from a stream, some after the fact: they say when it happened. That is never in the future, and
-- never longer ago than a command is kept, give or take.
DROP FUNCTION record_command_audit(uuid, text, text, uuid, text, text, text, jsonb);
CREATE FUNCTION record_command_audit(
    event_id uuid, type text, event_severity text, tenant uuid, actor text,
    event_title text, event_description text, event_metadata jsonb, happened_at timestamptz
) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, alquimista_platform, pg_temp
AS $$
BEGIN
    IF type IS NULL OR type NOT IN ('command_created', 'command_started', 'command_executed') THEN
        RAISE EXCEPTION '% is not an audit type of the commands', type USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF happened_at IS NULL OR happened_at < now() - interval '100 days' THEN
        RAISE EXCEPTION 'no command of % is told of any more', happened_at USING ERRCODE = 'invalid_parameter_value';
    END IF;
    INSERT INTO operational_events (
        id, event_type, severity, tenant_id, user_sub, title, description, metadata, created_at
    )
    VALUES (
        event_id, type, event_severity, tenant, actor, event_title, event_description, event_metadata,
        least(happened_at, now())
    )
    ON CONFLICT (id) DO NOTHING;
    RETURN FOUND;
END
$$;
REVOKE ALL ON FUNCTION record_command_audit(uuid, text, text, uuid, text, text, text, jsonb, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record_command_audit(uuid, text, text, uuid, text, text, text, jsonb, timestamptz)
    TO app_commands;

-- A restart that is attempted again tells what the agent was before the first attempt.
CREATE POLICY commands_read ON tenant_agent_changes FOR SELECT TO app_commands USING (true);
GRANT SELECT (tenant_id, agent_id, effective_at, old_status, new_status) ON tenant_agent_changes TO app_commands;
GRANT SELECT (updated_at) ON tenant_agents TO app_commands;
