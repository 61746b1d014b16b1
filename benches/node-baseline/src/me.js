// GET /tenant/me
const STATEMENT = `
  SELECT
    t.id, t.name, t.cnpj, t.segment, t.plan, t.status, t.mrr_estimate, t.created_at,
    coalesce(t.max_agents, p.max_agents) AS max_agents,
    coalesce(t.max_users, p.max_users) AS max_users,
    coalesce(t.max_requests_per_month, p.max_requests_per_month) AS max_requests_per_month,
    (SELECT count(*) FROM alquimista_platform.tenant_agents AS a
      WHERE a.tenant_id = t.id AND a.status = 'active') AS active_agents,
    (SELECT count(*) FROM alquimista_platform.tenant_users AS u
      WHERE u.tenant_id = t.id AND u.disabled_at IS NULL) AS active_users,
    (SELECT coalesce(sum(d.total_requests), 0) FROM alquimista_platform.tenant_usage_daily AS d
      WHERE d.tenant_id = t.id AND d.date BETWEEN $2 AND $3) AS requests_this_month,
    (SELECT d.as_of FROM alquimista_platform.aggregated_days AS d ORDER BY d.date DESC LIMIT 1) AS as_of
  FROM alquimista_platform.tenants AS t
  JOIN alquimista_platform.plans AS p ON p.name = t.plan
  WHERE t.id = $1`;

export async function me(database, tenantId) {
  const today = new Date().toISOString().slice(0, 10);
  const values = [tenantId, `${today.slice(0, 8)}01`, today];
  const { rows } = await database.query({ name: "me", text: STATEMENT, values });
  const tenant = rows[0];
  return (
    tenant && {
      id: tenant.id,
      name: tenant.name,
      cnpj: tenant.cnpj.replace(/^(..)(...)(...)(....)(..)$/, "$1.$2.$3/$4-$5"),
      segment: tenant.segment,
      plan: tenant.plan,
      status: tenant.status,
      mrr_estimate: tenant.mrr_estimate,
      created_at: tenant.created_at,
      limits: {
        max_agents: tenant.max_agents,
        max_users: tenant.max_users,
        max_requests_per_month: tenant.max_requests_per_month,
      },
      usage: {
        active_agents: tenant.active_agents,
        active_users: tenant.active_users,
        requests_this_month: tenant.requests_this_month,
      },
      as_of: tenant.as_of,
    }
  );
}
