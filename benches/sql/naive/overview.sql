SELECT COUNT(*) FROM naive.tenants;

SELECT COUNT(*) FROM naive.tenants WHERE status = 'active';

SELECT COUNT(*) FROM naive.tenant_agents WHERE status = 'active';

SELECT COALESCE(SUM(total_requests), 0), COALESCE(SUM(successful_requests), 0), AVG(avg_response_time_ms)
FROM naive.tenant_usage_daily
WHERE date >= CURRENT_DATE - :days * INTERVAL '1 day';

SELECT u.tenant_id, t.name, SUM(u.total_requests), SUM(u.successful_requests)
FROM naive.tenant_usage_daily u JOIN naive.tenants t ON t.id = u.tenant_id
WHERE u.date >= CURRENT_DATE - :days * INTERVAL '1 day'
GROUP BY u.tenant_id, t.name
ORDER BY SUM(u.total_requests) DESC
LIMIT 10;

SELECT u.agent_id, a.name, SUM(u.total_requests),
    (SELECT COUNT(*) FROM naive.tenant_agents ta WHERE ta.agent_id = u.agent_id AND ta.status = 'active')
FROM naive.tenant_usage_daily u JOIN naive.agents a ON a.id = u.agent_id
WHERE u.date >= CURRENT_DATE - :days * INTERVAL '1 day'
GROUP BY u.agent_id, a.name
ORDER BY SUM(u.total_requests) DESC
LIMIT 10;

SELECT date, SUM(total_requests), SUM(successful_requests), COUNT(DISTINCT tenant_id)
FROM naive.tenant_usage_daily
WHERE date >= CURRENT_DATE - :days * INTERVAL '1 day'
GROUP BY date
ORDER BY date;
