const KEY = 'painel-reset-email';

/** So that it needn't be typed twice, and stands in no address or log. */
export function rememberEmail(value: string): void {
  try {
    sessionStorage.setItem(KEY, value);
  } catch {
    // Storage is off: the next page asks again.
  }
}

export function rememberedEmail(): string {
  try {
    return sessionStorage.getItem(KEY) ?? '';
  } catch {
    return '';
  }
}
