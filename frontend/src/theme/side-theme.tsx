'use client';

import { MantineThemeProvider } from '@mantine/core';
import { type ReactNode, useEffect } from 'react';
import type { Side } from '@/lib/pages';
import './side-theme.css';

const INTERNAL = { primaryColor: 'amber' };

/** The internal side is amber, so that nobody mistakes one side for the other. */
export function SideTheme({ side, children }: { side: Side; children: ReactNode }) {
  // What is drawn over the page hangs on the body, outside of the frame.
  useEffect(() => {
    document.body.dataset.side = side;
    return () => {
      delete document.body.dataset.side;
    };
  }, [side]);
  return (
    <div data-side={side}>
      <MantineThemeProvider theme={side === 'internal' ? INTERNAL : {}} inherit>
        {children}
      </MantineThemeProvider>
    </div>
  );
}
