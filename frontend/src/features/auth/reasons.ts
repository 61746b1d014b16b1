/** Why somebody is on the sign-in page, as `reason=` tells. */
export const LOGIN_REASONS = ['expired', 'challenge', 'reset'] as const;
export type LoginReason = (typeof LOGIN_REASONS)[number];
