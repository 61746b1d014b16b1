/** Tells password managers whose new password it is. */
export function HiddenUsername({ email }: { email: string }) {
  return <input type="text" autoComplete="username" defaultValue={email} readOnly hidden />;
}
