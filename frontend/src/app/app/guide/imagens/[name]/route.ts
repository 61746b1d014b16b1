import { isInternal } from '@/lib/rights';
import { readImage } from '@/server/guide';
import { problem } from '@/server/problem';
import { readSession } from '@/server/session';

/** The guide's screenshots; those of the internal side are for the internal team. */
export async function GET(_: Request, { params }: { params: Promise<{ name: string }> }): Promise<Response> {
  const session = await readSession();
  const { name } = await params;
  const allowed = session && (!name.startsWith('interno-') || isInternal(session.groups));
  const image = allowed ? await readImage(name) : null;
  if (!image) return problem('not_found');
  return new Response(new Uint8Array(image), {
    headers: { 'Content-Type': 'image/png', 'Cache-Control': 'private, max-age=3600' },
  });
}
