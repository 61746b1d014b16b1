SELECT
    c.plans AS plans, c.segments AS segments, c.segment_keys AS segment_keys, c.tenants AS tenants,
    c.totals AS totals, l.days AS days, l.tenant_ids AS tenant_ids,
    l.befores AS befores, l.afters AS afters
FROM (
    SELECT coalesce(array_agg(plan), '{}') AS plans, coalesce(array_agg(segment), '{}') AS segments,
        coalesce(array_agg(alquimista_platform.fold_name(segment)), '{}') AS segment_keys,
        coalesce(array_agg(tenants), '{}') AS tenants, coalesce(array_agg(total), '{}') AS totals
    FROM (
        SELECT plan::text, coalesce(segment, 'Sem segmento')::text AS segment, sum(tenants) AS tenants, (sum(mrr) * 100)::bigint AS total
        FROM alquimista_platform.tenant_counts WHERE status = 'active'
        GROUP BY 1, 2
    ) AS by_plan_and_segment
) AS c, (
    SELECT coalesce(array_agg(day), '{}') AS days, coalesce(array_agg(tenant_id), '{}') AS tenant_ids,
        coalesce(array_agg(before), '{}') AS befores, coalesce(array_agg(after), '{}') AS afters
    FROM (
        SELECT least((effective_at AT TIME ZONE 'UTC')::date, :today) AS day, tenant_id,
            (old_mrr * 100)::bigint AS before, (new_mrr * 100)::bigint AS after
        FROM alquimista_platform.tenant_mrr_changes
        WHERE effective_at >= alquimista_platform.day_start(:from) AND old_mrr <> new_mrr
        ORDER BY effective_at, id
    ) AS changes
) AS l;
