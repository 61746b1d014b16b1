-- What the platform will be, drawn before anything is written. Finds the tables `setting`, `agent` and `words`, and the
-- functions of noise.sql.

-- An hour of a day that many days ago.
CREATE FUNCTION pg_temp.instant(days_ago integer, hour integer) RETURNS timestamptz
    LANGUAGE sql STABLE
    RETURN (SELECT date_trunc('day', now, 'UTC') FROM setting) - make_interval(days => days_ago) + make_interval(hours => hour);

CREATE FUNCTION pg_temp.pick(words text[], key bigint, purpose text) RETURNS text
    LANGUAGE sql IMMUTABLE
    RETURN words[1 + floor(cardinality(words) * pg_temp.unit(key, purpose))::integer];

-- Tenants ------------------------------------------------------------------------------------------------------------

CREATE TEMP TABLE plan_tenants AS
WITH drawn AS (
    SELECT
        n, pg_temp.normal(n, 'size') AS size,
        1 + floor(cardinality(patterns) * pg_temp.unit(n, 'business'))::integer AS business,
        CASE WHEN pg_temp.unit(n, 'recent') < 0.06 THEN 2 + floor(178 * pg_temp.unit(n, 'joined'))
            ELSE 200 + floor(1200 * pg_temp.unit(n, 'joined')) END::integer AS joined_ago,
        pg_temp.unit(n, 'fate') AS fate,
        lpad(((n::bigint * 48271 + 12345) % 99999989)::text, 8, '0') AS root
    FROM setting, words, generate_series(1, tenants) AS n
), dated AS (
    SELECT
        *,
        CASE WHEN fate < 0.06 THEN 1 + floor((least(joined_ago, 365) - 1) * pg_temp.unit(n, 'stop')) END::integer AS stop_ago,
        CASE WHEN size > 1.75 THEN 'enterprise' WHEN size > 0.5 THEN 'professional' ELSE 'starter' END AS plan,
        CASE WHEN n % 10 = 3 THEN translate(left(root, 2), '0123456789', 'ABCDEFGHJK') || substr(root, 3) ELSE root END
            || '0001' AS base
    FROM drawn
)
SELECT
    n, md5(format('%s/tenant/%s', seed, n))::uuid AS id, size, plan, joined_ago,
    replace(patterns[business], '*', pg_temp.pick(names, n, 'name') || ' ' || pg_temp.pick(family, n, 'family')) AS name,
    CASE WHEN pg_temp.unit(n, 'segment') < 0.97 THEN segments[business] END AS segment,
    weekends[business] AS weekends,
    base || d1 || alquimista_platform.cnpj_check_digit(base || d1) AS cnpj,
    CASE WHEN pg_temp.unit(n, 'priced') < 0.98 THEN
        CASE plan WHEN 'starter' THEN 149 + 300 * pg_temp.unit(n, 'price')
            WHEN 'professional' THEN 690 + 1800 * pg_temp.unit(n, 'price')
            ELSE 5200 + 13700 * pg_temp.unit(n, 'price') END
    END AS price,
    pg_temp.instant(joined_ago, CASE WHEN joined_ago > 366 THEN 13 ELSE 12 + floor(8 * pg_temp.unit(n, 'hour')) END::integer) AS joined_at,
    -- Left, was suspended for a while, is suspended, or left and came back.
    CASE WHEN fate < 0.03 OR fate >= 0.05 THEN 'inactive' ELSE 'suspended' END AS stop_status,
    pg_temp.instant(stop_ago, 20) AS stop_at,
    CASE
        WHEN fate >= 0.03 AND fate < 0.042 AND stop_ago > 60 THEN pg_temp.instant(stop_ago - 10 - floor(50 * pg_temp.unit(n, 'back'))::integer, 12)
        WHEN fate >= 0.05 AND stop_ago > 150 THEN pg_temp.instant(stop_ago - 40 - floor(110 * pg_temp.unit(n, 'back'))::integer, 12)
    END AS back_at
