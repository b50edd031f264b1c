// Plays an operator at `batchdeck serve` in headless Chromium: takes steps, and tells what was seen meanwhile:
// every address asked for, every breach of a page's policy, all that came over websockets.
//
// Reads {modules, chromium, profile, steps} from stdin, writes one JSON object.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const FLAGS = [
  "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
];
const PATIENCE = 40_000;

const task = JSON.parse(readFileSync(0, "utf8"));
const require = createRequire(join(task.modules, "batchdeck.cjs"));
const { chromium } = require("playwright-core");
const context = await chromium.launchPersistentContext(task.profile, {
  executablePath: task.chromium, args: FLAGS, headless: true, viewport: { width: 1000, height: 560 },
});

const seen = { requests: [], violations: [], errors: [], answers: {}, drawn: "" };
let since = "";
await context.exposeFunction("__violation", (what) => seen.violations.push(what));
await context.addInitScript(() => {
  addEventListener("securitypolicyviolation", (event) => {
    globalThis.__violation(`${event.violatedDirective} ${event.blockedURI} at ${event.sourceFile}`);
  });
});
context.on("request", (request) => seen.requests.push(request.url()));
// What a policy stopped has not left the browser.
context.on("requestfailed", (request) => {
  const reason = request.failure().errorText;
  if (/csp/i.test(reason)) seen.requests.splice(seen.requests.indexOf(request.url()), 1);
  else seen.errors.push(`${request.url()}: ${reason}`);
});
context.on("weberror", (error) => seen.errors.push(String(error.error())));
context.on("console", (message) => {
  if (message.type() === "error") seen.errors.push(message.text());
});
function listen(page) {
  page.on("websocket", (socket) => {
    seen.requests.push(socket.url());
    socket.on("framereceived", ({ payload }) => {
      const text = payload.toString("utf8").replace(/\x1b\[[0-9;?]*[a-zA-Z$]/g, "");
      since += text;
      seen.drawn += text;
    });
  });
}
context.on("page", listen);

async function until(holds, what) {
  const end = Date.now() + PATIENCE;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`${what} did not come; last drawn:\n${since.slice(-3000)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

let page = context.pages()[0] ?? (await context.newPage());
listen(page);
const first = page;
const take = {
  open: async (url) => void (await page.goto(url, { timeout: PATIENCE })),
  // What is drawn from here on is what the next `see` looks at.
  press: async (key) => { since = ""; await page.keyboard.press(key); },
  type: async (text) => { since = ""; await page.keyboard.type(text); },
  see: async (text) => until(() => since.includes(text), text),
  seePage: async (selector) => void (await page.waitForSelector(selector, { timeout: PATIENCE, state: "attached" })),
  resize: async ([width, height]) => { since = ""; await page.setViewportSize({ width, height }); },
  // When two in a row are the same: what came has been painted.
  picture: async (path) => {
    let before = null;
    await until(async () => {
      const now = await page.screenshot({ path });
      const isStill = before !== null && now.equals(before);
      before = now;
      return isStill;
    }, "a still picture");
  },
  popup: async (key) => {
    const opening = context.waitForEvent("page", { timeout: PATIENCE });
    await page.keyboard.press(key);
    page = await opening;
    await page.waitForLoadState("load");
  },
  click: async (selector) => { await page.click(selector); await page.waitForLoadState("load"); },
  back: async () => { await page.close(); page = first; await page.bringToFront(); },
  ask: async ([name, expression]) => { seen.answers[name] = await page.evaluate(expression); },
  tab: async (url) => { page = await context.newPage(); await page.goto(url, { timeout: PATIENCE }); },
};

try {
  for (const [what, argument] of task.steps) await take[what](argument);
} catch (error) {
  seen.failed = String(error.stack ?? error);
} finally {
  await context.close();
}
process.stdout.write(JSON.stringify(seen));
