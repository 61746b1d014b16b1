import { ForbiddenCard } from '@/features/auth/forbidden-card';

export default function Forbidden() {
  return <ForbiddenCard />;
}
