// Sales: the numbers are those of the API, the address keeps what is chosen, each chart has its
// query and its file.

import { settled } from "./browser.mjs";

const money = new Intl.NumberFormat("en-US", { style: "currency", currency: "USD" });
const count = new Intl.NumberFormat("en-US");
const month = new Intl.DateTimeFormat("en-US", {
  month: "short",
  year: "numeric",
  timeZone: "UTC",
});

const OF_2013 = { order: { orderDate: { gte: "2013-01-01", lt: "2014-01-01" } } };
const OF_2012 = { order: { orderDate: { gte: "2012-01-01", lt: "2013-01-01" } } };

const SUMS = `query($filter: SalesFilter) {
  salesAggregate(filter: $filter) { nodes { measures { orderCount customerCount orderQuantity { sum } lineTotal { sum } } } }
}`;
const MONTHS = `query($filter: SalesFilter) {
  salesAggregate(filter: $filter, groupBy: [ORDER_MONTH], orderBy: [{ dimension: ORDER_MONTH }], fillGaps: true) {
    nodes { key { orderMonth } measures { lineTotal { sum } } }
  }
}`;

async function sums(pages, filter) {
  return (await pages.ask(SUMS, { filter })).data.salesAggregate.nodes[0].measures;
}

const shown = (measures) => [
  money.format(measures.lineTotal.sum),
  count.format(measures.orderCount),
  count.format(measures.customerCount),
  count.format(measures.orderQuantity.sum),
];

const tiles = (page) => page.locator(".tile .figure-now").allTextContents();

export async function figures(pages) {
  const page = await pages.visitor({ token: pages.tokens.everything });
  await pages.open(page, "/?period=2013");
  pages.faults.equal(await tiles(page), shown(await sums(pages, OF_2013)), "the totals of 2013");

  const panel = page.getByRole("region", { name: "Sales by month", exact: true });
  await panel.getByRole("button", { name: "Table" }).click();
  const rows = await panel
    .locator("tbody tr")
    .evaluateAll((all) => all.map((row) => [...row.cells].map((cell) => cell.textContent)));
  const [now, before] = await Promise.all(
    [OF_2013, OF_2012].map(
      async (filter) => (await pages.ask(MONTHS, { filter })).data.salesAggregate.nodes,
    ),
  );
  const sumOf = (groups, key) =>
    money.format(
      groups.find(({ key: { orderMonth } }) => orderMonth === key)?.measures.lineTotal.sum ?? 0,
    );
  const expected = Array.from({ length: 12 }, (_, index) => {
    const of = (year) => `${year}-${String(index + 1).padStart(2, "0")}-01`;
    return [month.format(new Date(of(2013))), sumOf(now, of(2013)), sumOf(before, of(2012))];
  });
  pages.faults.equal(
    rows.map(([name, , sales, was]) => [name, sales, was]),
    expected,
    "the months of 2013 beside 2012",
  );
  await page.context().close();
}

export async function addressKeepsTheChoice(pages) {
  const page = await pages.visitor({ token: pages.tokens.everything });
  await pages.open(page, "/");
  const all = await tiles(page);
  await page.getByLabel("Period", { exact: true }).selectOption("2013");
  await page.getByLabel("Territory", { exact: true }).selectOption({ label: "Southwest (US)" });
  await page.getByLabel("Product line", { exact: true }).selectOption("ROAD");
  await page.getByLabel("Channel", { exact: true }).selectOption("online");
  await page.getByLabel("Days of the forecast", { exact: true }).selectOption("7");
  await settled(page);
  const address = Object.fromEntries(new URL(page.url()).searchParams);
  const chosen = { period: "2013", territory: "4", line: "ROAD", channel: "online", days: "7" };
  pages.faults.equal(address, chosen, "the address");
  const filter = {
    order: { ...OF_2013.order, territoryId: { eq: 4 }, onlineOrderFlag: { eq: true } },
    product: { productLine: { eq: "ROAD" } },
  };
  const expected = shown(await sums(pages, filter));
  pages.faults.equal(await tiles(page), expected, "the totals of the choice");
  await page.reload();
  await settled(page);
  pages.faults.equal(await tiles(page), expected, "the totals after a reload");
  for (let steps = 0; steps < 5; steps += 1) {
    await page.goBack();
  }
  await settled(page);
  pages.faults.equal(await tiles(page), all, "the totals after going back");

  await page.getByLabel("Period", { exact: true }).selectOption("custom");
  // Typed by its digits a day is 0002 and 0020 first: it is taken when it is whole.
  const from = page.getByLabel("From", { exact: true });
  const asked = [];
  page.on("request", (request) => {
    // Whether there are new data is asked all the time.
    if (!/query (DataVersion|LastLoad)|^$/.test(request.postData() ?? "")) {
      asked.push(request.url());
    }
  });
  const steps = await page.evaluate(() => history.length);
  await from.focus();
  await page.keyboard.type("02102013");
  pages.faults.equal(
    await page.evaluate(() => history.length),
    steps,
    "steps while a day is typed",
  );
  pages.faults.equal(asked, [], "requests while a day is typed");
  await page.keyboard.press("Enter");
  await page.waitForURL(/from=2013-02-10/);
  await page.getByLabel("To", { exact: true }).fill("2013-03-09");
  await page.waitForURL(/to=2013-03-09/);
  await settled(page);
  const some = { order: { orderDate: { gte: "2013-02-10", lt: "2013-03-10" } } };
  pages.faults.equal(
    await tiles(page),
    shown(await sums(pages, some)),
    "the totals of a period of one's own",
  );
  // Nonsense in an address is not sent to the API.
  await pages.open(page, "/?period=x&territory=y&line=z&channel=%3Cb%3E&from=2013-02-31&days=9");
  pages.faults.equal(await tiles(page), all, "the totals of a wrong address");
  await page.context().close();
}

