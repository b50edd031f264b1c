// Opens HTML files in headless Chromium and tells what they do: which scripts run, what they fetch, where
// they lead, and what dangerous markup their trees hold. The documents' own security policy is switched off,
// so that only what was written counts.
//
// Reads {modules, chromium, profile, files} from stdin, writes {file, hits, requests, dangers} a line.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { join } from "node:path";

const FLAGS = [
  "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];
const EVENTS = [
  "click", "focus", "blur", "mouseover", "mouseenter", "pointerover", "toggle", "animationstart",
  "transitionend", "wheel", "keydown", "input", "cut", "paste", "dragstart", "scroll", "load", "error",
];

const task = JSON.parse(readFileSync(0, "utf8"));
const require = createRequire(join(task.modules, "batchdeck.cjs"));
const { chromium } = require("playwright-core");

const context = await chromium.launchPersistentContext(task.profile, {
  executablePath: task.chromium, args: FLAGS, headless: true, bypassCSP: true,
});
let hits = [];
let requests = [];
await context.addInitScript(() => {
  const tell = (name) => (...words) => globalThis.__tell(`${name} ${words.join(" ")}`);
  for (const name of ["pwn", "alert", "confirm", "prompt", "print"]) globalThis[name] = tell(name);
  globalThis.open = tell("open");
});
await context.exposeFunction("__tell", (what) => hits.push(what));
await context.route("**/*", (route) => {
  const url = route.request().url();
  if (task.files.some((file) => pathToFileURL(file).href === url.split("#")[0])) return route.continue();
  if (url.startsWith("data:image/")) return route.continue();
  requests.push(url);
  return route.abort();
});

function dangers() {
  const found = [];
  const forbidden = "script,iframe,object,embed,form,base,link,frame,frameset,applet,portal,template,svg,input,button";
  for (const element of document.querySelectorAll(forbidden)) found.push(element.tagName);
  for (const meta of document.querySelectorAll("meta[http-equiv]")) {
    if (meta.httpEquiv !== "Content-Security-Policy") found.push("meta " + meta.httpEquiv);
  }
  for (const element of document.querySelectorAll("*")) {
    for (const { name, value } of element.attributes) {
      const bare = value.replace(/[\s\u0000-\u001f]/g, "").toLowerCase();
      if (name.startsWith("on") || name === "style" || name === "name" && element.tagName !== "META") found.push(`${element.tagName} ${name}`);
      if (/^(href|src|srcset|action|formaction|data|xlink:href|cite|background|poster|ping)$/.test(name)) {
        const safe = name === "href" ? /^(https?:|mailto:|#|[^:]*$)/ : name === "src" ? /^(data:image\/png;|[^:]*$)/ : /^$/;
        if (!safe.test(bare)) found.push(`${element.tagName} ${name}=${value.slice(0, 60)}`);
      }
    }
  }
  return found;
}

try {
  const page = context.pages()[0] ?? (await context.newPage());
  page.on("dialog", (dialog) => dialog.dismiss());
  for (const file of task.files) {
    hits = [];
    requests = [];
    await page.goto(pathToFileURL(file).href, { timeout: 60_000 });
    const found = await page.evaluate(dangers).catch(() => ["it left by itself"]);
    await page.evaluate((events) => {
      addEventListener("click", (event) => {
        // A link that runs a script runs it although the click leads nowhere.
        const link = event.target.closest?.("a[href]");
        if (link && !/^\s*javascript:/i.test(link.href)) event.preventDefault();
      }, true);
      for (const element of document.querySelectorAll("*")) {
        for (const name of events) element.dispatchEvent(new Event(name, { bubbles: true, cancelable: true }));
        element.focus?.();
        if (element.tagName === "A") element.click();
      }
      // Read a second and a third time, as an editor or another sanitiser would.
      for (let round = 0; round < 2; round += 1) document.body.innerHTML = document.body.innerHTML;
    }, EVENTS).catch(() => hits.push("it left when it was touched"));
    await page.waitForTimeout(10);
    process.stdout.write(JSON.stringify({ file, hits, requests, dangers: found }) + "\n");
  }
} finally {
  await context.close();
}
