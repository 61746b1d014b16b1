import { Stack, Text } from '@mantine/core';
import { useTranslations } from 'next-intl';
import { Facts } from '@/components/facts';
import { useFormats } from '@/lib/formats';

const DEEPEST = 3;

/** What a row, a command or its output carries, as a person reads it: names in Portuguese where they are known. */
export function Metadata({ metadata, depth = 0 }: { metadata: Record<string, unknown>; depth?: number }) {
  const t = useTranslations('company.metadata');
  const label = (key: string) => (t.has(key as 'status') ? t(key as 'status') : key);
  return (
    <Facts
      facts={Object.entries(metadata)
        // What was is read before what became of it.
        .sort(([a], [b]) => Number(b === 'before') - Number(a === 'before'))
        .map(([key, value]) => [label(key), <Value key={key} value={value} depth={depth} />])}
    />
  );
}

function Value({ value, depth }: { value: unknown; depth: number }) {
  const t = useTranslations('company.metadata');
  const formats = useFormats();
  if (value === null || value === undefined) return '–';
  if (typeof value === 'boolean') return t(value ? 'yes' : 'no');
  if (typeof value === 'number') return formats.decimal(value);
  if (typeof value !== 'object') return String(value);
  if (depth >= DEEPEST) return JSON.stringify(value);
  if (Array.isArray(value)) {
    return value.every((item) => typeof item !== 'object') ? (
      value.join(', ')
    ) : (
      <Stack gap={4}>
        {value.map((item) => (
          <Value key={JSON.stringify(item)} value={item} depth={depth + 1} />
        ))}
      </Stack>
    );
  }
  return (
    <Text size="sm" component="div">
      <Metadata metadata={value as Record<string, unknown>} depth={depth + 1} />
    </Text>
  );
}
