/** How much script a page loads before anything is done with it. */
import { gzipSync } from 'node:zlib';

/** 250 kB, gzipped: what a page may load at first. */
export const LIMIT_BYTES = 250_000;

export interface Script {
  path: string;
  /** Gzipped, at level 9. */
  bytes: number;
  /** Whether it holds code that draws charts, which are to be loaded when needed. */
  draws: boolean;
}

/** The scripts that the served HTML names, with their sizes. Those for browsers without modules aren't loaded. */
export async function firstLoad(html: string, origin: string): Promise<Script[]> {
  const tags = html.match(/<script\b[^>]*>|<link\b[^>]*\bas="script"[^>]*>/g) ?? [];
  const modern = tags.filter((tag) => !/\bnomodule\b/i.test(tag));
  const paths = new Set(modern.flatMap((tag) => /\b(?:src|href)="([^"]+)"/.exec(tag)?.[1] ?? []));
  return Promise.all(
    [...paths].map(async (path) => {
      const answer = await fetch(new URL(path.replaceAll('&amp;', '&'), origin));
      if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
      const body = Buffer.from(await answer.arrayBuffer());
      return { path, bytes: gzipSync(body, { level: 9 }).length, draws: body.includes('recharts-') };
    }),
  );
}

export function total(scripts: Script[]): number {
  return scripts.reduce((sum, { bytes }) => sum + bytes, 0);
}
