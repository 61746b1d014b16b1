SELECT COALESCE(SUM(mrr_estimate), 0), COALESCE(SUM(mrr_estimate), 0) * 12, AVG(mrr_estimate)
FROM naive.tenants WHERE status = 'active';

SELECT COALESCE(SUM(mrr_estimate), 0) FROM naive.tenants
WHERE status = 'active' AND created_at >= CURRENT_DATE - :days * INTERVAL '1 day';

SELECT COALESCE(SUM(mrr_estimate), 0) FROM naive.tenants
WHERE status = 'inactive' AND updated_at >= CURRENT_DATE - :days * INTERVAL '1 day';

SELECT plan, COUNT(*), COALESCE(SUM(mrr_estimate), 0) FROM naive.tenants WHERE status = 'active' GROUP BY plan;

SELECT segment, COUNT(*), COALESCE(SUM(mrr_estimate), 0) FROM naive.tenants WHERE status = 'active' GROUP BY segment;

-- The design has no history of prices: the trend supposes that today's were always so.
SELECT d.date,
    (SELECT COALESCE(SUM(mrr_estimate), 0) FROM naive.tenants
        WHERE created_at < d.date + INTERVAL '1 day' AND (status = 'active' OR updated_at >= d.date + INTERVAL '1 day')),
    (SELECT COUNT(*) FROM naive.tenants WHERE created_at >= d.date AND created_at < d.date + INTERVAL '1 day'),
    (SELECT COUNT(*) FROM naive.tenants
        WHERE status = 'inactive' AND updated_at >= d.date AND updated_at < d.date + INTERVAL '1 day')
FROM generate_series(CURRENT_DATE - :days * INTERVAL '1 day', CURRENT_DATE, INTERVAL '1 day') AS d (date);
