import type { Metadata } from 'next';
import { FibonacciPage } from '@/features/fibonacci/fibonacci-page';

export const metadata: Metadata = { title: 'Fibonacci' };

export default function Page() {
  return <FibonacciPage />;
}
