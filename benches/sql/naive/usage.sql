SELECT COALESCE(SUM(total_requests), 0), COALESCE(SUM(successful_requests), 0), COALESCE(SUM(failed_requests), 0),
    AVG(avg_response_time_ms)
FROM naive.tenant_usage_daily
WHERE tenant_id = :tenant_id AND date >= CURRENT_DATE - :days * INTERVAL '1 day';

SELECT date, SUM(total_requests), SUM(successful_requests), SUM(failed_requests), AVG(avg_response_time_ms)
FROM naive.tenant_usage_daily
WHERE tenant_id = :tenant_id AND date >= CURRENT_DATE - :days * INTERVAL '1 day'
GROUP BY date
ORDER BY date;

SELECT u.agent_id, a.name, SUM(u.total_requests), SUM(u.successful_requests)
FROM naive.tenant_usage_daily u LEFT JOIN naive.agents a ON a.id = u.agent_id
WHERE u.tenant_id = :tenant_id AND u.date >= CURRENT_DATE - :days * INTERVAL '1 day'
GROUP BY u.agent_id, a.name
ORDER BY SUM(u.total_requests) DESC;
