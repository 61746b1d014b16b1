// Bundles the function into one file, index.cjs, and with the other client of the Runtime API, bare.cjs: node build.mjs FOLDER
import { build } from "esbuild";

await build({
  entryPoints: ["src/index.js", "src/bare.js"],
  outdir: process.argv[2],
  outExtension: { ".js": ".cjs" },
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
