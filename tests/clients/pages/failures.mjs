// Failures that come as an answer: a field that is null beside an error, an answer that is late or
// of another shape. None may be shown as good news, and none takes the page with it.

import { settled } from "./browser.mjs";

const MESSAGE = "the database is not reached";

/** The operation of a request, and the name of its first field. */
export function operationOf(route) {
  const { query, variables = {} } = route.request().postDataJSON();
  return { query, variables, field: query.match(/\{\s*(\w+)/)[1] };
}

const failing = (field) => ({
  data: { [field]: null },
  errors: [{ message: MESSAGE, path: [field], extensions: { code: "UNAVAILABLE" } }],
});

/** Answers the operations whose text has this word by `answer`, all others by the server. */
async function answerBy(page, word, answer) {
  await page.route("**/graphql", (route) => {
    const operation = operationOf(route);
    return operation.query.includes(word)
      ? route.fulfill({ json: answer(operation) })
      : route.continue();
  });
}

/** Every view with each of its queries failing, and then the same queries succeeding. */
export async function failedFields(pages) {
  const page = await pages.visitor({ token: pages.tokens.everything });
  const goodNews =
    /covers every forecast|No row is rejected|No row waits|Nothing was loaded|There is no such run|There are no orders|No report was asked|No sales match/;
  for (const [path, failures] of [
    ["/?period=2013", 6],
    ["/?view=loads", 1],
    ["/?view=rejects", 1],
    ["/?view=rejects&rows=parked", 1],
    ["/?view=reports", 1],
  ]) {
    await page.route("**/graphql", (route) => {
      const { query, field } = operationOf(route);
      return /query (Session|DataVersion|LastLoad)/.test(query)
        ? route.continue()
        : route.fulfill({ json: failing(field) });
    });
    await pages.open(page, path);
    const alerts = page.getByRole("alert").filter({ hasText: MESSAGE });
    pages.faults.equal(await alerts.count(), failures, `${path}: failures that are told`);
    const text = await page.locator("main").innerText();
    pages.faults.holds(!goodNews.test(text), `${path}: good news of a failure: ${text}`);
    await page.unroute("**/graphql");
    for (let tries = 0; tries < failures; tries += 1) {
      await page.getByRole("button", { name: "Try again" }).first().click();
      await alerts.nth(failures - tries - 1).waitFor({ state: "detached" });
    }
    await settled(page);
  }

  await answerBy(page, "query LoadRun(", () => failing("loadRun"));
  await pages.open(page, "/?view=loads");
  await page.getByRole("alert").getByText(MESSAGE).waitFor();
  await page.unroute("**/graphql");

  await answerBy(page, "query Session", () => failing("newest"));
  await pages.open(page, "/");
  await page.getByRole("alert").getByText(MESSAGE).waitFor();
  await page.unroute("**/graphql");
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByRole("heading", { name: "Sales by month" }).waitFor();

  // What a subscription follows can fail, too.
  await page.route("**/graphql", (route) => {
    const { query } = operationOf(route);
    const event = `event: next\ndata: ${JSON.stringify(failing("report"))}\n\nevent: complete\ndata:\n\n`;
    return query.startsWith("subscription")
      ? route.fulfill({ contentType: "text/event-stream", body: event })
      : route.continue();
  });
  const panel = page.getByRole("region", { name: "Territories", exact: true });
  await panel.getByRole("button", { name: "As CSV" }).click();
  await panel.getByRole("status").getByText(MESSAGE).waitFor();
  await page.context().close();
}

/** An answer that cannot be drawn leaves the other panels where they are. */
export async function brokenPart(pages) {
  const page = await pages.visitor({ token: pages.tokens.everything });
  const broken = { data: { salesAggregate: { nodes: [null] } } };
  await answerBy(page, "query SalesByMonth", () => broken);
  await pages.open(page, "/?period=2013");
  const panel = page.getByRole("region", { name: "Sales by month", exact: true });
  await panel.getByRole("alert").getByText("This part could not be shown").waitFor();
  const customers = page.getByRole("region", { name: "Top customers", exact: true });
  pages.faults.equal(await customers.locator("tbody tr").count(), 10, "the other panels");
  await page.context().close();
}

/** The answer to the first choice comes after the second choice was made, or after its answer. */
export async function lateAnswers(pages) {
  const page = await pages.visitor({ token: pages.tokens.everything });
  await pages.open(page, "/?period=2012");
  const period = page.getByLabel("Period", { exact: true });
  const panel = page.getByRole("region", { name: "Sales by month", exact: true });
  await panel.getByRole("button", { name: "Table" }).click();
  const shown = () => panel.locator("tbody").innerText();
  const of2012 = await shown();
  const held = [];
  await page.route("**/graphql", (route) => {
    const { variables } = operationOf(route);
    const isOf2013 = variables.now?.order.orderDate.gte === "2013-01-01";
    return isOf2013 ? held.push(route) : route.continue();
  });
  await period.selectOption("2013");
  await panel.locator(".stale table").waitFor();
  pages.faults.equal(await shown(), of2012, "the months of 2012 while those of 2013 are awaited");

  const totals = page.waitForResponse((response) =>
    response.request().postData()?.includes("query SalesTotals"),
  );
  await period.selectOption("2012");
  await totals;
  await settled(page);
  const tiles = () => page.locator(".tile").allInnerTexts();
  const before = await tiles();
  // The page has let go of some of these requests.
  await Promise.allSettled(held.map((route) => route.continue()));
  await page.unroute("**/graphql");
  await page.evaluate(() => fetch("graphql?query={__typename}"));
  pages.faults.equal(await shown(), of2012, "the months after a late answer");
  pages.faults.equal(await tiles(), before, "the totals after a late answer");
  await page.context().close();
}

/** A server that is lost while a page is open, and comes back with other data. */
export async function lostServer(pages) {
  const page = await pages.visitor({ token: pages.tokens.everything });
  await page.clock.install();
  await pages.open(page, "/?view=rejects");
  page.isOffline = true;
  await page.route("**/graphql", (route) => route.abort());
  await page.clock.runFor(16_000);
  await page.getByText(/server not reached since \d\d:\d\d:\d\d UTC/).waitFor();
  await page.unroute("**/graphql");
  await page.clock.runFor(16_000);
  await page.getByText("server not reached since").waitFor({ state: "detached" });
  await page.context().close();
}
