'use client';

import { ErrorCard } from '@/features/auth/error-card';

export default ErrorCard;
