import { describe, expect, test } from 'vitest';
import { formatCnpj, isCnpj } from './cnpj';

describe('a CNPJ', () => {
  test.each(['11.222.333/0001-81', '12.ABC.345/01DE-35', '12abc34501de35'])('%s is valid', (cnpj) => {
    expect(isCnpj(cnpj)).toBe(true);
  });

  test.each([
    '11.222.333/0001-82',
    '11.222.333/0001-91',
    '12.ABC.345/01DE-36',
    '00.000.000/0000-00',
    '11.111.111/1111-11',
    '12.ABC.345/01DE-3A',
    '1122233300018',
    '',
  ])('%s is not', (cnpj) => {
    expect(isCnpj(cnpj)).toBe(false);
  });

  test('every change of one digit of a valid one is found', () => {
    const valid = '11222333000181';
    for (let index = 0; index < valid.length; index++) {
      for (const char of '0123456789') {
        if (char !== valid[index]) {
          expect(isCnpj(valid.slice(0, index) + char + valid.slice(index + 1)), `${char} at ${index}`).toBe(false);
        }
      }
    }
  });

  test.each([
    ['1', '1'],
    ['112', '11.2'],
    ['11222333', '11.222.333'],
    ['112223330001', '11.222.333/0001'],
    ['11.222.333/0001-81', '11.222.333/0001-81'],
    ['12abc34501de35999', '12.ABC.345/01DE-35'],
  ])('%s is written %s', (typed, written) => {
    expect(formatCnpj(typed)).toBe(written);
  });
});
