SELECT id, integration_type, integration_name, status, last_sync_at, last_error
FROM naive.tenant_integrations WHERE tenant_id = :tenant_id
ORDER BY integration_name;
