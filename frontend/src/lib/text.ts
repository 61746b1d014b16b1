/** Text as it is compared: without case and accents, so that “sao” finds “São”. */
export function fold(text: string): string {
  return text.trim().normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}
