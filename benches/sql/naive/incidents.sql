SELECT id, severity, title, description, created_at, resolved_at
FROM naive.operational_events
WHERE event_type = 'incident' AND (tenant_id = :tenant_id OR tenant_id IS NULL)
ORDER BY created_at DESC
LIMIT 20 OFFSET 0;

SELECT COUNT(*) FROM naive.operational_events
WHERE event_type = 'incident' AND (tenant_id = :tenant_id OR tenant_id IS NULL);
