import { describe, expect, it } from 'vitest';
import { Random } from '@/testing/random';
import { fold } from './text';

describe('fold', () => {
  it.each([
    ['São Lucas', 'sao lucas'],
    ['  CLÍNICA ', 'clinica'],
    ['Ações à vista: pôr, güe, ñ', 'acoes a vista: por, gue, n'],
    ['Sa\u0303o', 'sao'],
    ['p95 (30d) – 1.234,5%', 'p95 (30d) – 1.234,5%'],
    ['', ''],
  ])('%j is %j', (text, folded) => {
    expect(fold(text)).toBe(folded);
  });

  it('changes nothing that is folded, and finds a word in whatever case and form it is written', () => {
    const letters = [...'aáàâãéêíóôõúüçñ Zz09-'];
    for (let seed = 0; seed < 300; seed++) {
      const random = new Random(seed);
      const text = random.list(20, () => random.pick(letters)).join('');
      expect(fold(fold(text))).toBe(fold(text));
      expect(fold(text.toUpperCase())).toBe(fold(text));
      expect(fold(text.normalize('NFD'))).toBe(fold(text.normalize('NFC')));
    }
  });
});
