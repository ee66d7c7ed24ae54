// Builds the page into ../page: index.html, app.js, app.css.
import { build } from "esbuild";
import { cp, mkdir } from "node:fs/promises";

const page = new URL("../page/", import.meta.url).pathname;

await mkdir(page, { recursive: true });
await build({
  entryPoints: { app: "src/main.jsx" },
  bundle: true,
  format: "esm",
  target: "es2022",
  jsx: "automatic",
  minify: true,
  legalComments: "eof",
  define: { "process.env.NODE_ENV": '"production"' },
  logLevel: "warning",
  outdir: page,
});
await cp(new URL("src/index.html", import.meta.url), `${page}index.html`);
