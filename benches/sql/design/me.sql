SELECT
    t.id, t.name, t.cnpj, t.segment, t.plan, t.status, t.mrr_estimate, t.created_at,
    coalesce(t.max_agents, p.max_agents), coalesce(t.max_users, p.max_users),
    coalesce(t.max_requests_per_month, p.max_requests_per_month),
    (SELECT count(*) FROM alquimista_platform.tenant_agents AS a WHERE a.tenant_id = t.id AND a.status = 'active'),
    (SELECT count(*) FROM alquimista_platform.tenant_users AS u WHERE u.tenant_id = t.id AND u.disabled_at IS NULL),
    (SELECT coalesce(sum(d.total_requests), 0) FROM alquimista_platform.tenant_usage_daily AS d
        WHERE d.tenant_id = t.id AND d.date BETWEEN :month_begins AND :today)
FROM alquimista_platform.tenants AS t
JOIN alquimista_platform.plans AS p ON p.name = t.plan
WHERE t.id = :tenant_id;