/** “See the query” opens GraphiQL, in which the query runs as it is, with the token. */
export async function queryOfAChart(pages) {
  const page = await pages.visitor({ token: pages.tokens.everything });
  await pages.open(page, "/?territory=1");
  const links = await page.getByRole("link", { name: /^See the query/ }).all();
  pages.faults.equal(links.length, 5, "the links to queries");
  for (const link of links) {
    const [opened] = await Promise.all([page.waitForEvent("popup"), link.click()]);
    await opened.getByRole("button", { name: /Execute query/ }).click();
    const answer = await opened.waitForFunction(() => {
      const editor = document.querySelector(
        ".result-window.CodeMirror, .result-window .CodeMirror",
      );
      const text = editor?.CodeMirror.getValue() ?? "";
      return text.trimEnd().endsWith("}") && /"(data|errors)"/.test(text) && text;
    });
    const text = await answer.jsonValue();
    pages.faults.holds(
      text.includes('"data"') && !text.includes('"errors"'),
      `${opened.url()}: ${text.slice(0, 300)}`,
    );
    pages.faults.holds(
      !opened.url().includes(pages.tokens.everything),
      "the token is in GraphiQL's address",
    );
    // GraphiQL keeps each query that was run, in the storage of all tabs.
    const kept = await opened.evaluate(() => JSON.stringify({ ...localStorage }));
    pages.faults.holds(kept.includes("graphiql:queries"), `no history: ${kept.slice(0, 200)}`);
    pages.faults.holds(!kept.includes(pages.tokens.everything), "the token is in localStorage");
    await opened.close();
  }
  await page.context().close();
}

/** “As CSV” makes a report of all rows of the query, and ends with the link to its file. */
export async function fileOfAChart(pages) {
  const page = await pages.visitor({ token: pages.tokens.everything });
  await pages.open(page, "/?period=2013");
  for (const [title, header] of [
    ["Sales by month", "key.orderMonth,now.orderCount,now.lineTotal.sum,before.lineTotal.sum"],
    ["Top customers", "key.customer.customerId,"],
    ["Top products", "key.product.productId,"],
    ["Territories", "key.territoryId,"],
    ["What will be short", "date,product.productId,"],
  ]) {
    const panel = page.getByRole("region", { name: title, exact: true });
    await panel.getByRole("button", { name: "As CSV" }).click();
    const link = panel.getByRole("link", { name: /^Download [\d,]+ rows/ });
    await link.waitFor();
    const rows = Number(
      (await link.textContent()).match(/Download ([\d,]+) rows/)[1].replaceAll(",", ""),
    );
    const text = await (await fetch(await link.getAttribute("href"))).text();
    const lines = text.split("\r\n");
    pages.faults.holds(lines[0].startsWith(header), `${title}: the file begins with ${lines[0]}`);
    pages.faults.equal(lines.length, rows + 2, `${title}: lines of a file of ${rows} rows`);
    if (title === "Top customers") {
      const [group] = (await pages.ask(SUMS, { filter: OF_2013 })).data.salesAggregate.nodes;
      pages.faults.equal(rows, group.measures.customerCount, "customers in the file");
    }
  }
  // Another choice is another file.
  await page.getByLabel("Channel", { exact: true }).selectOption("online");
  const file = page
    .getByRole("region", { name: "Top products", exact: true })
    .getByRole("link", { name: /^Download/ });
  await file.waitFor({ state: "detached" });
  await page.context().close();
}

/** What a token may not see is told, and the rest is there. */
export async function limitedTokens(pages) {
  const partner = await pages.visitor({ token: pages.tokens.partner });
  await pages.open(partner, "/");
  const options = await partner
    .getByLabel("Territory", { exact: true })
    .locator("option")
    .allTextContents();
  pages.faults.equal(
    options,
    ["All territories", "Northwest (US)", "Southwest (US)"],
    "a partner's territories",
  );
  for (const view of ["loads", "rejects"]) {
    await pages.open(partner, `/?view=${view}`);
    await partner.getByText("this needs the scope loads:read").waitFor();
  }
  await partner.context().close();

  const unnamed = await pages.visitor({ token: pages.tokens.unnamed });
  await pages.open(unnamed, "/");
  const customers = unnamed.getByRole("region", { name: "Top customers", exact: true });
  await customers.getByText("Names of persons need the scope persons:read").waitFor();
  pages.faults.equal(await customers.locator("tbody tr").count(), 10, "customers without names");
  await customers.getByRole("button", { name: "As CSV" }).click();
  await customers.getByRole("link", { name: /^Download/ }).waitFor();
  await unnamed.context().close();
}
