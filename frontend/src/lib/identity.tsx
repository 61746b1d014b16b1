'use client';

import { useRouter } from 'next/navigation';
import { createContext, type ReactNode, use, useEffect } from 'react';
import { type Identity, isGroup, may, type Operation } from './rights';
import { openOnPage, useSession } from './session';

const IdentityContext = createContext<Identity | null>(null);

/** Who the server says is signed in; what they may see follows from it. */
export function IdentityProvider({ identity, children }: { identity: Identity; children: ReactNode }) {
  const router = useRouter();
  const claims = useSession((state) => state.claims);

  useEffect(openOnPage, []);

  useEffect(() => {
    if (!claims) return;
    // Another person has signed in in another tab: nothing of the first may stay on the page.
    if (claims.sub !== identity.sub) {
      location.reload();
      return;
    }
    const groups = claims['cognito:groups']?.filter(isGroup) ?? [];
    const same = identity.groups.length === groups.length && identity.groups.every((group) => groups.includes(group));
    if (!same || (claims['custom:tenant_id'] ?? null) !== identity.tenantId) router.refresh();
  }, [claims, identity, router]);

  return <IdentityContext value={identity}>{children}</IdentityContext>;
}

export function useIdentity(): Identity {
  const identity = use(IdentityContext);
  if (!identity) throw new Error('useIdentity needs an IdentityProvider above');
  return identity;
}

/** Whether the person may call an operation. What they may not call is neither rendered nor requested. */
export function useMay(operation: Operation): boolean {
  return may(useIdentity().groups, operation);
}
