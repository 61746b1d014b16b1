SELECT t.id, t.name, t.cnpj, t.segment, t.plan, t.status, t.mrr_estimate,
    (SELECT COUNT(*) FROM naive.tenant_agents a WHERE a.tenant_id = t.id AND a.status = 'active') AS active_agents,
    (SELECT COUNT(*) FROM naive.tenant_users u WHERE u.tenant_id = t.id) AS active_users,
    (SELECT COALESCE(SUM(d.total_requests), 0) FROM naive.tenant_usage_daily d
        WHERE d.tenant_id = t.id AND d.date >= CURRENT_DATE - INTERVAL '30 days') AS requests_last_30_days,
    t.created_at
FROM naive.tenants t
WHERE t.status = 'active'
ORDER BY t.name
LIMIT 50 OFFSET :offset;

SELECT COUNT(*) FROM naive.tenants WHERE status = 'active';
