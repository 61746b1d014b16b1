-- Companies, their people, their agents and integrations.
--
-- Runs as app_owner with search_path = alquimista_platform, public. `tenants` and `agents` may exist already:
-- they are adjusted column by column, and what can't be adjusted stops the migration with a message.

-- Lower case without accents, for sorting and searching: 'São' and 'SAO' are both 'sao'.
-- normalize() is immutable where unaccent() is not, so the result can be stored and indexed.
CREATE FUNCTION fold_name(value text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN lower(regexp_replace(normalize(value, NFKD), '[\u0300-\u036f]+', '', 'g'));

-- The check digit that follows `base`: modulo 11 with weights 2 to 9 from the right, a character counting as its
-- ASCII code minus 48 (Receita Federal, alphanumeric CNPJ, in force since July 2026).
CREATE FUNCTION cnpj_check_digit(base text) RETURNS integer
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN (
        SELECT CASE WHEN total % 11 < 2 THEN 0 ELSE 11 - total % 11 END
        FROM (
            SELECT sum((ascii(substr(base, i, 1)) - 48) * (2 + (length(base) - i) % 8)) AS total
            FROM generate_series(1, length(base)) AS i
        ) AS weighted
    );

CREATE FUNCTION cnpj_is_valid(cnpj text) RETURNS boolean
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN cnpj ~ '^[0-9A-Z]{12}[0-9]{2}$'
        AND cnpj !~ '^(.)\1{13}$'
        AND substr(cnpj, 13, 1)::integer = cnpj_check_digit(substr(cnpj, 1, 12))
        AND substr(cnpj, 14, 1)::integer = cnpj_check_digit(substr(cnpj, 1, 13));

CREATE FUNCTION set_updated_at() RETURNS trigger
    LANGUAGE plpgsql
AS $$
BEGIN
    NEW.updated_at := now();
    RETURN NEW;
END
$$;

CREATE TABLE plans (
    name varchar(50) PRIMARY KEY,
    max_agents integer NOT NULL CHECK (max_agents >= 0),
    max_users integer NOT NULL CHECK (max_users >= 0),
    max_requests_per_month integer NOT NULL CHECK (max_requests_per_month >= 0)
);

INSERT INTO plans (name, max_agents, max_users, max_requests_per_month) VALUES
    ('starter', 3, 5, 10000),
    ('professional', 10, 20, 50000),
    ('enterprise', 50, 100, 500000);

-- tenants -----------------------------------------------------------------------------------------------------

CREATE TABLE IF NOT EXISTS tenants (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name varchar(255) NOT NULL
);

ALTER TABLE tenants
    ADD COLUMN IF NOT EXISTS cnpj char(14),
    ADD COLUMN IF NOT EXISTS segment varchar(100),
    ADD COLUMN IF NOT EXISTS plan varchar(50) DEFAULT 'starter',
    ADD COLUMN IF NOT EXISTS status varchar(20) DEFAULT 'active',
    ADD COLUMN IF NOT EXISTS mrr_estimate numeric(12, 2),
    ADD COLUMN IF NOT EXISTS max_agents integer,
    ADD COLUMN IF NOT EXISTS max_users integer,
    ADD COLUMN IF NOT EXISTS max_requests_per_month integer,
    ADD COLUMN IF NOT EXISTS created_at timestamptz DEFAULT now(),
    ADD COLUMN IF NOT EXISTS updated_at timestamptz DEFAULT now();

CREATE TABLE IF NOT EXISTS agents (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name varchar(255) NOT NULL
);

ALTER TABLE agents
    ADD COLUMN IF NOT EXISTS segment varchar(100),
    ADD COLUMN IF NOT EXISTS created_at timestamptz DEFAULT now();

-- What an existing platform may have: local timestamps, formatted CNPJs, empty fields.
DO $$
DECLARE
    item record;
    bad text;
BEGIN
    FOR item IN
        SELECT table_name, column_name
        FROM information_schema.columns
        WHERE table_schema = 'alquimista_platform'
            AND table_name IN ('tenants', 'agents')
            AND data_type = 'timestamp without time zone'
    LOOP
        EXECUTE format(
            'ALTER TABLE %I ALTER COLUMN %I TYPE timestamptz USING %2$I AT TIME ZONE ''UTC''',
            item.table_name, item.column_name
        );
    END LOOP;

    UPDATE tenants SET status = 'active' WHERE status IS NULL;
    UPDATE tenants SET plan = 'starter' WHERE plan IS NULL;
    UPDATE tenants SET created_at = now() WHERE created_at IS NULL;
    UPDATE tenants SET updated_at = created_at WHERE updated_at IS NULL;
    UPDATE agents SET created_at = now() WHERE created_at IS NULL;

    SELECT string_agg(id::text, ', ') INTO bad
    FROM (
        SELECT id FROM tenants
        WHERE coalesce(length(regexp_replace(cnpj, '[^0-9A-Za-z]', '', 'g')), 0) <> 14
        ORDER BY id LIMIT 20
    ) AS rows_without;
    IF bad IS NOT NULL THEN
        RAISE EXCEPTION 'tenants without a CNPJ of 14 characters: %', bad
            USING HINT = 'Fill in tenants.cnpj for these rows, then migrate again.';
    END IF;

    SELECT string_agg(DISTINCT plan, ', ') INTO bad
    FROM tenants WHERE plan NOT IN (SELECT plans.name FROM plans);
    IF bad IS NOT NULL THEN
        RAISE EXCEPTION 'tenants on plans that do not exist: %', bad
            USING HINT = 'Set tenants.plan to starter, professional or enterprise, then migrate again.';
    END IF;
END
$$;

ALTER TABLE tenants
    ALTER COLUMN cnpj TYPE char(14) USING upper(regexp_replace(cnpj, '[^0-9A-Za-z]', '', 'g')),
    ALTER COLUMN mrr_estimate TYPE numeric(12, 2),
    ALTER COLUMN name SET NOT NULL,
    ALTER COLUMN cnpj SET NOT NULL,
    ALTER COLUMN plan SET NOT NULL,
    ALTER COLUMN status SET NOT NULL,
    ALTER COLUMN status SET DEFAULT 'active',
    ALTER COLUMN created_at SET NOT NULL,
    ALTER COLUMN created_at SET DEFAULT now(),
    ALTER COLUMN updated_at SET NOT NULL,
    ALTER COLUMN updated_at SET DEFAULT now(),
    ADD COLUMN name_key text COLLATE "C" NOT NULL GENERATED ALWAYS AS (fold_name(name)) STORED,
    ADD CONSTRAINT tenants_plan_fk FOREIGN KEY (plan) REFERENCES plans (name),
    ADD CONSTRAINT tenants_cnpj_unique UNIQUE (cnpj),
    ADD CONSTRAINT tenants_name_check CHECK (btrim(name) <> ''),
    ADD CONSTRAINT tenants_status_allowed CHECK (status IN ('active', 'inactive', 'suspended')),
    ADD CONSTRAINT tenants_mrr_estimate_positive CHECK (mrr_estimate >= 0),
    ADD CONSTRAINT tenants_max_agents_positive CHECK (max_agents >= 0),
    ADD CONSTRAINT tenants_max_users_positive CHECK (max_users >= 0),
    ADD CONSTRAINT tenants_max_requests_positive CHECK (max_requests_per_month >= 0),
    -- Binds every new and changed row; rows from before are reported below, not refused.
    ADD CONSTRAINT tenants_cnpj_valid CHECK (cnpj_is_valid(cnpj)) NOT VALID;

ALTER TABLE agents
    ALTER COLUMN name SET NOT NULL,
    ALTER COLUMN created_at SET NOT NULL,
    ALTER COLUMN created_at SET DEFAULT now(),
    ADD COLUMN name_key text COLLATE "C" NOT NULL GENERATED ALWAYS AS (fold_name(name)) STORED;

DO $$
DECLARE
    invalid bigint;
BEGIN
    SELECT count(*) INTO invalid FROM tenants WHERE NOT cnpj_is_valid(cnpj);
    IF invalid = 0 THEN
        ALTER TABLE tenants VALIDATE CONSTRAINT tenants_cnpj_valid;
    ELSE
        RAISE WARNING '% existing tenants have a CNPJ with wrong check digits; they keep it until they are edited', invalid;
    END IF;
END
$$;

CREATE TRIGGER tenants_set_updated_at BEFORE UPDATE ON tenants
    FOR EACH ROW EXECUTE FUNCTION set_updated_at();

-- One index for each order of GET /internal/tenants, alone and below a status; plan and segment ride along so that
-- a filtered page needs no heap. NULLs come last both ways, which for a price takes an index for each direction.
CREATE INDEX tenants_by_name ON tenants (name_key, id) INCLUDE (status, plan, segment);
CREATE INDEX tenants_by_status_name ON tenants (status, name_key, id) INCLUDE (plan, segment);
CREATE INDEX tenants_by_created ON tenants (created_at, id) INCLUDE (status, plan, segment);
CREATE INDEX tenants_by_status_created ON tenants (status, created_at, id) INCLUDE (plan, segment);
CREATE INDEX tenants_by_mrr ON tenants (mrr_estimate, id) INCLUDE (status, plan, segment);
CREATE INDEX tenants_by_status_mrr ON tenants (status, mrr_estimate, id) INCLUDE (plan, segment);
CREATE INDEX tenants_by_mrr_desc ON tenants (mrr_estimate DESC NULLS LAST, id DESC) INCLUDE (status, plan, segment);
CREATE INDEX tenants_by_status_mrr_desc ON tenants (status, mrr_estimate DESC NULLS LAST, id DESC) INCLUDE (plan, segment);
-- Without pending lists a search costs the same right after a burst of changes.
CREATE INDEX tenants_name_search ON tenants USING gin (name_key gin_trgm_ops) WITH (fastupdate = off);
CREATE INDEX tenants_cnpj_search ON tenants USING gin ((cnpj::text) gin_trgm_ops) WITH (fastupdate = off);

-- What belongs to a tenant ----------------------------------------------------------------------------------------

CREATE TABLE tenant_users (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    cognito_sub varchar(255) NOT NULL UNIQUE,
    email varchar(255) NOT NULL,
    full_name varchar(255),
    role varchar(50) NOT NULL CHECK (role IN ('ADMIN', 'USER')),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    last_login_at timestamptz,
    disabled_at timestamptz,
    UNIQUE (tenant_id, email)
);
CREATE INDEX tenant_users_enabled ON tenant_users (tenant_id) WHERE disabled_at IS NULL;
CREATE TRIGGER tenant_users_set_updated_at BEFORE UPDATE ON tenant_users
    FOR EACH ROW EXECUTE FUNCTION set_updated_at();

CREATE TABLE tenant_agents (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    agent_id uuid NOT NULL REFERENCES agents (id),
    status varchar(20) NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'inactive', 'suspended')),
    config jsonb,
    activated_at timestamptz DEFAULT now(),
    deactivated_at timestamptz,
    restarted_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (tenant_id, agent_id)
);
CREATE INDEX tenant_agents_active ON tenant_agents (tenant_id) WHERE status = 'active';
CREATE INDEX tenant_agents_by_agent ON tenant_agents (agent_id, status);
CREATE TRIGGER tenant_agents_set_updated_at BEFORE UPDATE ON tenant_agents
    FOR EACH ROW EXECUTE FUNCTION set_updated_at();

CREATE TABLE tenant_integrations (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    integration_type varchar(50) NOT NULL,
    integration_name varchar(100) NOT NULL,
    status varchar(20) NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'inactive', 'error')),
    credentials_secret_arn varchar(500),
    config jsonb,
    last_sync_at timestamptz,
    last_error text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX tenant_integrations_by_tenant ON tenant_integrations (tenant_id);
CREATE INDEX tenant_integrations_by_type_status ON tenant_integrations (integration_type, status);
CREATE TRIGGER tenant_integrations_set_updated_at BEFORE UPDATE ON tenant_integrations
    FOR EACH ROW EXECUTE FUNCTION set_updated_at();
