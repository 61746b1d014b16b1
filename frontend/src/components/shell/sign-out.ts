'use client';

import { useTranslations } from 'next-intl';
import { signOut } from '@/lib/session';
import { useErrorDialog } from '../error-dialog';

/** Signs out, and says so when that isn't possible now. */
export function useSignOut(): () => void {
  const t = useTranslations('shell.user');
  const showError = useErrorDialog();
  return () => {
    signOut().catch((error) => showError(t('signOutFailed'), error));
  };
}
