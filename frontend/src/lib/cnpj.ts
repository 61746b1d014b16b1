const LENGTH = 14;
const WEIGHTS = [6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2];

/**
 * Whether a CNPJ's two check digits are right, so that a form can say so before the API does. Alphanumeric since July
 * 2026: a character counts as its ASCII code less 48.
 */
export function isCnpj(text: string): boolean {
  const cnpj = bare(text);
  if (!/^[0-9A-Z]{12}[0-9]{2}$/.test(cnpj) || /^(\d)\1*$/.test(cnpj)) return false;
  return [LENGTH - 2, LENGTH - 1].every((length) => checkDigit(cnpj.slice(0, length)) === Number(cnpj[length]));
}

/** What is typed, with its punctuation as far as it goes: `12.ABC.345/01DE-35`. */
export function formatCnpj(text: string): string {
  const cnpj = bare(text).slice(0, LENGTH);
  return [
    cnpj.slice(0, 2),
    cnpj.length > 2 ? `.${cnpj.slice(2, 5)}` : '',
    cnpj.length > 5 ? `.${cnpj.slice(5, 8)}` : '',
    cnpj.length > 8 ? `/${cnpj.slice(8, 12)}` : '',
    cnpj.length > 12 ? `-${cnpj.slice(12)}` : '',
  ].join('');
}

function bare(text: string): string {
  return text.toUpperCase().replace(/[^0-9A-Z]/g, '');
}

function checkDigit(characters: string): number {
  const weights = WEIGHTS.slice(-characters.length);
  const sum = [...characters].reduce(
    (total, char, index) => total + (char.charCodeAt(0) - 48) * (weights[index] ?? 0),
    0,
  );
  const rest = sum % 11;
  return rest < 2 ? 0 : 11 - rest;
}
