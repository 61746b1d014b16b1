// Bundles the function into one file: node build.mjs FOLDER
import { build } from "esbuild";

await build({
  entryPoints: ["src/index.js"],
  outfile: `${process.argv[2]}/index.cjs`,
  bundle: true,
  minify: true,
  platform: "node",
  target: "node24",
  // CommonJS: loads sooner than the same as a module.
  format: "cjs",
  // The packages' own modules: what isn't used of them is left out.
  mainFields: ["module", "main"],
  external: ["pg-native"],
  legalComments: "none",
});
