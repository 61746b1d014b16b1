import { act, render, screen } from '@testing-library/react';
import { describe, expect, it, vi } from 'vitest';
import { panel } from '@/testing/panel';
import { Freshness } from './freshness';

const NOW = new Date('2026-03-01T12:00:00Z');

function show(asOf: string | null | undefined) {
  vi.useFakeTimers({ now: NOW });
  return render(<Freshness asOf={asOf} />, { wrapper: panel({ now: NOW }) });
}

describe('Freshness', () => {
  it('says how old the counts are, and exactly on demand', () => {
    show('2026-03-01T11:50:00.000Z');
    expect(screen.getByText('atualizado há 10 minutos')).toHaveAttribute('datetime', '2026-03-01T11:50:00.000Z');
    expect(screen.getByTitle('Conta tudo o que chegou até 01/03/2026, 11:50 UTC')).toBeInTheDocument();
  });

  it('grows older on its own', () => {
    show('2026-03-01T11:50:00.000Z');
    act(() => vi.advanceTimersByTime(120_000));
    expect(screen.getByText('atualizado há 12 minutos')).toBeInTheDocument();
  });

  it('does not speak of the future if the clock is behind the server', () => {
    show('2026-03-01T12:10:00.000Z');
    expect(screen.getByText('atualizado agora')).toBeInTheDocument();
  });

  it('says that nothing was counted yet', () => {
    show(null);
    expect(screen.getByText('ainda sem contagem')).toBeInTheDocument();
  });

  it('says nothing while nothing is known', () => {
    const { container } = show(undefined);
    expect(container.querySelector('time')).toBeNull();
    expect(screen.queryByText(/atualizado|contagem/)).toBeNull();
  });
});
