SELECT u.date, u.agent_id, a.name, a.name_key, u.total_requests, u.successful_requests, u.response_time_sum,
    u.response_time_count
FROM alquimista_platform.tenants AS t
LEFT JOIN alquimista_platform.tenant_usage_daily AS u ON u.tenant_id = t.id AND u.date BETWEEN :from AND :today
LEFT JOIN alquimista_platform.agents AS a ON a.id = u.agent_id
WHERE t.id = :tenant_id;
