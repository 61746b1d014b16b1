'use client';

import { nprogress } from '@mantine/nprogress';
import { useIsFetching } from '@tanstack/react-query';
import { useEffect } from 'react';

/** The line at the top of the page moves as long as anything is being fetched. */
export function FetchProgress() {
  const fetching = useIsFetching() > 0;
  useEffect(() => {
    if (fetching) nprogress.start();
    else nprogress.complete();
  }, [fetching]);
  return null;
}
