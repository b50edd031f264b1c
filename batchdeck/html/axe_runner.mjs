// Runs axe-core over HTML files in one headless Chromium: wide in light colours, narrow in dark ones.
//
// Reads one JSON object from stdin: {modules, chromium, files, profile}. Writes one JSON object a line to
// stdout: {file, violations: [{id, help, targets, view}], requests: [...]}. Nothing is fetched:
// every request but the file itself is refused and reported.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { join } from "node:path";

const VIEWS = [
  { name: "wide, light", viewport: { width: 1280, height: 900 }, colorScheme: "light" },
  { name: "narrow, dark", viewport: { width: 320, height: 640 }, colorScheme: "dark" },
];
const FLAGS = [
  "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];

const task = JSON.parse(readFileSync(0, "utf8"));
const require = createRequire(join(task.modules, "batchdeck.cjs"));
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const context = await chromium.launchPersistentContext(task.profile, {
  executablePath: task.chromium, args: FLAGS, headless: true,
});
try {
  const page = context.pages()[0] ?? (await context.newPage());
  let requests = [];
  await page.route("**/*", (route) => {
    const url = route.request().url();
    if (url.startsWith("file:") || url.startsWith("data:")) return route.continue();
    requests.push(url);
    return route.abort();
  });
  for (const file of task.files) {
    const violations = [];
    requests = [];
    await page.goto(pathToFileURL(file).href, { timeout: 120_000 });
    // Not a script of the page, so the document's own security policy stays in force.
    await page.evaluate(axe);
    for (const view of VIEWS) {
      await page.emulateMedia({ colorScheme: view.colorScheme });
      await page.setViewportSize(view.viewport);
      const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
      for (const one of found.violations) {
        violations.push({
          id: one.id, help: one.help, view: view.name,
          targets: one.nodes.slice(0, 5).map((node) => node.target.flat().join(" ")),
        });
      }
    }
    process.stdout.write(JSON.stringify({ file, violations, requests }) + "\n");
  }
} finally {
  await context.close();
}
