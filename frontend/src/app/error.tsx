'use client';

import dynamic from 'next/dynamic';

/** Every page carries this file, so what it shows is fetched by whoever needs it; global-error.tsx is there if that fails. */
const ErrorCard = dynamic(() => import('@/features/auth/error-card').then((card) => card.ErrorCard), { ssr: false });

export default function ErrorPage(props: { error: Error & { digest?: string }; reset: () => void }) {
  return <ErrorCard {...props} />;
}
