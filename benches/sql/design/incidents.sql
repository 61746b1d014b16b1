SELECT
    (SELECT count(*) FROM alquimista_platform.operational_events AS e
        WHERE e.event_type = 'incident' AND e.tenant_id = :tenant_id)
    + (SELECT count(*) FROM alquimista_platform.operational_events AS e
        WHERE e.event_type = 'incident' AND e.tenant_id IS NULL) AS total,
    p.id, p.severity, p.title, p.description, p.created_at, p.resolved_at
FROM alquimista_platform.tenants AS t
LEFT JOIN LATERAL (
    SELECT * FROM (
        (SELECT e.id, e.severity, e.title, e.description, e.created_at, e.resolved_at
        FROM alquimista_platform.operational_events AS e
        WHERE e.event_type = 'incident' AND e.tenant_id = :tenant_id
        ORDER BY e.created_at DESC, e.id DESC LIMIT 20)
        UNION ALL
        (SELECT e.id, e.severity, e.title, e.description, e.created_at, e.resolved_at
        FROM alquimista_platform.operational_events AS e
        WHERE e.event_type = 'incident' AND e.tenant_id IS NULL
        ORDER BY e.created_at DESC, e.id DESC LIMIT 20)
    ) AS visible
    ORDER BY created_at DESC, id DESC LIMIT 20
) AS p ON true
WHERE t.id = :tenant_id
ORDER BY p.created_at DESC, p.id DESC;
