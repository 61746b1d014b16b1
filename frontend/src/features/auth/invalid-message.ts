import { useTranslations } from 'next-intl';
import type { Invalid } from './fields';

const OF_THE_SERVER = ['invalid_code', 'invalid_password'] as const;

/** The text under a field, from the name that its check or the server gave. */
export function useInvalidMessage(): (name: string) => string {
  const t = useTranslations('auth');
  return (name) => {
    const failure = OF_THE_SERVER.find((known) => known === name);
    return failure ? t(`failures.${failure}`) : t(`invalid.${name as Invalid}`);
  };
}
