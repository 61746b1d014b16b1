import { useEffect, useState } from 'react';
import type * as z from 'zod/mini';
import { post, type Reply } from './post';
import { secretReply } from './replies';

export const ENROLMENT_PATH = '/api/auth/totp-enrollment';

/** Asks for a TOTP secret once; null until the answer is there. */
export function useNewSecret(): Reply<z.infer<typeof secretReply>> | null {
  const [reply, setReply] = useState<Reply<z.infer<typeof secretReply>> | null>(null);
  useEffect(() => {
    let wanted = true;
    void post(ENROLMENT_PATH, { step: 'begin' }, secretReply).then((answer) => wanted && setReply(answer));
    return () => {
      wanted = false;
    };
  }, []);
  return reply;
}
