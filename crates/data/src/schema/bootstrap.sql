-- What must exist before the migrations: roles, the schema and its owner. Runs at every deployment, as a login that may
-- create roles and owns the database (the master user of a managed database will do); it needs no superuser.

DO $$
DECLARE
    role text;
    wanted record;
BEGIN
    FOREACH role IN ARRAY ARRAY['app_owner', 'app_tenant', 'app_internal', 'app_commands', 'app_jobs'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN', role);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL; -- Roles belong to the whole cluster: somebody else was quicker.
            END;
        END IF;
    END LOOP;

    -- Also for whoever made the role: since PostgreSQL 16 that gives the right to grant it, not to act as it.
    EXECUTE format('GRANT app_owner TO %I', current_user);

    -- Per role, because a proxy in front of the database refuses settings at connection time.
    -- Timeouts end below the deadline of the function that waits; short statements lose more to JIT than they gain.
    FOR wanted IN
        SELECT * FROM (VALUES
            ('app_tenant', 'TimeZone', 'UTC'),
            ('app_tenant', 'jit', 'off'),
            ('app_tenant', 'statement_timeout', '4s'),
            ('app_tenant', 'idle_in_transaction_session_timeout', '15s'),
            ('app_internal', 'TimeZone', 'UTC'),
            ('app_internal', 'jit', 'off'),
            ('app_internal', 'statement_timeout', '8s'),
            ('app_internal', 'lock_timeout', '2s'),
            ('app_internal', 'idle_in_transaction_session_timeout', '15s'),
            ('app_commands', 'TimeZone', 'UTC'),
            ('app_commands', 'jit', 'off'),
            ('app_commands', 'statement_timeout', '10s'),
            ('app_commands', 'lock_timeout', '5s'),
            ('app_commands', 'idle_in_transaction_session_timeout', '15s'),
            ('app_jobs', 'TimeZone', 'UTC'),
            ('app_jobs', 'jit', 'off'),
            ('app_jobs', 'idle_in_transaction_session_timeout', '15s'),
            -- A killed run must not hold the lock of the next: its backend looks, while it works, whether anybody is
            -- still there; one that vanished without a word counts as gone after a minute.
            ('app_jobs', 'client_connection_check_interval', '2s'),
            ('app_jobs', 'tcp_keepalives_idle', '30'),
            ('app_jobs', 'tcp_keepalives_interval', '10'),
            ('app_jobs', 'tcp_keepalives_count', '3')
        ) AS settings (role, name, value)
    LOOP
        CONTINUE WHEN EXISTS (
            SELECT FROM pg_roles AS r
            WHERE r.rolname = wanted.role AND format('%s=%s', wanted.name, wanted.value) = ANY (r.rolconfig)
        );
        EXECUTE format('ALTER ROLE %I SET %I = %L', wanted.role, wanted.name, wanted.value);
    END LOOP;

    -- Of this database alone: a session that only reads may not change its own password, so to rotate one the role logs
    -- in to another database.
    FOREACH role IN ARRAY ARRAY['app_tenant', 'app_internal'] LOOP
        IF EXISTS (
            SELECT FROM pg_roles AS r
            WHERE r.rolname = role AND 'default_transaction_read_only=on' = ANY (r.rolconfig)
        ) THEN
            EXECUTE format('ALTER ROLE %I RESET default_transaction_read_only', role);
        END IF;
        CONTINUE WHEN EXISTS (
            SELECT FROM pg_db_role_setting AS s
            JOIN pg_roles AS r ON r.oid = s.setrole
            JOIN pg_database AS d ON d.oid = s.setdatabase
            WHERE r.rolname = role AND d.datname = current_database()
                AND 'default_transaction_read_only=on' = ANY (s.setconfig)
        );
        EXECUTE format(
            'ALTER ROLE %I IN DATABASE %I SET default_transaction_read_only = on', role, current_database()
        );
    END LOOP;
END
$$;

DO $$
DECLARE
    relation record;
BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format(
        'GRANT CONNECT ON DATABASE %I TO app_tenant, app_internal, app_commands, app_jobs', current_database()
    );
    -- The rollup works in temporary tables; migrations do when they must.
    EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO app_jobs, app_owner', current_database());

    IF to_regnamespace('alquimista_platform') IS NULL THEN
        CREATE SCHEMA alquimista_platform AUTHORIZATION app_owner;
    ELSIF (SELECT nspowner FROM pg_namespace WHERE nspname = 'alquimista_platform') <> 'app_owner'::regrole THEN
        ALTER SCHEMA alquimista_platform OWNER TO app_owner;
    END IF;

    -- Tables of a platform that was there first.
    FOR relation IN
        SELECT oid::regclass AS name FROM pg_class
        WHERE relnamespace = 'alquimista_platform'::regnamespace AND relkind IN ('r', 'p')
            AND relowner <> 'app_owner'::regrole
    LOOP
        EXECUTE format('ALTER TABLE %s OWNER TO app_owner', relation.name);
    END LOOP;

    -- Nothing the owner makes may be called by everybody; migrations grant by name.
    ALTER DEFAULT PRIVILEGES FOR ROLE app_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
END
$$;

CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA alquimista_platform;
