WITH usage AS MATERIALIZED (
    SELECT d.agent_id,
        sum(d.total_requests) AS total, sum(d.successful_requests) AS successful,
        coalesce(sum(d.total_requests) FILTER (WHERE d.date >= :week_from), 0) AS week_total,
        coalesce(sum(d.successful_requests) FILTER (WHERE d.date >= :week_from), 0) AS week_successful
    FROM alquimista_platform.tenant_usage_daily AS d
    WHERE d.tenant_id = :tenant_id AND d.date BETWEEN :month_from AND :today
    GROUP BY d.agent_id
)
SELECT
    t.id, t.name, t.cnpj, t.segment, t.plan, t.status, t.mrr_estimate AS "mrr_estimate: Money",
    t.created_at, t.updated_at,
    u.total AS total, u.successful AS successful,
    u.week_total AS week_total, u.week_successful AS week_successful,
    (SELECT coalesce(json_agg(x), '[]') FROM (
        SELECT id, email, full_name, role, last_login_at
        FROM alquimista_platform.tenant_users WHERE tenant_id = :tenant_id
        ORDER BY email, id LIMIT 100
    ) AS x) AS users,
    (SELECT coalesce(json_agg(x), '[]') FROM (
        SELECT g.id, g.name, a.status, a.activated_at,
            coalesce(usage.total, 0) AS total, coalesce(usage.successful, 0) AS successful
        FROM alquimista_platform.tenant_agents AS a
        JOIN alquimista_platform.agents AS g ON g.id = a.agent_id
        LEFT JOIN usage ON usage.agent_id = a.agent_id
        WHERE a.tenant_id = :tenant_id
        ORDER BY g.name_key, g.id LIMIT 100
    ) AS x) AS agents,
    (SELECT coalesce(json_agg(x), '[]') FROM (
        SELECT id, integration_type, integration_name AS name, status, last_sync_at
        FROM alquimista_platform.tenant_integrations WHERE tenant_id = :tenant_id
        ORDER BY alquimista_platform.fold_name(integration_name) COLLATE "C", id LIMIT 100
    ) AS x) AS integrations,
    (SELECT coalesce(json_agg(x), '[]') FROM (
        SELECT id, severity, title, created_at
        FROM alquimista_platform.operational_events
        WHERE event_type = 'incident' AND tenant_id = :tenant_id
        ORDER BY created_at DESC, id DESC LIMIT 10
    ) AS x) AS incidents
FROM alquimista_platform.tenants AS t
CROSS JOIN (
    SELECT coalesce(sum(total), 0)::bigint AS total, coalesce(sum(successful), 0)::bigint AS successful,
        coalesce(sum(week_total), 0)::bigint AS week_total,
        coalesce(sum(week_successful), 0)::bigint AS week_successful
    FROM usage
) AS u
WHERE t.id = :tenant_id;
