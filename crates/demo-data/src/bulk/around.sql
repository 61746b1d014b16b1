-- What lies around a tenant: its people, integrations and incidents, and the audit log.

INSERT INTO alquimista_platform.tenant_users
    (id, tenant_id, cognito_sub, email, full_name, role, created_at, updated_at, last_login_at, disabled_at)
SELECT
    md5(format('%s/user/%s', seed, u.key))::uuid, u.id, md5(format('%s/sub/%s', seed, u.key))::uuid::text,
    format('%s.%s%s@empresa-%s.example.com', replace(alquimista_platform.fold_name(given), ' ', ''), replace(alquimista_platform.fold_name(surname), ' ', ''), place, n),
    given || ' ' || surname, CASE place WHEN 1 THEN 'ADMIN' ELSE 'USER' END, joined_at, joined_at,
    CASE WHEN place <> 4 THEN now - interval '1 minute' * floor(40000 * pg_temp.unit(key, 'login')) END,
    CASE WHEN place = 5 AND n % 4 = 0 THEN now - interval '9 days' END
FROM setting, (
    SELECT t.*, place, 8::bigint * n + place AS key,
        pg_temp.pick(given, 8::bigint * n + place, 'given') AS given, pg_temp.pick(family, 8::bigint * n + place, 'surname') AS surname
    FROM plan_tenants AS t, words, generate_series(1, 5) AS place
) AS u
ORDER BY joined_at, n, place;

INSERT INTO alquimista_platform.tenant_integrations
    (id, tenant_id, integration_type, integration_name, status, credentials_secret_arn, config, last_sync_at, last_error, created_at, updated_at)
SELECT
    md5(format('%s/integration/%s', seed, i.key))::uuid, i.id, kind, label, status,
    format('arn:aws:secretsmanager:sa-east-1:000000000000:secret:integration-%s', key), jsonb_build_object('interval_minutes', 15),
    CASE WHEN status <> 'inactive' THEN now - interval '1 second' * floor(7200 * pg_temp.unit(key, 'sync')) END,
    CASE WHEN status = 'error' THEN 'O serviço recusou a credencial' END, joined_at, joined_at
FROM setting, (
    SELECT t.*, 4::bigint * n + place AS key,
        (ARRAY['email', 'whatsapp', 'crm', 'calendar'])[1 + (n + place) % 4] AS kind,
        (ARRAY['Caixa de e-mail', 'WhatsApp Business', 'CRM', 'Agenda'])[1 + (n + place) % 4] || ' ' ||
            (ARRAY['principal', 'comercial', 'suporte'])[place] AS label,
        CASE WHEN pg_temp.unit(4::bigint * n + place, 'state') < 0.88 THEN 'active'
            WHEN pg_temp.unit(4::bigint * n + place, 'state') < 0.95 THEN 'error' ELSE 'inactive' END AS status
    FROM plan_tenants AS t, generate_series(1, 3) AS place
) AS i
ORDER BY joined_at, n, kind;

-- Ten incidents a tenant on average, one of the whole platform every other day, in the order in which they happened.
INSERT INTO alquimista_platform.operational_events (id, event_type, severity, tenant_id, title, description, created_at, resolved_at)
SELECT
    md5(format('%s/incident/%s', seed, key))::uuid, 'incident',
    (ARRAY['info', 'warning', 'warning', 'error', 'error', 'critical'])[1 + floor(6 * pg_temp.unit(key, 'severity'))::integer],
    id, title, 'Detectado pelo monitoramento. ' || title || '; o impacto foi medido e a equipe avisada.', at,
    CASE WHEN pg_temp.unit(key, 'open') > 0.02 THEN least(now, at + interval '1 minute' * (5 + floor(600 * pg_temp.unit(key, 'minutes')))) END
FROM setting, (
    SELECT key, id,
        (ARRAY['Tempo de resposta elevado', 'Falhas em sequência', 'Integração indisponível', 'Fila acumulada',
            'Limite mensal próximo', 'Respostas incompletas'])[1 + floor(6 * pg_temp.unit(key, 'title'))::integer] AS title,
        now - interval '1 second' * floor(days * 86400 * pg_temp.unit(key, 'incident')) AS at
    FROM (
        SELECT 64::bigint * n + i AS key, id, least(joined_ago, 365) AS days, now
        FROM setting, plan_tenants, generate_series(1, 4 + floor(13 * pg_temp.unit(n, 'incidents'))::integer) AS i
        UNION ALL
        SELECT -i, NULL, 365, now FROM setting, generate_series(1, 180) AS i
    ) AS drawn
) AS incident
ORDER BY at, key;

INSERT INTO alquimista_platform.operational_events (id, event_type, severity, tenant_id, user_sub, title, metadata, created_at)
SELECT
    md5(format('%s/audit/%s', seed, i))::uuid, type, CASE type WHEN 'access_denied' THEN 'warning' ELSE 'info' END, t.id,
    md5(format('%s/internal/%s', seed, floor(40 * pg_temp.unit(i, 'actor')))) :: uuid::text, title, '{}',
    now - interval '1 second' * round((audit_rows - i) * 31536000.0 / audit_rows)
FROM setting, generate_series(1, 100000) AS i
CROSS JOIN (SELECT 100000 AS audit_rows) AS size
CROSS JOIN LATERAL (SELECT 1 + floor(10 * pg_temp.unit(i, 'type'))::integer AS drawn) AS d
CROSS JOIN LATERAL (SELECT
    (ARRAY['command_created', 'command_started', 'command_executed', 'tenant_changed', 'access_denied'])[drawn] AS rare,
    (ARRAY['Comando criado', 'Comando iniciado', 'Comando executado', 'Tenant alterado', 'Acesso negado'])[drawn] AS rare_title
) AS k
CROSS JOIN LATERAL (SELECT coalesce(rare, 'tenant_data_read') AS type, coalesce(rare_title, 'Dados de tenant lidos') AS title) AS named
JOIN plan_tenants AS t ON t.n = 1 + floor((SELECT tenants FROM setting) * pg_temp.unit(i, 'whom'))
ORDER BY i;
