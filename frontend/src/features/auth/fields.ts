import * as z from 'zod/mini';

z.config({ jitless: true });

/** The user pool's password policy (`PasswordPolicy` in template.yaml), as what a password needs. */
export const PASSWORD_RULES = [
  ['length', /^.{12,}$/su],
  ['lower', /[a-z]/],
  ['upper', /[A-Z]/],
  ['digit', /\d/],
  // Cognito's list of special characters; a space counts inside, not at the ends.
  ['symbol', /[\^$*.[\]{}()?"!@#%&/\\,><':;|_~`=+-]|\S \S/],
] as const;

export const email = z.string().check(z.trim(), z.email('email'), z.maxLength(254, 'email'));
export const password = z.string().check(z.minLength(1, 'password'), z.maxLength(256, 'password'));
export const newPassword = z.string().check(
  z.maxLength(256, 'policy'),
  z.refine((value) => PASSWORD_RULES.every(([, rule]) => rule.test(value)), 'policy'),
);
export const totpCode = z.string().check(
  z.overwrite((value) => value.replaceAll(/\s/g, '')),
  z.regex(/^\d{6}$/, 'code'),
);
export const resetCode = z.string().check(z.trim(), z.regex(/^\S{1,64}$/, 'resetCode'));

/** A new password, typed twice. */
export const passwordPair = {
  password: newPassword,
  repeat: z.string(),
};

export function sameTwice<T extends { password: string; repeat: string }>() {
  return z.refine<T>(({ password: first, repeat }) => first === repeat, { error: 'repeat', path: ['repeat'] });
}

/** The name of a field's message in the catalogue. */
export type Invalid = 'email' | 'password' | 'policy' | 'repeat' | 'code' | 'resetCode';
