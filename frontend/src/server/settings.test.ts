// @vitest-environment node
import { describe, expect, it } from 'vitest';
import { parseSettings } from './settings';
import { ENVIRONMENT } from './testing';

describe('parseSettings', () => {
  it('reads what is there', () => {
    const settings = parseSettings({ ...ENVIRONMENT, SESSION_SECRET: `${'n'.repeat(32)}, ${'o'.repeat(40)}` });
    expect(settings.sessionSecrets).toEqual(['n'.repeat(32), 'o'.repeat(40)]);
    expect(settings.cognito.issuer).toBe('https://cognito-idp.sa-east-1.amazonaws.com/sa-east-1_TestPool1');
  });

  it("takes Cognito's own keys unless told otherwise", () => {
    const { COGNITO_JWKS_URL: _, ...rest } = ENVIRONMENT;
    expect(parseSettings(rest).cognito.jwksUrl).toBe(
      'https://cognito-idp.sa-east-1.amazonaws.com/sa-east-1_TestPool1/.well-known/jwks.json',
    );
  });

  it.each(Object.keys(ENVIRONMENT).filter((name) => !['COGNITO_ENDPOINT', 'COGNITO_JWKS_URL'].includes(name)))(
    'names %s when it is missing',
    (name) => {
      expect(() => parseSettings({ ...ENVIRONMENT, [name]: '' })).toThrow(name);
    },
  );

  it.each([
    ['WEB_ORIGIN', 'https://painel.example/'],
    ['WEB_ORIGIN', 'https://painel.example/app'],
    ['WEB_ORIGIN', 'painel.example'],
    ['API_URL', 'http://api.example/'],
    ['SESSION_SECRET', 'short'],
    ['SESSION_SECRET', `${'n'.repeat(32)},short`],
    ['TRUSTED_PROXIES', '0'],
  ])('refuses %s=%s, without showing it', (name, value) => {
    expect(() => parseSettings({ ...ENVIRONMENT, [name]: value })).toThrow(name);
    expect(() => parseSettings({ ...ENVIRONMENT, [name]: value })).not.toThrow(value);
  });
});
