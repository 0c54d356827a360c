// Behind a proxy that serves the API below a path of its own.

import http from "node:http";
import { settled } from "./browser.mjs";

const PREFIX = "/reporting/sales";

export async function belowAPath(pages) {
  const { hostname, port } = new URL(pages.base);
  const proxy = http.createServer((request, response) => {
    if (!request.url.startsWith(`${PREFIX}/`)) {
      response.writeHead(404).end();
      return;
    }
    const path = request.url.slice(PREFIX.length);
    const { method, headers } = request;
    const passed = http.request({ hostname, port, path, method, headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    passed.on("error", () => response.destroy());
    response.on("close", () => passed.destroy());
    request.pipe(passed);
  });
  await new Promise((ready) => proxy.listen(0, "127.0.0.1", ready));
  const base = `http://127.0.0.1:${proxy.address().port}${PREFIX}`;
  const page = await pages.visitor({ token: pages.tokens.everything });
  try {
    await page.goto(`${base}/`);
    await settled(page);
    await page.getByRole("region", { name: "Territories", exact: true }).getByRole("img").waitFor();
    const query = await page
      .getByRole("link", { name: /^See the query/ })
      .first()
      .getAttribute("href");
    pages.faults.holds(
      query.startsWith(`${base}/graphql?query=`),
      `the link to GraphiQL: ${query}`,
    );
    await page.getByRole("link", { name: "Docs" }).click();
    await page.getByRole("link", { name: "Aggregates" }).first().click();
    await page
      .getByRole("button", { name: /^Run of/ })
      .first()
      .click();
    await page.locator(".result pre").first().waitFor();
    await page
      .getByRole("navigation", { name: "Other pages" })
      .getByRole("link", { name: "Dashboard" })
      .click();
    await settled(page);
    pages.faults.equal(page.url(), `${base}/`, "the way back");
    // Of a page that is not there, and of the start by its other name.
    page.isOffline = true;
    for (const path of ["none", "api/None", "index"]) {
      await page.goto(`${base}/docs/${path}`);
      await page.getByRole("link", { name: "dashboard" }).first().click();
      await settled(page);
      pages.faults.equal(page.url(), `${base}/`, `the way back from ${path}`);
    }
  } finally {
    await page.context().close();
    proxy.closeAllConnections();
    proxy.close();
  }
}
