import { HttpResponse, http } from 'msw';
import { setupServer } from 'msw/node';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';

vi.mock('@/lib/session', () => ({ authorizedFetch: (...request: Parameters<typeof fetch>) => fetch(...request) }));
const { downloadCsv } = await import('./csv');

const server = setupServer();
const CSV = 'id,título\n1,"São ""Lucas"", S.A."\n';
let downloads: { name: string; blob: Blob }[];
const revoked = vi.fn();

beforeAll(() => server.listen({ onUnhandledFrame: 'error' }));
beforeEach(() => {
  downloads = [];
  let blob: Blob;
  URL.createObjectURL = (object) => {
    blob = object as Blob;
    return 'blob:csv';
  };
  URL.revokeObjectURL = revoked;
  vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(function (this: HTMLAnchorElement) {
    expect(this.href).toBe('blob:csv');
    downloads.push({ name: this.download, blob });
  });
});
afterEach(() => server.resetHandlers());
afterAll(() => server.close());

function answer(respond: (request: Request) => Response) {
  server.use(http.get('*/api/tenant/usage', ({ request }) => respond(request)));
}

describe('downloadCsv', () => {
  it('asks for CSV with the same query, and hands over the very bytes', async () => {
    let asked: Request | undefined;
    answer((request) => {
      asked = request;
      return new HttpResponse(CSV, { headers: { 'Content-Type': 'text/csv' } });
    });
    const query = { period: '7d', agent_id: undefined, search: null, offset: 0, name: 'a&b' };
    await expect(downloadCsv('/tenant/usage', query, 'uso-7d')).resolves.toEqual({ truncated: false });
    expect(asked?.headers.get('accept')).toBe('text/csv');
    expect(new URL(asked?.url ?? '').search).toBe('?period=7d&offset=0&name=a%26b');
    expect(downloads.map(({ name }) => name)).toEqual(['uso-7d.csv']);
    expect(await downloads[0]?.blob.text()).toBe(CSV);
    expect(revoked).toHaveBeenCalledWith('blob:csv');
  });

  it('says that there is more than the file holds', async () => {
    answer(() => new HttpResponse(CSV, { headers: { 'X-Truncated': 'true' } }));
    await expect(downloadCsv('/tenant/usage', {}, 'uso')).resolves.toEqual({ truncated: true });
  });

  it('saves no failure as a file', async () => {
    answer(() => HttpResponse.json({ code: 'tenant_denied', request_id: 'r1' }, { status: 403 }));
    await expect(downloadCsv('/tenant/usage', {}, 'uso')).rejects.toMatchObject({ status: 403, requestId: 'r1' });
    answer(() => new HttpResponse('<html>', { status: 502 }));
    await expect(downloadCsv('/tenant/usage', {}, 'uso')).rejects.toMatchObject({ status: 502, code: 'unavailable' });
    answer(() => HttpResponse.error());
    await expect(downloadCsv('/tenant/usage', {}, 'uso')).rejects.toMatchObject({ status: 0, code: 'unreachable' });
    expect(downloads).toEqual([]);
  });
});
