import { useFormats } from '@/lib/formats';

/** A moment in UTC; a dash if it hasn't come. */
export function Instant({ at }: { at: string | null }) {
  const formats = useFormats();
  if (at === null) return '–';
  return (
    <time dateTime={at} style={{ whiteSpace: 'nowrap' }}>
      {formats.instant(at)}
    </time>
  );
}
