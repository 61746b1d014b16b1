SELECT a.id, a.name, ta.status, ta.config, ta.activated_at, ta.deactivated_at,
    COALESCE(SUM(u.total_requests), 0), COALESCE(SUM(u.successful_requests), 0), AVG(u.avg_response_time_ms), MAX(u.date)
FROM naive.tenant_agents ta
JOIN naive.agents a ON a.id = ta.agent_id
LEFT JOIN naive.tenant_usage_daily u
    ON u.tenant_id = ta.tenant_id AND u.agent_id = ta.agent_id AND u.date >= CURRENT_DATE - INTERVAL '30 days'
WHERE ta.tenant_id = :tenant_id
GROUP BY a.id, a.name, ta.status, ta.config, ta.activated_at, ta.deactivated_at
ORDER BY a.name;
