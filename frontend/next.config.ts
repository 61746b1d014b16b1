import type { NextConfig } from 'next';
import createNextIntlPlugin from 'next-intl/plugin';
import { securityHeaders } from './src/server/headers';

const config: NextConfig = {
  output: 'standalone',
  outputFileTracingRoot: import.meta.dirname,
  poweredByHeader: false,
  reactStrictMode: true,
  typescript: { ignoreBuildErrors: false },
  // Everything else gets them from src/proxy.ts.
  headers: async () => [
    {
      source: '/_next/static/:path*',
      headers: Object.entries(securityHeaders).map(([key, value]) => ({ key, value })),
    },
  ],
  experimental: {
    // A page that says no says so with its status: `forbidden()` answers 403.
    authInterrupts: true,
  },
};

export default createNextIntlPlugin({
  requestConfig: './src/i18n/request.ts',
  // Messages are parsed when the panel is built, so the parser stays out of the browser.
  experimental: { messages: { path: './messages/pt-BR', locales: 'infer', format: 'json', precompile: true } },
})(config);
