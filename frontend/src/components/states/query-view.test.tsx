import { QueryClient, useQuery } from '@tanstack/react-query';
import { render, screen, waitFor } from '@testing-library/react';
import { userEvent } from '@testing-library/user-event';
import type { ComponentProps } from 'react';
import { describe, expect, it, vi } from 'vitest';
import { ApiError } from '@/api/problem';
import { panel } from '@/testing/panel';
import { QueryView } from './query-view';
import { EmptyState } from './states';

type Query = ComponentProps<typeof QueryView<string[]>>['query'];

function show(query: Partial<Query>) {
  const refetch = vi.fn();
  const whole = {
    data: undefined,
    error: null,
    errorUpdateCount: query.isError ? 1 : 0,
    isError: false,
    isFetching: false,
    fetchStatus: 'idle',
    refetch,
    ...query,
  } as Query;
  render(
    <QueryView
      query={whole}
      skeleton={<p>esqueleto</p>}
      empty={{ when: (data) => data.length === 0, show: <EmptyState title="vazio" /> }}
    >
      {(data) => <p>{data.join()}</p>}
    </QueryView>,
    { wrapper: panel() },
  );
  return refetch;
}

const failed = (status: number, requestId: string | null = null) => ({
  isError: true,
  error: new ApiError(status, 'x', requestId, null),
});

describe('QueryView', () => {
  it('shows a skeleton while it waits', () => {
    show({ isFetching: true, fetchStatus: 'fetching' });
    expect(screen.getByText('esqueleto')).toBeInTheDocument();
  });

  it('shows data', () => {
    show({ data: ['a', 'b'] });
    expect(screen.getByText('a,b')).toBeInTheDocument();
    expect(screen.queryByRole('status')).toBeNull();
  });

  it('says that there is nothing', () => {
    show({ data: [] });
    expect(screen.getByText('vazio')).toBeInTheDocument();
  });

  it('says that the connection is gone, if there is nothing to show', () => {
    show({ fetchStatus: 'paused' });
    expect(screen.getByRole('alert')).toHaveTextContent('Sem conexão');
  });

  it.each([
    [500, 'Não foi possível carregar'],
    [0, 'Não foi possível carregar'],
    [429, 'Muitas requisições'],
  ])('lets try again after %d', async (status, title) => {
    const refetch = show(failed(status));
    expect(screen.getByRole('alert')).toHaveTextContent(title);
    await userEvent.click(screen.getByRole('button', { name: 'Tentar de novo' }));
    expect(refetch).toHaveBeenCalledOnce();
  });

  it.each([
    [403, 'Sem permissão'],
    [404, 'Não encontrado'],
    [400, 'Não encontrado'],
  ])('offers nothing after %d, which asking again does not change', (status, title) => {
    show(failed(status));
    expect(screen.getByRole('alert')).toHaveTextContent(title);
    expect(screen.queryByRole('button')).toBeNull();
  });

  it('shows the code for support, to be copied', async () => {
    const user = userEvent.setup();
    show(failed(500, 'req-1'));
    expect(screen.getByText('req-1')).toBeInTheDocument();
    await user.click(screen.getByRole('button', { name: 'Copiar' }));
    expect(await navigator.clipboard.readText()).toBe('req-1');
    expect(screen.getByRole('button', { name: 'Copiado' })).toBeInTheDocument();
  });

  it('keeps old data, and says that it is old', async () => {
    const refetch = show({ data: ['a'], ...failed(503, 'req-2') });
    expect(screen.getByText('a')).toBeInTheDocument();
    expect(screen.getByRole('status')).toHaveTextContent('Estes são os últimos dados recebidos');
    expect(screen.getByText('req-2')).toBeInTheDocument();
    await userEvent.click(screen.getByRole('button', { name: 'Atualizar' }));
    expect(refetch).toHaveBeenCalledOnce();
  });
});

describe('QueryView of a request that is repeated', () => {
  const ask = vi.fn<() => Promise<string[]>>();

  function Page({ name }: { name: string }) {
    const query = useQuery({ queryKey: [name], queryFn: ask });
    return (
      <QueryView query={query} skeleton={<p>esqueleto</p>}>
        {(data) => <p>{data.join()}</p>}
      </QueryView>
    );
  }

  const client = () => new QueryClient({ defaultOptions: { queries: { retry: false } } });

  it('keeps the failure on the page until there is something better', async () => {
    ask.mockRejectedValueOnce(new ApiError(500, 'x', null, null));
    render(<Page name="a" />, { wrapper: panel({ client: client() }) });
    const retry = await screen.findByRole('button', { name: 'Tentar de novo' });
    const { promise, resolve: answer } = Promise.withResolvers<string[]>();
    ask.mockReturnValueOnce(promise);
    await userEvent.click(retry);
    await waitFor(() => expect(retry).toBeDisabled());
    expect(screen.queryByText('esqueleto')).toBeNull();
    answer(['voltou']);
    expect(await screen.findByText('voltou')).toBeInTheDocument();
    expect(screen.queryByRole('alert')).toBeNull();
  });

  it('does not show the failure of one request in place of another', async () => {
    ask.mockRejectedValueOnce(new ApiError(500, 'x', null, null));
    const { rerender } = render(<Page name="a" />, { wrapper: panel({ client: client() }) });
    await screen.findByRole('alert');
    ask.mockReturnValueOnce(new Promise(() => {}));
    rerender(<Page name="b" />);
    expect(await screen.findByText('esqueleto')).toBeInTheDocument();
    expect(screen.queryByRole('alert')).toBeNull();
  });
});
