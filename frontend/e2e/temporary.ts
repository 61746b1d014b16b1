/** Tenants that tests make for themselves: none is left active. */
import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import type { NewTenant, SavedTenant, TenantRecord } from '../src/api/generated';
import { test as base } from './fixtures.ts';
import { change, etagOf, sql } from './stack.ts';

export { expect } from './fixtures.ts';

export const uniqueName = (about: string) => `Temporário ${about} ${randomBytes(4).toString('hex')}`;

const WEIGHTS = [6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2];

/** A valid CNPJ that nobody has, as it is written. */
export function newCnpj(): string {
  const digits = Array.from({ length: 12 }, () => randomInt(10));
  while (digits.length < 14) {
    const weights = WEIGHTS.slice(-digits.length);
    const rest = digits.reduce((sum, digit, index) => sum + digit * (weights[index] ?? 0), 0) % 11;
    digits.push(rest < 2 ? 0 : 11 - rest);
  }
  return digits.join('').replace(/^(..)(...)(...)(....)(..)$/, '$1.$2.$3/$4-$5');
}

export async function newTenant(values: Partial<NewTenant> & { name: string }): Promise<TenantRecord> {
  const body: NewTenant = { cnpj: newCnpj(), plan: 'starter', ...values };
  return (await change<SavedTenant>('admin', 'POST', '/internal/tenants', body)).tenant;
}

/** A tenant of 40 days ago, whose history begins there, as the loading of a past may date it. */
export async function newOldTenant(name: string, mrr: number): Promise<{ id: string; name: string }> {
  const id = randomUUID();
  await sql(
    `INSERT INTO tenants (id, name, cnpj, plan, mrr_estimate, created_at)
     SELECT %s::uuid, %s, %s, 'starter', %s::numeric, dated.at::timestamptz
     FROM (SELECT set_config('app.effective_at', (now() - interval '40 days')::text, true) AS at) AS dated`,
    id,
    name,
    newCnpj().replaceAll(/\D/g, ''),
    String(mrr),
  );
  return { id, name };
}

/** Changes a tenant as somebody else would, meanwhile. */
export async function changeTenant(id: string, body: object): Promise<void> {
  const path = `/internal/tenants/${id}`;
  await change('admin', 'PATCH', path, body, { 'If-Match': await etagOf('admin', path) });
}

export async function retire({ id }: { id: string }): Promise<void> {
  await changeTenant(id, { status: 'inactive' });
}

interface Temporary {
  create: typeof newTenant;
  createOld: typeof newOldTenant;
  /** Takes care of a tenant that the test makes in the browser. */
  adopt: (id: string) => void;
}

export const test = base.extend<{ temporary: Temporary }>({
  // biome-ignore lint/correctness/noEmptyPattern: the runner reads which fixtures are needed from the pattern
  temporary: async ({}, use) => {
    const made: { id: string }[] = [];
    const noted = <Tenant extends { id: string }>(tenant: Tenant) => {
      made.push(tenant);
      return tenant;
    };
    await use({
      create: async (values) => noted(await newTenant(values)),
      createOld: async (name, mrr) => noted(await newOldTenant(name, mrr)),
      adopt: (id) => {
        made.push({ id });
      },
    });
    for (const tenant of made) await retire(tenant);
  },
});
