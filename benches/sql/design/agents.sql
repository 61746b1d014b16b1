SELECT a.id, a.name, a.segment, a.status, a.activated_at, u.total, u.successful, u.time_sum, u.time_count
FROM alquimista_platform.tenants AS t
LEFT JOIN LATERAL (
    SELECT g.id, g.name, g.name_key, g.segment, ta.status, ta.activated_at
    FROM alquimista_platform.tenant_agents AS ta
    JOIN alquimista_platform.agents AS g ON g.id = ta.agent_id
    WHERE ta.tenant_id = t.id AND ta.status = 'active'
    ORDER BY g.name_key, g.id
    LIMIT 1000
) AS a ON true
LEFT JOIN (
    SELECT d.agent_id, sum(d.total_requests) AS total, sum(d.successful_requests) AS successful,
        sum(d.response_time_sum)::bigint AS time_sum, sum(d.response_time_count) AS time_count
    FROM alquimista_platform.tenant_usage_daily AS d
    WHERE d.tenant_id = :tenant_id AND d.date BETWEEN :month_from AND :today
    GROUP BY d.agent_id
) AS u ON u.agent_id = a.id
WHERE t.id = :tenant_id
ORDER BY a.name_key, a.id;
