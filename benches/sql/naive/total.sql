SELECT COUNT(*) FROM naive.tenants WHERE status = 'active';
