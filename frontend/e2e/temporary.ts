/** Tenants that tests make for themselves: none is left active. */
import { randomBytes, randomInt } from 'node:crypto';
import type { NewTenant, SavedTenant, TenantRecord } from '../src/api/generated';
import { change, etagOf } from './stack.ts';

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

/** Changes a tenant as somebody else would, meanwhile. */
export async function changeTenant(id: string, body: object): Promise<void> {
  const path = `/internal/tenants/${id}`;
  await change('admin', 'PATCH', path, body, { 'If-Match': await etagOf('admin', path) });
}

export async function retire({ id }: { id: string }): Promise<void> {
  await changeTenant(id, { status: 'inactive' });
}
