// @vitest-environment node
import { describe, expect, it } from 'vitest';
import { isMutation, isSameOrigin } from './origin';

const OWN = 'https://painel.example';

describe('isSameOrigin', () => {
  it.each([
    [{ origin: OWN }, true],
    [{ origin: OWN, 'sec-fetch-site': 'same-origin' }, true],
    [{}, false],
    [{ 'sec-fetch-site': 'same-origin' }, false],
    [{ origin: 'null' }, false],
    [{ origin: `${OWN}.evil.example` }, false],
    [{ origin: `${OWN}:8443` }, false],
    [{ origin: 'http://painel.example' }, false],
    [{ origin: OWN, 'sec-fetch-site': 'same-site' }, false],
    [{ origin: OWN, 'sec-fetch-site': 'cross-site' }, false],
    [{ origin: OWN, 'sec-fetch-site': 'none' }, false],
  ])('%j: %s', (headers, same) => {
    expect(isSameOrigin(new Headers(headers as HeadersInit), OWN)).toBe(same);
  });
});

describe('isMutation', () => {
  it.each(['POST', 'PUT', 'PATCH', 'DELETE', 'TRACE'])('%s changes things', (method) => {
    expect(isMutation(method)).toBe(true);
  });
  it.each(['GET', 'HEAD', 'OPTIONS'])('%s does not', (method) => {
    expect(isMutation(method)).toBe(false);
  });
});
