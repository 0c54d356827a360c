// Lists that are read page by page: a page that fails, data that change, and polling.

import { settled } from "./browser.mjs";
import { operationOf } from "./failures.mjs";

const counted = (page) => page.locator("p.count").first();

/** The next page fails once: it can be asked for again. New data are re-read as far as was read. */
export async function nextPages(pages) {
  const page = await pages.visitor({ token: pages.tokens.everything });
  await page.clock.install();
  await page.route("**/graphql", (route) => {
    const { query, variables } = operationOf(route);
    return query.includes("query RejectedRows") && variables.after
      ? route.fulfill({ status: 503, json: { errors: [{ message: "too busy" }] } })
      : route.continue();
  });
  page.isOffline = true;
  await pages.open(page, "/?view=rejects");
  const frame = page.getByRole("region", { name: "Rejected rows", exact: true });
  const { data } = await pages.ask("{ loadRejects(first: 1) { totalCount } }");
  const { extensions } = await pages.ask("{ __typename }");
  const all = data.loadRejects.totalCount.toLocaleString("en-US");
  pages.faults.equal(await counted(page).innerText(), `200 of ${all} rows`, "the first page");
  await frame.evaluate((element) => (element.scrollTop = element.scrollHeight));
  await page.getByRole("alert").getByText("too busy").waitFor();
  await page.unroute("**/graphql");
  await page.getByRole("button", { name: "Try again" }).click();
  await counted(page).getByText(`400 of ${all} rows`).waitFor();

  const top = await frame.evaluate((element) => element.scrollTop);
  const asked = [];
  await page.route("**/graphql", (route) => {
    const { query, variables } = operationOf(route);
    if (query.includes("query RejectedRows")) {
      asked.push(variables);
    }
    return query.includes("query DataVersion")
      ? route.fulfill({
          json: {
            data: { __typename: "Query" },
            extensions: { ...extensions, dataVersion: extensions.dataVersion + 1 },
          },
        })
      : route.continue();
  });
  const answered = page.waitForResponse((response) =>
    response.request().postData()?.includes("query RejectedRows"),
  );
  await page.clock.runFor(16_000);
  await answered;
  await settled(page);
  pages.faults.equal(asked.at(0)?.first, 400, "rows that are read again");
  pages.faults.equal(await counted(page).innerText(), `400 of ${all} rows`, "the rows after that");
  pages.faults.equal(
    await frame.evaluate((element) => element.scrollTop),
    top,
    "where the reader was",
  );
  await page.context().close();
}

/** Polling asks for the first page only, keeps the others, and tells a screen reader nothing. */
export async function polling(pages) {
  const page = await pages.visitor({ token: pages.tokens.everything });
  await page.clock.install();
  const asked = [];
  // Pages of three reports, of which there are more.
  await page.route("**/graphql", (route) => {
    const { query, variables } = operationOf(route);
    if (!query.includes("query Reports")) {
      return route.continue();
    }
    asked.push(variables);
    return route.continue({ postData: { query, variables: { first: 3, ...variables } } });
  });
  await pages.open(page, "/?view=reports");
  const { data } = await pages.ask("{ reports(first: 1) { totalCount } }");
  const total = data.reports.totalCount;
  pages.faults.holds(total > 3, `${total} reports are not more than three`);
  await counted(page).getByText(`${total} of ${total} rows`).waitFor();
  await page.evaluate(() => {
    window.told = [];
    const hear = (changes) =>
      window.told.push(...changes.map(({ target }) => target.textContent).filter(Boolean));
    for (const status of document.querySelectorAll("[role=status]")) {
      new MutationObserver(hear).observe(status, {
        childList: true,
        characterData: true,
        subtree: true,
      });
    }
  });
  asked.length = 0;
  const answered = page.waitForResponse((response) =>
    response.request().postData()?.includes("query Reports"),
  );
  await page.clock.runFor(61_000);
  await answered;
  await page.evaluate(() => new Promise((resume) => requestAnimationFrame(resume)));
  pages.faults.equal(asked.filter(({ after }) => after).length, 0, "later pages that are polled");
  pages.faults.holds(asked.length > 0, "nothing is polled");
  pages.faults.equal(await counted(page).innerText(), `${total} of ${total} rows`, "all reports");
  pages.faults.equal(await page.evaluate(() => window.told), [], "what polling announces");
  await page.context().close();
}
