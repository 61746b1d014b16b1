SELECT
    (SELECT coalesce(sum(tenants), 0) FROM alquimista_platform.tenant_counts) AS total_tenants,
    (SELECT coalesce(sum(tenants), 0) FROM alquimista_platform.tenant_counts WHERE status = 'active') AS active_tenants,
    (SELECT coalesce(sum(deployed), 0) FROM alquimista_platform.deployment_counts) AS deployed,
    top.tenants, top.agents, days.*
FROM (
    SELECT
        (SELECT json_agg(json_build_object('id', x.id, 'name', t.name, 'total', x.total, 'successful', x.successful))
            FROM unnest(l.tenant_ids, l.tenant_totals, l.tenant_successes) AS x (id, total, successful)
            LEFT JOIN alquimista_platform.tenants AS t ON t.id = x.id) AS tenants,
        (SELECT json_agg(json_build_object('id', x.id, 'name', a.name, 'total', x.total, 'deployed', d.deployed))
            FROM unnest(l.agent_ids, l.agent_totals) AS x (id, total)
            LEFT JOIN alquimista_platform.agents AS a ON a.id = x.id
            LEFT JOIN (
                SELECT agent_id, sum(deployed) AS deployed FROM alquimista_platform.deployment_counts GROUP BY agent_id
            ) AS d ON d.agent_id = x.id) AS agents
    FROM alquimista_platform.platform_top_lists AS l
    WHERE l.last_day = :today AND l.days = :days::integer
) AS top, (
    SELECT array_agg(date), array_agg(total_requests), array_agg(successful_requests), array_agg(response_time_sum),
        array_agg(response_time_count), array_agg(active_tenants)
    FROM alquimista_platform.platform_usage_daily WHERE date BETWEEN :from AND :today
) AS days;
