INSERT INTO naive.tenant_usage_daily (
    tenant_id, agent_id, date, total_requests, successful_requests, failed_requests, avg_response_time_ms, total_tokens_used
)
SELECT
    tenant_id, agent_id, DATE(:day) AS date, COUNT(*) AS total_requests,
    COUNT(*) FILTER (WHERE status = 'success') AS successful_requests,
    COUNT(*) FILTER (WHERE status = 'error') AS failed_requests,
    AVG(response_time_ms)::INTEGER AS avg_response_time_ms, SUM(tokens_used) AS total_tokens_used
FROM alquimista_platform.agent_requests
WHERE DATE(created_at) = DATE(:day)
GROUP BY tenant_id, agent_id
ON CONFLICT (tenant_id, agent_id, date) DO UPDATE SET
    total_requests = EXCLUDED.total_requests,
    successful_requests = EXCLUDED.successful_requests,
    failed_requests = EXCLUDED.failed_requests,
    avg_response_time_ms = EXCLUDED.avg_response_time_ms,
    total_tokens_used = EXCLUDED.total_tokens_used;
