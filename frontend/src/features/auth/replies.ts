import * as z from 'zod/mini';

// The page's policy has no 'unsafe-eval', which zod would otherwise try.
z.config({ jitless: true });

export const nextReply = z.object({ next: z.enum(['done', 'new-password', 'totp', 'enroll-totp', 'reset']) });
export const emptyReply = z.object({});
export const secretReply = z.object({ secret: z.string(), uri: z.string(), qr: z.string() });
export const accountReply = z.object({ email: z.string(), name: z.nullable(z.string()), totp: z.boolean() });

export type Next = z.infer<typeof nextReply>['next'];
