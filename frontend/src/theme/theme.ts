import { Card, createTheme, type MantineColorsTuple, rem, Tooltip } from '@mantine/core';

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
  '#b96a00',
  '#a45d00',
  '#8a4e00',
  '#713f00',
];

export const theme = createTheme({
  primaryColor: 'amethyst',
  primaryShade: { light: 7, dark: 8 },
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
    Card: Card.extend({ defaultProps: { withBorder: true, padding: 'md' } }),
    Tooltip: Tooltip.extend({
      defaultProps: { withArrow: true, openDelay: 200, events: { hover: true, focus: true, touch: true } },
    }),
  },
});
