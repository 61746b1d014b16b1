SELECT coalesce(sum(tenants), 0) FROM alquimista_platform.tenant_counts WHERE status = 'active';
