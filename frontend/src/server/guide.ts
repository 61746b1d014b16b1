import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Marked } from 'marked';
import { settings } from './settings';

const INDEX = 'README';
/** What a part of an address may be: nothing that leaves the guide's folder. */
const PART = /^[a-z0-9-]+$/;
const IMAGE = /^[a-z0-9-]+\.png$/;

export interface Chapter {
  title: string;
  /** Written by us, in docs/guia. */
  html: string;
}

/** A chapter of docs/guia as HTML, or null if there is none of that name. */
export async function readChapter(path: readonly string[]): Promise<Chapter | null> {
  if (!path.every((part) => PART.test(part))) return null;
  const file = path.length === 0 ? INDEX : join(...path);
  const text = await read(`${file}.md`);
  if (text === null) return null;
  const title = /^# (.+)$/m.exec(text.toString())?.[1] ?? '';
  return { title, html: await renderer(path).parse(text.toString()) };
}

/** A screenshot of docs/guia/imagens. */
export async function readImage(name: string): Promise<Buffer | null> {
  return IMAGE.test(name) ? read(join('imagens', name)) : null;
}

async function read(file: string): Promise<Buffer | null> {
  try {
    return await readFile(join(settings().guideDirectory, file));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Links between the files are links between the pages that show them. */
function renderer(path: readonly string[]): Marked {
  const base = new URL(`/app/guide/${path.join('/')}`, 'http://guide');
  const resolve = (href: string) => {
    if (/^[a-z]+:/.test(href) || href.startsWith('#') || href.startsWith('/')) return href;
    const { pathname, hash } = new URL(href, base);
    return pathname.replace(/\/README\.md$/, '').replace(/\.md$/, '') + hash;
  };
  return new Marked({
    async: true,
    walkTokens: (token) => {
      if (token.type === 'link' || token.type === 'image') token.href = resolve(token.href);
    },
  });
}
