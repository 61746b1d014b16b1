import { Card, type CSSVariablesResolver, createTheme, type MantineColorsTuple, rem } from '@mantine/core';

/** Violet: the tenants' side. Between AlquimistaAI's amethyst and what passes AA on white and on dark 7. */
const amethyst: MantineColorsTuple = [
  '#f4f0ff',
  '#e5dcfb',
  '#c9b8f2',
  '#ab90ea',
  '#926ee3',
  '#8259df',
  '#794edd',
  '#6a3fc8',
  '#5c35b0',
  '#4d2b97',
];

/** Amber: the internal side, so that nobody mistakes one for the other. */
const amber: MantineColorsTuple = [
  '#fff6e1',
  '#ffebcb',
  '#fed69a',
  '#fdbf63',
  '#fcac37',
  '#fca01a',
  '#a86000',
  '#9c5800',
  '#8a4e00',
  '#713f00',
];

export const theme = createTheme({
  primaryColor: 'amethyst',
  primaryShade: { light: 7, dark: 6 },
  respectReducedMotion: true,
  colors: { amethyst, amber },
  defaultRadius: 'md',
  cursorType: 'pointer',
  fontFamily: "'Inter Variable', system-ui, -apple-system, 'Segoe UI', sans-serif",
  fontFamilyMonospace: "ui-monospace, SFMono-Regular, Menlo, Consolas, 'Liberation Mono', monospace",
  headings: {
    fontWeight: '650',
    sizes: {
      h1: { fontSize: rem(26), lineHeight: '1.25' },
      h2: { fontSize: rem(18), lineHeight: '1.35' },
      h3: { fontSize: rem(15), lineHeight: '1.4' },
    },
  },
  components: {
    Card: Card.extend({ defaultProps: { withBorder: true, padding: 'md', bg: 'var(--color-surface)' } }),
    // In its own colour a title is too pale to read.
    Alert: { styles: { label: { color: 'var(--mantine-color-text)' } } },
  },
});

/** Colours with a meaning, and Mantine's own where they would be too pale to read. All pass AA on their background. */
export const cssVariablesResolver: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-body': '#fbfafd',
    '--mantine-color-dimmed': '#5a5f69',
    '--mantine-color-placeholder': '#686e78',
    '--mantine-color-error': '#c2255c',
    '--mantine-color-anchor': amethyst[7],
    '--color-surface': '#ffffff',
    '--color-internal': '#8a4e00',
    '--color-good': '#1b7a3d',
    '--color-warning': '#a15c00',
    '--color-bad': '#c2255c',
    '--color-idle': '#6b7280',
    '--color-info': '#1971c2',
    '--color-chart-1': amethyst[7],
    '--color-chart-2': '#d9480f',
    '--color-chart-grid': '#e3e0ea',
  },
  dark: {
    '--mantine-color-body': '#17151d',
    '--mantine-color-dimmed': '#a9a6b4',
    '--mantine-color-placeholder': '#8f8c9b',
    '--mantine-color-error': '#ff8fab',
    '--mantine-color-anchor': amethyst[2],
    '--color-surface': '#1f1d27',
    '--color-internal': '#fdbf63',
    '--color-good': '#69db7c',
    '--color-warning': '#ffc078',
    '--color-bad': '#ff8fab',
    '--color-idle': '#9a98a5',
    '--color-info': '#74c0fc',
    '--color-chart-1': amethyst[3],
    '--color-chart-2': '#ff922b',
    '--color-chart-grid': '#37343f',
  },
});