FROM dated, setting, words, LATERAL (SELECT alquimista_platform.cnpj_check_digit(base) AS d1) AS first_digit;
ALTER TABLE plan_tenants ADD PRIMARY KEY (n);
ANALYZE plan_tenants;

-- Each tenant from the day it joined: terms, and every change of them in the last year.
CREATE TEMP TABLE plan_terms AS
WITH event AS (
    SELECT n, joined_at AS at, 0::double precision AS step FROM plan_tenants
    UNION ALL
    SELECT n, stop_at, 0 FROM plan_tenants WHERE stop_at IS NOT NULL
    UNION ALL
    SELECT n, back_at, 0 FROM plan_tenants WHERE back_at IS NOT NULL
    UNION ALL
    SELECT n, pg_temp.instant(ago, 12 + k),
        CASE WHEN pg_temp.unit(8 * n + k, 'direction') < 0.3 THEN ln(0.78 + 0.17 * pg_temp.unit(8 * n + k, 'step'))
            ELSE ln(1.03 + 0.10 * pg_temp.unit(8 * n + k, 'step')) END
    FROM plan_tenants, generate_series(1, 2) AS k,
        LATERAL (SELECT 365 - 182 * (k - 1) - floor(180 * pg_temp.unit(8 * n + k, 'talk'))::integer AS ago) AS talk
    WHERE ago >= 1 AND ago < joined_ago AND pg_temp.unit(8 * n + k, 'agreed') < 0.6
)
SELECT
    e.n, at, row_number() OVER w AS seq,
    CASE WHEN at >= stop_at AND (back_at IS NULL OR at < back_at) THEN stop_status ELSE 'active' END AS status,
    round((price * exp(sum(step) OVER w))::numeric, 2) AS price
FROM (SELECT n, at, sum(step) AS step FROM event GROUP BY n, at) AS e JOIN plan_tenants USING (n)
WINDOW w AS (PARTITION BY e.n ORDER BY at);
CREATE INDEX ON plan_terms (at);

-- Deployments --------------------------------------------------------------------------------------------------------

-- Five agents a tenant, the popular ones more often.
CREATE TEMP TABLE plan_deployments AS
SELECT
    md5(format('%s/deployment/%s/%s', seed, c.n, c.agent_no))::uuid AS id, c.n, c.agent_no, t.id AS tenant_id, a.id AS agent_id,
    pg_temp.instant(deployed_ago, 21) AS deployed_at, pg_temp.instant(off_ago, 22) AS off_at,
    CASE WHEN c.key % 8 = 0 THEN 'suspended' ELSE 'inactive' END AS off_status,
    CASE WHEN c.key % 2 = 0 AND off_ago > 45 THEN pg_temp.instant(off_ago - 1 - floor(40 * pg_temp.unit(c.key, 'on'))::integer, 12) END AS on_at,
    t.size * 1.2 - 1.3 + ln(100 * a.popularity / (SELECT avg(popularity) FROM agent)) AS volume
FROM (
    SELECT n, agent_no, 64::bigint * n + agent_no AS key,
        row_number() OVER (PARTITION BY n ORDER BY -ln(1 - pg_temp.unit(64::bigint * n + agent_no, 'agent')) / popularity) AS place
    FROM plan_tenants, agent WHERE agent.id IS NOT NULL
) AS c
JOIN plan_tenants AS t USING (n)
JOIN agent AS a USING (agent_no)
CROSS JOIN setting
CROSS JOIN LATERAL (
    SELECT greatest(joined_ago - floor(30 * place / 5 * pg_temp.unit(key, 'deployed'))::integer, 2) AS deployed_ago
) AS d
CROSS JOIN LATERAL (
    SELECT CASE WHEN pg_temp.unit(key, 'off') < 0.04 AND deployed_ago > 3
        THEN 1 + floor((least(deployed_ago, 365) - 2) * pg_temp.unit(key, 'off day')) END::integer AS off_ago
) AS o
WHERE place <= 5;

