SELECT t.id, t.name, t.cnpj, t.segment, t.plan, t.status, t.mrr_estimate, t.created_at,
    p.max_agents, p.max_users, p.max_requests_per_month
FROM naive.tenants t JOIN naive.plans p ON p.name = t.plan
WHERE t.id = :tenant_id;

SELECT COUNT(*) FROM naive.tenant_agents WHERE tenant_id = :tenant_id AND status = 'active';

SELECT COUNT(*) FROM naive.tenant_users WHERE tenant_id = :tenant_id;

SELECT COALESCE(SUM(total_requests), 0) FROM naive.tenant_usage_daily
WHERE tenant_id = :tenant_id AND date >= DATE_TRUNC('month', CURRENT_DATE);
