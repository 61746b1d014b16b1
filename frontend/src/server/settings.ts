import { z } from 'zod';

const origin = z
  .url({ protocol: /^https?$/ })
  .refine((value) => URL.canParse(value) && new URL(value).origin === value, {
    error: 'an origin, without a path or a trailing slash',
  });
const address = z.url({ protocol: /^https?$/ }).refine((value) => !value.endsWith('/'), {
  error: 'an address without a trailing slash',
});
const text = z.string().trim().min(1);

const environment = z.object({
  WEB_ORIGIN: origin,
  API_URL: address,
  AWS_REGION: text,
  COGNITO_USER_POOL_ID: text,
  COGNITO_CLIENT_ID: text,
  COGNITO_CLIENT_SECRET: text,
  COGNITO_ENDPOINT: address.optional(),
  COGNITO_JWKS_URL: z.url().optional(),
  SESSION_SECRET: z
    .string()
    .transform((value) => value.split(',').map((secret) => secret.trim()))
    .pipe(z.tuple([z.string().min(32)], z.string().min(32))),
  SUPPORT_EMAIL: text,
  SUPPORT_PHONE: text,
  SUPPORT_HOURS: text,
  /** Where the guide is: docs/guia, or the copy of it that was built in. */
  GUIDE_DIR: text.default('guia'),
  /** How many proxies in front of the server append to X-Forwarded-For: what stands before is the client's own word. */
  TRUSTED_PROXIES: z.coerce.number().int().min(1).max(10).default(1),
});

export interface Settings {
  webOrigin: string;
  apiUrl: string;
  cognito: {
    region: string;
    userPoolId: string;
    clientId: string;
    clientSecret: string;
    endpoint: string | undefined;
    issuer: string;
    jwksUrl: string;
  };
  /** The first seals, all of them open. */
  sessionSecrets: readonly [string, ...string[]];
  support: { email: string; phone: string; hours: string };
  guideDirectory: string;
  trustedProxies: number;
}

/** Throws an error that names every setting that is missing or wrong, and shows no value. */
export function parseSettings(source: Record<string, string | undefined>): Settings {
  const present = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== ''));
  const parsed = environment.safeParse(present);
  if (!parsed.success) {
    const wrong = parsed.error.issues.map(({ path, message }) => `${String(path[0])} (${message})`);
    throw new Error(`Settings missing or wrong: ${wrong.join('; ')}`);
  }
  const env = parsed.data;
  const issuer = `https://cognito-idp.${env.AWS_REGION}.amazonaws.com/${env.COGNITO_USER_POOL_ID}`;
  return {
    webOrigin: env.WEB_ORIGIN,
    apiUrl: env.API_URL,
    cognito: {
      region: env.AWS_REGION,
      userPoolId: env.COGNITO_USER_POOL_ID,
      clientId: env.COGNITO_CLIENT_ID,
      clientSecret: env.COGNITO_CLIENT_SECRET,
      endpoint: env.COGNITO_ENDPOINT,
      issuer,
      jwksUrl: env.COGNITO_JWKS_URL ?? `${issuer}/.well-known/jwks.json`,
    },
    sessionSecrets: env.SESSION_SECRET,
    support: { email: env.SUPPORT_EMAIL, phone: env.SUPPORT_PHONE, hours: env.SUPPORT_HOURS },
    guideDirectory: env.GUIDE_DIR,
    trustedProxies: env.TRUSTED_PROXIES,
  };
}

let read: Settings | undefined;

export function settings(): Settings {
  read ??= parseSettings(process.env);
  return read;
}
