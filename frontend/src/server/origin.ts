const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

export function isMutation(method: string): boolean {
  return !SAFE_METHODS.has(method);
}

/**
 * Whether a page of this origin sent the request. Every browser sends Origin with what is not GET or HEAD, so its
 * absence counts as foreign; Sec-Fetch-Site, where it is sent, must say the same.
 */
export function isSameOrigin(headers: Headers, webOrigin: string): boolean {
  const site = headers.get('sec-fetch-site');
  return headers.get('origin') === webOrigin && (site === null || site === 'same-origin');
}
