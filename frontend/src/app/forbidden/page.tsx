import { forbidden } from 'next/navigation';

/** Where src/proxy.ts sends what the person may not see: the refusal's own page, with status 403. */
export default function Page() {
  forbidden();
}
