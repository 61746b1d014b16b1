SELECT i.id, i.integration_type, i.integration_name, i.status, i.last_sync_at, i.last_error
FROM alquimista_platform.tenants AS t
LEFT JOIN alquimista_platform.tenant_integrations AS i ON i.tenant_id = t.id
WHERE t.id = :tenant_id
ORDER BY alquimista_platform.fold_name(i.integration_name) COLLATE "C", i.id
LIMIT 1000;
