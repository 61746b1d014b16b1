SELECT id, name, cnpj, segment, plan, status, mrr_estimate, created_at, updated_at
FROM naive.tenants WHERE id = :tenant_id;

SELECT id, email, full_name, role, last_login_at FROM naive.tenant_users WHERE tenant_id = :tenant_id ORDER BY email;

SELECT a.id, a.name, ta.status, ta.activated_at, COALESCE(SUM(u.total_requests), 0), COALESCE(SUM(u.successful_requests), 0)
FROM naive.tenant_agents ta
JOIN naive.agents a ON a.id = ta.agent_id
LEFT JOIN naive.tenant_usage_daily u
    ON u.tenant_id = ta.tenant_id AND u.agent_id = ta.agent_id AND u.date >= CURRENT_DATE - INTERVAL '30 days'
WHERE ta.tenant_id = :tenant_id
GROUP BY a.id, a.name, ta.status, ta.activated_at
ORDER BY a.name;

SELECT id, integration_type, integration_name, status, last_sync_at
FROM naive.tenant_integrations WHERE tenant_id = :tenant_id ORDER BY integration_name;

SELECT COALESCE(SUM(total_requests), 0) FROM naive.tenant_usage_daily
WHERE tenant_id = :tenant_id AND date >= CURRENT_DATE - INTERVAL '7 days';

SELECT COALESCE(SUM(total_requests), 0), COALESCE(SUM(successful_requests), 0) FROM naive.tenant_usage_daily
WHERE tenant_id = :tenant_id AND date >= CURRENT_DATE - INTERVAL '30 days';

SELECT id, severity, title, created_at FROM naive.operational_events
WHERE event_type = 'incident' AND tenant_id = :tenant_id
ORDER BY created_at DESC
LIMIT 10;
