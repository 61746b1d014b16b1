WITH found AS MATERIALIZED (
    SELECT id, name_key FROM alquimista_platform.tenants
    WHERE status = 'active' AND (name_key LIKE alquimista_platform.fold_name('%' || :search || '%') OR cnpj = :search::bpchar)
)
SELECT (SELECT count(*) FROM found) AS total,
    t.id, t.name, t.cnpj, t.segment, t.plan, t.status, t.mrr_estimate, t.created_at,
    (SELECT count(*) FROM alquimista_platform.tenant_agents AS a
        WHERE a.tenant_id = t.id AND a.status = 'active') AS active_agents,
    (SELECT count(*) FROM alquimista_platform.tenant_users AS u
        WHERE u.tenant_id = t.id AND u.disabled_at IS NULL) AS active_users,
    (SELECT coalesce(sum(d.total_requests), 0) FROM alquimista_platform.tenant_requests_daily AS d
        WHERE d.tenant_id = t.id AND d.date BETWEEN :month_from AND :today) AS requests_last_30_days
FROM (SELECT id FROM found ORDER BY name_key, id LIMIT 50) AS chosen
JOIN alquimista_platform.tenants AS t ON t.id = chosen.id
ORDER BY t.name_key, t.id;
