// GET /tenant/usage
const STATEMENT = `
  SELECT
    (SELECT d.as_of FROM alquimista_platform.aggregated_days AS d ORDER BY d.date DESC LIMIT 1) AS as_of,
    (SELECT json_agg(json_build_object('id', a.id, 'name', a.name, 'key', a.name_key))
      FROM alquimista_platform.agents AS a) AS agents,
    NULL::date AS date, NULL::uuid AS agent_id, NULL::integer AS total, NULL::integer AS successful,
    NULL::bigint AS tokens, NULL::bigint AS time_sum, NULL::integer AS time_count,
    NULL::smallint[] AS buckets, NULL::integer[] AS counts
  FROM alquimista_platform.tenants AS t
  WHERE t.id = $1
  UNION ALL
  SELECT NULL, NULL, u.date, u.agent_id, u.total_requests, u.successful_requests, u.total_tokens_used,
    u.response_time_sum, u.response_time_count, u.response_time_buckets, u.response_time_counts
  FROM alquimista_platform.tenant_usage_daily AS u
  WHERE u.tenant_id = $1 AND u.date BETWEEN $2 AND $3`;

const DAYS = { "7d": 7, "30d": 30, "90d": 90 };
const DAY_MS = 86_400_000;
const NO_AGENT = { name: "Sem agente", key: "sem agente" };
const BUCKETS = 152;
const FIRST_BUCKET = -1;

export async function usage(database, tenantId, query) {
  const period = query.period ?? "30d";
  const length = DAYS[period];
  if (!length) {
    return undefined;
  }
  // Days as numbers, the last of them today: minus one is yesterday.
  const today = Math.floor(Date.now() / DAY_MS);
  const from = today - length + 1;
  const values = [tenantId, dateOf(from - length - 1), dateOf(today)];
  const { rows } = await database.query({ name: "usage", text: STATEMENT, values });
  const head = rows.find((row) => row.date === null);
  if (!head) {
    return undefined;
  }
  const names = new Map(head.agents?.map((agent) => [agent.id, agent]));
  const cells = rows.filter((row) => row !== head);

  const summary = sum();
  const previous = sum();
  const complete = sum();
  const completeBefore = sum();
  const days = Array.from({ length }, sum);
  const agents = new Map();
  for (const cell of cells) {
    const day = Date.parse(cell.date) / DAY_MS;
    if (day >= from) {
      add(summary, cell);
      add(days[day - from], cell);
      if (!agents.has(cell.agent_id)) {
        agents.set(cell.agent_id, sum());
      }
      add(agents.get(cell.agent_id), cell);
    } else if (day >= from - length) {
      add(previous, cell);
    }
    if (day >= from - 1 && day < today) {
      add(complete, cell);
    } else if (day < from - 1) {
      add(completeBefore, cell);
    }
  }
  return {
    period,
    from: dateOf(from),
    to: dateOf(today),
    as_of: head.as_of,
    summary: numbers(summary),
    previous_period: { from: dateOf(from - length), to: dateOf(from - 1), ...numbers(previous) },
    trend: trend(completeBefore, complete),
    daily_data: days.map((day, index) => ({ date: dateOf(from + index), ...numbers(day) })),
    by_agent: [...agents]
      .filter(([, used]) => used.total > 0)
      .map(([id, used]) => ({ id, used, agent: id === null ? NO_AGENT : names.get(id) }))
      .sort(mostFirst)
      .map(({ id, used, agent }) => ({ agent_id: id, agent_name: agent?.name ?? null, ...numbers(used) })),
  };
}

function sum() {
  return { total: 0, successful: 0, tokens: 0, timeSum: 0, timeCount: 0, histogram: new Float64Array(BUCKETS) };
}

function add(sum, cell) {
  sum.total += cell.total;
  sum.successful += cell.successful;
  sum.tokens += cell.tokens;
  sum.timeSum += cell.time_sum;
  sum.timeCount += cell.time_count;
  for (let i = 0; i < cell.buckets.length; i++) {
    sum.histogram[cell.buckets[i] - FIRST_BUCKET] += cell.counts[i];
  }
}

function numbers(sum) {
  return {
    total_requests: sum.total,
    successful_requests: sum.successful,
    failed_requests: sum.total - sum.successful,
    success_rate: rate(sum) / 100,
    avg_response_time_ms: average(sum),
    p50_response_time_ms: percentile(sum, 50),
    p95_response_time_ms: percentile(sum, 95),
    total_tokens_used: sum.tokens,
  };
}

function trend(before, now) {
  return {
    total_requests: change(before.total, now.total),
    successful_requests: change(before.successful, now.successful),
    failed_requests: change(before.total - before.successful, now.total - now.successful),
    success_rate: before.total > 0 ? (rate(now) - rate(before)) / 100 : null,
    avg_response_time_ms: change(average(before), average(now)),
    total_tokens_used: change(before.tokens, now.tokens),
  };
}

/** In hundredths of a percent. */
function rate(sum) {
  return halfUp(sum.successful * 10_000, sum.total) ?? 0;
}

function average(sum) {
  return halfUp(sum.timeSum, sum.timeCount) ?? 0;
}

function change(before, now) {
  const hundredths = halfUp((now - before) * 10_000, before);
  return hundredths === null ? null : hundredths / 100;
}

/** The nearest whole number, halves away from zero; null of nothing. */
function halfUp(dividend, divisor) {
  if (divisor === 0) {
    return null;
  }
  const rounded = Math.floor((2 * Math.abs(dividend) + divisor) / (2 * divisor));
  return dividend < 0 ? -rounded || 0 : rounded;
}

/** By nearest rank: the middle of the bucket that it falls into. */
function percentile(sum, percent) {
  const rank = Math.ceil((sum.timeCount * percent) / 100);
  let seen = 0;
  for (let i = 0; i < BUCKETS; i++) {
    seen += sum.histogram[i];
    if (sum.histogram[i] > 0 && seen >= rank) {
      const bucket = i + FIRST_BUCKET;
      return bucket < 0 ? 0 : Math.round(Math.exp((bucket + 0.5) / 7));
    }
  }
  return 0;
}

/** Then by name and id, whoever has none last. */
function mostFirst(a, b) {
  return b.used.total - a.used.total || compare(a.agent?.key, b.agent?.key) || compare(a.id, b.id);
}

function compare(a, b) {
  if (a === b) {
    return 0;
  }
  return a == null || (b != null && a > b) ? 1 : -1;
}

function dateOf(day) {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}
