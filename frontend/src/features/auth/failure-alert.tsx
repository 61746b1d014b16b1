import { Alert } from '@mantine/core';
import { IconAlertCircle } from '@tabler/icons-react';
import { useTranslations } from 'next-intl';
import type { Failure } from './use-auth-form';

const KNOWN = ['invalid_credentials', 'challenge_expired', 'session_expired', 'offline'] as const;

/** What went wrong with the whole form, announced as soon as it shows. */
export function FailureAlert({ failure }: { failure: Failure | null }) {
  const message = useFailureMessage();
  // The live region has to be there before what it announces, and takes no room until then.
  return (
    <div role="alert" style={{ display: 'contents' }}>
      {failure && (
        <Alert color="red" variant="light" icon={<IconAlertCircle aria-hidden />} role="presentation">
          {message(failure)}
        </Alert>
      )}
    </div>
  );
}

export function useFailureMessage(): (failure: Failure) => string {
  const t = useTranslations('auth.failures');
  return ({ code, retryAfterSeconds }) => {
    if (code === 'rate_limited') return t(code, { minutes: Math.max(1, Math.ceil((retryAfterSeconds ?? 60) / 60)) });
    return t(KNOWN.find((known) => known === code) ?? 'unavailable');
  };
}
