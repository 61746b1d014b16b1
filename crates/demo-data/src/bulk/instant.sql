-- What happens at the next instant of the plan. Each change is made, and recorded by the triggers.

UPDATE setting SET instant = (SELECT min(at) FROM instants WHERE instants.at > setting.instant);
SELECT set_config('app.effective_at', instant::text, true) FROM setting;

INSERT INTO alquimista_platform.tenants (id, name, cnpj, segment, plan, status, mrr_estimate, created_at, updated_at)
SELECT p.id, p.name, p.cnpj, p.segment, p.plan, h.status, h.price, h.at, h.at
FROM setting AS s JOIN plan_terms AS h ON h.at = s.instant JOIN plan_tenants AS p USING (n)
WHERE h.seq = 1;

UPDATE alquimista_platform.tenants AS t SET status = h.status, mrr_estimate = h.price
FROM setting AS s JOIN plan_terms AS h ON h.at = s.instant JOIN plan_tenants AS p USING (n)
WHERE t.id = p.id AND h.seq > 1;

INSERT INTO alquimista_platform.tenant_agents (id, tenant_id, agent_id, config, activated_at, created_at, updated_at)
SELECT d.id, d.tenant_id, d.agent_id, jsonb_build_object('language', 'pt-BR', 'max_tokens', 512 + d.n % 7 * 256),
    d.deployed_at, d.deployed_at, d.deployed_at
FROM setting AS s JOIN plan_deployments AS d ON d.deployed_at = s.instant;

UPDATE alquimista_platform.tenant_agents AS a
SET status = w.status, deactivated_at = CASE WHEN w.status <> 'active' THEN w.at END
FROM setting AS s JOIN plan_switches AS w ON w.at = s.instant
WHERE a.id = w.id;
