'use client';

import { Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { tenantAgentsOptions } from '@/api/generated/@tanstack/react-query.gen';
import { clearButton } from '@/components/clear-button';
import { useTenantQuery } from '@/lib/tenant';

interface AgentSelectProps {
  /** Null means all of them. */
  value: string | null;
  onChange: (agentId: string | null) => void;
}

export function AgentSelect({ value, onChange }: AgentSelectProps) {
  const t = useTranslations('dashboard.usage');
  const agents = useQuery(tenantAgentsOptions({ query: { ...useTenantQuery(), status: 'all' } }));
  return (
    <Select
      aria-label={t('agent')}
      placeholder={t('allAgents')}
      data={(agents.data?.agents ?? []).map(({ id, name }) => ({ value: id, label: name }))}
      value={value}
      onChange={onChange}
      clearable
      searchable
      clearButtonProps={clearButton(t('allAgents'))}
      nothingFoundMessage={t('noAgent')}
      w={{ base: '100%', xs: 220 }}
    />
  );
}
