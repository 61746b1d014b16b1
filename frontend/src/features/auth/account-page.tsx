'use client';

import { Button, Card, Group, Skeleton, Stack, Text } from '@mantine/core';
import dynamic from 'next/dynamic';
import { useTranslations } from 'next-intl';
import { useCallback, useEffect, useState } from 'react';
import type * as z from 'zod/mini';
import { PageHeader } from '@/components/page-header';
import { Panel } from '@/components/panel';
import { ToneLabel } from '@/components/status-badge';
import { FailureAlert } from './failure-alert';
import { post, type Reply } from './post';
import { accountReply } from './replies';

/** Fetched by whoever changes it. */
const TotpDisableForm = dynamic(() => import('./account-disable').then((form) => form.TotpDisableForm), { ssr: false });
const TotpEnableForm = dynamic(() => import('./account-enable').then((form) => form.TotpEnableForm), { ssr: false });

type Account = z.infer<typeof accountReply>;

/** "Minha conta": who is signed in, and their second factor. */
export function AccountPage() {
  const t = useTranslations('auth.account');
  const [reply, setReply] = useState<Reply<Account> | null>(null);
  const [changing, setChanging] = useState(false);

  const load = useCallback(async () => {
    setReply(null);
    setReply(await post('/api/auth/totp-enrollment', { step: 'status' }, accountReply));
  }, []);

  useEffect(() => {
    void load();
  }, [load]);

  const changed = async (totp: boolean) => {
    setChanging(false);
    setReply((current) => (current?.ok ? { ok: true, data: { ...current.data, totp } } : current));
    const { notifications } = await import('@mantine/notifications');
    notifications.show({ color: 'green', message: t(totp ? 'enabled' : 'disabled') });
  };
  const cancel = () => setChanging(false);

  return (
    <Stack gap="lg" maw={560}>
      <PageHeader title={t('title')} />
      {!reply && (
        <Stack role="status" aria-label={t('loading')} gap="lg">
          <Skeleton h={96} />
          <Skeleton h={160} />
        </Stack>
      )}
      {reply?.ok === false && (
        <Stack gap="sm" align="flex-start">
          <Text>{t('loadFailed')}</Text>
          <FailureAlert failure={reply} />
          <Button onClick={() => void load()}>{t('retry')}</Button>
        </Stack>
      )}
      {reply?.ok && (
        <>
          <Card>
            <Stack component="dl" gap="sm" m={0}>
              {reply.data.name && <Fact term={t('name')}>{reply.data.name}</Fact>}
              <Fact term={t('email')}>{reply.data.email}</Fact>
            </Stack>
          </Card>
          <Panel title={t('security')} actions={<TotpState on={reply.data.totp} />}>
            <Stack gap="md">
              <Text c="dimmed">{t('explanation')}</Text>
              {!changing && (
                <Group>
                  <Button variant={reply.data.totp ? 'default' : 'filled'} onClick={() => setChanging(true)}>
                    {t(reply.data.totp ? 'disable' : 'enable')}
                  </Button>
                </Group>
              )}
              {changing && !reply.data.totp && <TotpEnableForm done={() => void changed(true)} cancel={cancel} />}
              {changing && reply.data.totp && <TotpDisableForm done={() => void changed(false)} cancel={cancel} />}
            </Stack>
          </Panel>
        </>
      )}
    </Stack>
  );
}

function TotpState({ on }: { on: boolean }) {
  const t = useTranslations('auth.account');
  return <ToneLabel tone={on ? 'good' : 'idle'}>{t(on ? 'on' : 'off')}</ToneLabel>;
}

function Fact({ term, children }: { term: string; children: string }) {
  return (
    <div>
      <Text component="dt" size="sm" c="dimmed">
        {term}
      </Text>
      <Text component="dd" m={0} style={{ overflowWrap: 'anywhere' }}>
        {children}
      </Text>
    </div>
  );
}
