// What a real browser makes of a page: `node look.mjs CHROMIUM PAGE.html OUT.pdf` prints one JSON object.
// Three views (light, dark, 320 px wide): axe-core's findings for WCAG 2.0 to 2.2, A and AA; what the page asked the
// network for; whether the page itself scrolls sideways. Then the page on A4.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const [executablePath, file, pdf] = process.argv.slice(2);
const address = pathToFileURL(file).href;
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const views = {
  light: { colorScheme: "light", viewport: { width: 1280, height: 900 } },
  dark: { colorScheme: "dark", viewport: { width: 1280, height: 900 } },
  narrow: { colorScheme: "light", viewport: { width: 320, height: 640 } },
};

const browser = await chromium.launch({
  executablePath,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-sync"],
});
const found = {};
for (const [name, options] of Object.entries(views)) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const requests = [];
  page.on("request", (request) => request.url() !== address && requests.push(request.url()));
  await page.goto(address);
  await page.evaluate("document.querySelectorAll('details').forEach((d) => (d.open = true))");
  const overflow = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
  const background = await page.evaluate("getComputedStyle(document.body).backgroundColor");
  await page.evaluate(axe);
  const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
  const result = await page.evaluate(`axe.run(document, { runOnly: ${JSON.stringify(tags)} })`);
  found[name] = {
    requests,
    overflow,
    background,
    passes: result.passes.length,
    violations: result.violations.map((v) => ({ id: v.id, help: v.help, nodes: v.nodes.map((n) => n.html.slice(0, 200)) })),
  };
  if (name === "light") {
    await page.evaluate("document.querySelectorAll('details').forEach((d) => (d.open = false))");
    // A page wider than the paper makes the browser print everything smaller: A4 less the margins is 182 mm.
    await page.emulateMedia({ media: "print" });
    await page.setViewportSize({ width: 688, height: 1000 });
    found.paper = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
    await page.pdf({ path: pdf, preferCSSPageSize: true });
  }
  await context.close();
}
await browser.close();
console.log(JSON.stringify(found));
