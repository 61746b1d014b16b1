import { Group, Text } from '@mantine/core';
import { useTranslations } from 'next-intl';
import classes from './status-badge.module.css';

/** What a colour means is the same everywhere: it works, look at it, it is broken, it rests, it is news. */
export type Tone = 'good' | 'warning' | 'bad' | 'idle' | 'info';

export function ToneLabel({ tone, children }: { tone: Tone; children: string }) {
  return (
    <Group gap={6} wrap="nowrap" component="span" className={classes.badge} data-tone={tone}>
      <span className={classes.dot} aria-hidden />
      <Text size="xs" fw={550} component="span" inherit={false}>
        {children}
      </Text>
    </Group>
  );
}

const STATUS: Record<string, Tone> = { active: 'good', inactive: 'idle', suspended: 'warning', error: 'bad' };
const SEVERITY: Record<string, Tone> = { info: 'info', warning: 'warning', error: 'bad', critical: 'bad' };

/** Of an agent, an integration or a tenant; in Portuguese an integration is feminine. */
export function StatusBadge({ status, feminine = false }: { status: string; feminine?: boolean }) {
  const t = useTranslations('shell.status');
  const known = status in STATUS;
  return (
    <ToneLabel tone={STATUS[status] ?? 'idle'}>
      {known ? t(status as 'active', { gender: feminine ? 'feminine' : 'masculine' }) : status}
    </ToneLabel>
  );
}

/** Of an incident. */
export function SeverityBadge({ severity }: { severity: string }) {
  const t = useTranslations('shell.severity');
  const known = severity in SEVERITY;
  return <ToneLabel tone={SEVERITY[severity] ?? 'info'}>{known ? t(severity as 'info') : severity}</ToneLabel>;
}
