import { forward } from '@/server/gateway';

export { forward as GET, forward as HEAD, forward as PATCH, forward as POST };
