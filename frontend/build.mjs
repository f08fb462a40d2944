// Bundles the page: node build.mjs FOLDER. Called by build.py, and by hand while working on the page.
import { build } from "esbuild";
import { copyFile, mkdir, readFile, writeFile, readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const folder = process.argv[2] ?? join(here, "..", "src", "koepel", "app", "static");

await mkdir(folder, { recursive: true });
const result = await build({
  entryPoints: [join(here, "src", "main.ts")],
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  outfile: join(folder, "main.js"),
  legalComments: "none",
  metafile: true,
  logLevel: "warning",
  absWorkingDir: here,
});
await copyFile(join(here, "src", "index.html"), join(folder, "index.html"));

// The licences of what is in the bundle go with it.
const packages = new Set();
for (const input of Object.keys(result.metafile.inputs)) {
  const found = input.match(/node_modules\/((?:@[^/]+\/)?[^/]+)\//);
  if (found) packages.add(found[1]);
}
let text = "The page of koepel map holds these packages, each under its own licence.\n";
for (const name of [...packages].sort()) {
  const root = join(here, "node_modules", name);
  const { version, license } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  text += `\n==== ${name} ${version} (${license})\n\n`;
  for (const file of (await readdir(root)).filter((one) => /^licen[cs]e/i.test(one))) {
    text += await readFile(join(root, file), "utf8");
  }
}
await writeFile(join(folder, "licences.txt"), text);
