// What everyone must be able to use: axe, the keyboard, any width, light and dark; and what it
// weighs.

import { settled } from "./browser.mjs";

const VIEWS = [
  "/",
  "/?view=loads",
  "/?view=rejects",
  "/?view=reports",
  "/docs",
  "/docs/aggregates",
  "/docs/api/Query",
];
const BUDGET = 250 * 1000;

const nameOf = (path) => path.replaceAll(/\W+/g, "-").replaceAll(/^-|-$/g, "") || "sales";

export async function everyLook(pages) {
  for (const [scheme, size] of [
    ["light", "wide"],
    ["dark", "wide"],
    ["light", "phone"],
    ["dark", "phone"],
  ]) {
    const page = await pages.visitor({ token: pages.tokens.everything, scheme, size });
    for (const path of VIEWS) {
      await pages.open(page, path);
      await pages.audit(page, `${path}, ${scheme}, ${size}`);
      await pages.screenshot(page, `page-${nameOf(path)}-${scheme}-${size}`);
    }
    await page.context().close();
  }
}

/** Without a mouse: skip, choose, read a chart, show its table; and no place that keeps the focus. */
export async function keyboard(pages) {
  const { faults } = pages;
  const page = await pages.visitor({ token: pages.tokens.everything });
  await pages.open(page, "/?period=2013");
  await page.keyboard.press("Tab");
  faults.equal(await focused(page), "Skip to the content", "the first stop");
  await page.keyboard.press("Enter");
  faults.equal(
    await page.evaluate(() => document.activeElement.id),
    "content",
    "where the skip leads",
  );

  const stops = [];
  for (let step = 0; step < 80; step += 1) {
    await page.keyboard.press("Tab");
    const name = await focused(page);
    if (name === "BODY" || name === "Skip to the content") {
      break;
    }
    stops.push(name);
  }
  faults.holds(stops.length < 80, `the focus does not leave the page: ${stops.slice(-5)}`);
  faults.holds(!stops.includes(""), `a stop without a name after ${stops[stops.indexOf("") - 1]}`);
  for (const stop of ["Period", "Channel", "Table of Sales by month", "As CSV of Top products"]) {
    faults.holds(stops.includes(stop), `${stop} is no stop: ${stops}`);
  }

  await page.getByLabel("Period", { exact: true }).focus();
  await page.keyboard.press("ArrowDown");
  await settled(page);
  faults.equal(
    new URL(page.url()).searchParams.get("period"),
    "2012",
    "the period by the keyboard",
  );
  const chart = page.getByRole("img", { name: /^Sales of 12 months/ });
  await chart.focus();
  await page.keyboard.press("End");
  const told = page.locator("figure [aria-live]").first();
  faults.holds(
    /^Dec 2012: .*\$/.test(await told.textContent()),
    `the chart says ${await told.textContent()}`,
  );
  await page.keyboard.press("ArrowLeft");
  faults.holds(
    /^Nov 2012/.test(await told.textContent()),
    `the chart says ${await told.textContent()}`,
  );
  const table = page.getByRole("button", { name: "Table of Sales by month" });
  await table.focus();
  await page.keyboard.press("Enter");
  await page.getByRole("region", { name: "Table of sales by month" }).waitFor();
  faults.equal(await table.getAttribute("aria-pressed"), "true", "the state of the button");
  const ring = await table.evaluate((element) => getComputedStyle(element).outlineStyle);
  faults.equal(ring, "solid", "the ring of what has the focus");
  await page.context().close();
}

/** How a screen reader would call what has the focus; empty where it could not. */
async function focused(page) {
  return page.evaluate(() => {
    const element = document.activeElement;
    if (element === document.body) {
      return "BODY";
    }
    const label = element.labels?.[0];
    return (element.getAttribute("aria-label") ?? label?.textContent ?? element.textContent)
      .trim()
      .replaceAll(/\s+/g, " ");
  });
}

/** All views together, as they come over the wire, without the data. */
export async function weight(pages) {
  const page = await pages.visitor({ token: pages.tokens.everything });
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  const urls = new Map();
  let bytes = 0;
  session.on("Network.responseReceived", ({ requestId, response }) =>
    urls.set(requestId, response.url),
  );
  session.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    const url = urls.get(requestId);
    if (url && !url.endsWith("/graphql")) {
      bytes += encodedDataLength;
      pages.faults.holds(!url.includes("graphiql"), `the dashboard loads ${url}`);
    }
  });
  await pages.open(page, "/");
  for (const name of ["Loads", "Rejected rows", "Reports"]) {
    await page
      .getByRole("navigation", { name: "Views" })
      .getByRole("link", { name, exact: true })
      .click();
    await settled(page);
  }
  pages.faults.holds(bytes > 20_000 && bytes <= BUDGET, `the dashboard weighs ${bytes} bytes`);
  console.log(`the dashboard weighs ${bytes} bytes over the wire`);
  const painted = await page.evaluate(
    () => performance.getEntriesByName("first-contentful-paint")[0].startTime,
  );
  console.log(`its first contentful paint was after ${Math.round(painted)} ms`);
  await page.context().close();
}
