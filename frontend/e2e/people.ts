/** People that a test makes for itself, their second factor, and their mail: nothing of it is left afterwards. */
import { createHmac, randomBytes } from 'node:crypto';
import type { Group } from '../src/lib/rights';
import { test as base } from './fixtures.ts';
import { cognito, stack, TENANT_A } from './stack.ts';

export { expect } from './fixtures.ts';

export interface Person {
  email: string;
  password: string;
  name: string;
}

interface Wanted {
  group?: Group;
  /** The password is one that has to be changed at the first sign-in. */
  temporary?: boolean;
}

const UserPoolId = stack.user_pool_id;

export const test = base.extend<{ newPerson: (wanted?: Wanted) => Promise<Person> }>({
  // biome-ignore lint/correctness/noEmptyPattern: the runner reads which fixtures are needed from the pattern
  newPerson: async ({}, use) => {
    const made: string[] = [];
    await use(async ({ group = 'TENANT_ADMIN', temporary = false } = {}) => {
      const person: Person = {
        email: `teste-${randomBytes(6).toString('hex')}@example.com`,
        password: `Aa1-${randomBytes(12).toString('base64url')}`,
        name: 'Pessoa de Teste',
      };
      const Username = person.email;
      await cognito('AdminCreateUser', {
        UserPoolId,
        Username,
        TemporaryPassword: person.password,
        MessageAction: 'SUPPRESS',
        UserAttributes: [
          { Name: 'email', Value: person.email },
          { Name: 'email_verified', Value: 'true' },
          { Name: 'name', Value: person.name },
          { Name: 'custom:tenant_id', Value: TENANT_A },
        ],
      });
      made.push(Username);
      if (!temporary) {
        await cognito('AdminSetUserPassword', { UserPoolId, Username, Password: person.password, Permanent: true });
      }
      await cognito('AdminAddUserToGroup', { UserPoolId, Username, GroupName: group });
      return person;
    });
    for (const Username of made) await cognito('AdminDeleteUser', { UserPoolId, Username });
  },
});

/** Ends all sessions of a person, as an administrator or the person on another device would. */
export async function endSessions({ email, password }: Person): Promise<void> {
  const { user_pool_client_id: ClientId, user_pool_client_secret: secret } = stack;
  const SECRET_HASH = createHmac('sha256', secret)
    .update(email + ClientId)
    .digest('base64');
  const answer = await cognito<{ AuthenticationResult: { AccessToken: string } }>('InitiateAuth', {
    ClientId,
    AuthFlow: 'USER_PASSWORD_AUTH',
    AuthParameters: { USERNAME: email, PASSWORD: password, SECRET_HASH },
  });
  await cognito('GlobalSignOut', { AccessToken: answer.AuthenticationResult.AccessToken });
}

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** What an authenticator app shows for a secret (RFC 6238, 30 seconds, 6 digits). */
export function totp(secret: string, at = Date.now()): string {
  const bits = [...secret.replaceAll(/[\s=]/g, '')]
    .map((letter) => BASE32.indexOf(letter).toString(2).padStart(5, '0'))
    .join('');
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(at / 30_000)));
  const digest = createHmac('sha1', key).update(counter).digest();
  const start = (digest.at(-1) ?? 0) & 15;
  return String((digest.readUInt32BE(start) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

interface Mail {
  To: string[];
  BodyText: string;
}

/** The code in the last mail to a person, which the emulator keeps instead of sending. */
export async function mailedCode(person: Person): Promise<string> {
  const answer = await fetch(`${stack.aws_endpoint_url}/_ministack/ses/messages`);
  const { messages } = (await answer.json()) as { messages: Record<string, Mail[]> };
  const mails = Object.values(messages).flat();
  const last = mails.filter(({ To }) => To.includes(person.email)).at(-1);
  const code = /código de verificação é (\d+)/.exec(last?.BodyText ?? '')?.[1];
  if (!code) throw new Error(`No code was mailed to ${person.email}`);
  return code;
}
