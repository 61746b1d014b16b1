// @vitest-environment node
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test, vi } from 'vitest';

const place = vi.hoisted(() => ({ directory: '' }));
vi.mock('./settings', () => ({ settings: () => ({ guideDirectory: place.directory }) }));

const { readChapter, readImage } = await import('./guide');

beforeAll(async () => {
  const above = await mkdtemp(join(tmpdir(), 'guide-'));
  place.directory = join(above, 'guia');
  await mkdir(join(place.directory, 'interno'), { recursive: true });
  await mkdir(join(place.directory, 'imagens'));
  await writeFile(join(above, 'secret.md'), '# Secret');
  await writeFile(join(above, 'secret.png'), 'secret');
  await writeFile(
    join(place.directory, 'README.md'),
    '# Guia\n\n[c](cliente.md) [p](interno/painel.md) [x](https://x.example)',
  );
  await writeFile(
    join(place.directory, 'interno', 'painel.md'),
    '# Painel\n\n[v](../README.md) [k](comandos.md#a) ![i](../imagens/i.png)',
  );
  await writeFile(join(place.directory, 'imagens', 'i.png'), 'image');
});

describe('a chapter', () => {
  test('links to the pages of other chapters', async () => {
    const { title, html } = (await readChapter([])) ?? { title: '', html: '' };
    expect(title).toBe('Guia');
    expect(html).toContain('href="/app/guide/cliente"');
    expect(html).toContain('href="/app/guide/interno/painel"');
    expect(html).toContain('href="https://x.example"');
  });

  test('of a folder does so from there', async () => {
    const { html } = (await readChapter(['interno', 'painel'])) ?? { html: '' };
    expect(html).toContain('href="/app/guide"');
    expect(html).toContain('href="/app/guide/interno/comandos#a"');
    expect(html).toContain('src="/app/guide/imagens/i.png"');
  });

  test.each([[['nada']], [['..', 'secret']], [['../secret']], [['README']], [['interno', '..', '..', 'secret']]])(
    'is none: %j',
    async (path) => {
      expect(await readChapter(path)).toBeNull();
    },
  );
});

test('images come from the folder of images', async () => {
  expect((await readImage('i.png'))?.toString()).toBe('image');
  for (const name of ['../../secret.png', 'nada.png', '../README.md', 'i.png/'])
    expect(await readImage(name)).toBeNull();
});