CREATE TEMP TABLE plan_switches AS
SELECT id, at, status FROM (
    SELECT id, off_at AS at, off_status AS status FROM plan_deployments WHERE off_at IS NOT NULL
    UNION ALL
    SELECT id, on_at, 'active' FROM plan_deployments WHERE on_at IS NOT NULL
) AS switch;
CREATE INDEX ON plan_deployments (deployed_at);
CREATE INDEX ON plan_switches (at);
ANALYZE plan_terms, plan_deployments, plan_switches;

-- What requests come from: each deployment, and with a twentieth of the tenants something that names no agent.
CREATE TEMP TABLE source AS
SELECT row_number() OVER () AS key, s.*
FROM (
    SELECT d.tenant_id, d.agent_id, d.agent_no, d.volume, t.weekends, d.deployed_at AS from_at, d.off_at, d.on_at, t.stop_at, t.back_at
    FROM plan_deployments AS d JOIN plan_tenants AS t USING (n)
    UNION ALL
    SELECT t.id, NULL, a.agent_no, t.size * 1.2 + 1.5, t.weekends, t.joined_at, NULL, NULL, t.stop_at, t.back_at
    FROM plan_tenants AS t, agent AS a WHERE a.id IS NULL AND t.n % 20 = 7
    ORDER BY tenant_id, agent_id
) AS s;
ANALYZE source;

-- Days of use ----------------------------------------------------------------------------------------------------------

-- A day of one source comes from a stock of these: its agent's, of 37 sizes a quarter of e apart, in 8 variants. The
-- histogram is a log-normal's (by a logistic curve, which is near enough), and everything else agrees with it.
CREATE TEMP TABLE template AS
WITH variant AS (
    SELECT
        (agent_no * 37 + level) * 8 + v AS id, agent_no, spread, tokens, failing,
        ln(median_ms) + 0.04 * (v - 3.5) AS middle,
        greatest(1, round(exp(level / 4.0 + 0.03 * (v - 3.5))))::integer AS total
    FROM agent, generate_series(0, 36) AS level, generate_series(0, 7) AS v
), timed AS (
    SELECT *, total - CASE WHEN total > 20 AND id % 4 = 0 THEN 1 ELSE 0 END AS time_count FROM variant
), cell AS (
    SELECT id, bucket,
        (floor(time_count / (1 + exp(-1.702 * ((bucket + 1) / 7.0 - middle) / spread)) + dither)
            - floor(time_count / (1 + exp(-1.702 * (bucket / 7.0 - middle) / spread)) + dither))::integer AS count
    FROM timed, LATERAL (SELECT 0.2 + 0.6 * pg_temp.unit(id, 'dither') AS dither) AS d, generate_series(0, 93) AS bucket
), histogram AS (
    SELECT id, array_agg(bucket::smallint ORDER BY bucket) AS buckets, array_agg(count ORDER BY bucket) AS counts,
        sum(count)::integer AS time_count, sum(count * round(exp((bucket + 0.5) / 7.0)))::bigint AS time_sum
    FROM cell WHERE count > 0
    GROUP BY id
)
SELECT
    t.id, t.agent_no, t.total, t.total - round(t.total * t.failing * 2 * pg_temp.unit(t.id, 'failing'))::integer AS successful,
    (t.total * t.tokens * (0.9 + 0.4 * pg_temp.unit(t.id, 'tokens')))::bigint AS tokens,
    coalesce(h.time_sum, 0) AS time_sum, coalesce(h.time_count, 0) AS time_count,
    coalesce(h.buckets, '{}') AS buckets, coalesce(h.counts, '{}') AS counts
FROM timed AS t LEFT JOIN histogram AS h USING (id);
ALTER TABLE template ADD PRIMARY KEY (id);
ANALYZE template;

CREATE TEMP TABLE day_rows (tenant_id uuid NOT NULL, agent_id uuid, template integer NOT NULL, last_request_at timestamptz NOT NULL);
