// A period and the same one a year before, where the two overlap, where the data begin, and
// around leap days.

const money = new Intl.NumberFormat("en-US", { style: "currency", currency: "USD" });
const DAY = 24 * 60 * 60 * 1000;
const later = (day, days) =>
  new Date(new Date(day).getTime() + days * DAY).toISOString().slice(0, 10);

/** The two periods that the query of a panel asks for, by their first and last days. */
async function periodsOf(pages, page, from, to) {
  await pages.open(page, `/?period=custom&from=${from}&to=${to}`);
  const link = page.getByRole("link", { name: /^See the query of Sales by month/ });
  const { searchParams } = new URL(await link.getAttribute("href"));
  const { now, before } = JSON.parse(searchParams.get("variables"));
  const days = ({ order: { orderDate } }) => [orderDate.gte, later(orderDate.lt, -1)];
  return [days(now), days(before)];
}

export async function leapDays(pages) {
  const page = await pages.visitor({ token: pages.tokens.everything });
  for (const [now, before] of [
    // The last day is the 28th of February of a leap year, and its 29th.
    [
      ["2012-02-01", "2012-02-28"],
      ["2011-02-01", "2011-02-28"],
    ],
    [
      ["2012-02-29", "2012-02-29"],
      ["2011-02-28", "2011-02-28"],
    ],
    // The 29th of the year before is of February, too.
    [
      ["2013-02-01", "2013-02-28"],
      ["2012-02-01", "2012-02-29"],
    ],
    [
      ["2013-01-01", "2013-12-31"],
      ["2012-01-01", "2012-12-31"],
    ],
  ]) {
    const found = await periodsOf(pages, page, ...now);
    pages.faults.equal(found, [now, before], `a year before ${now.join(" … ")}`);
  }
  await page.context().close();
}

async function sum(pages, from, to) {
  const query = `query($filter: SalesFilter) {
    salesAggregate(filter: $filter) { nodes { measures { lineTotal { sum } } } }
  }`;
  const filter = { order: { orderDate: { gte: from, lt: to } } };
  const { data } = await pages.ask(query, { filter });
  return money.format(data.salesAggregate.nodes[0].measures.lineTotal.sum ?? 0);
}

/** What the table of months says of its first and its last month: `[[month, now, before], …]`. */
async function ends(pages, page, path) {
  await pages.open(page, path);
  const panel = page.getByRole("region", { name: "Sales by month", exact: true });
  await panel.getByRole("button", { name: "Table" }).click();
  const rows = await panel
    .locator("tbody tr")
    .evaluateAll((all) => all.map((row) => [...row.cells].map((cell) => cell.textContent)));
  return [rows.at(0), rows.at(-1)].map(([month, , now, before]) => [month, now, before]);
}

export async function overlappingPeriods(pages) {
  const page = await pages.visitor({ token: pages.tokens.everything });
  // Over a year, from the middle of a month to that of another.
  const own = "/?period=custom&from=2013-01-15&to=2014-01-20";
  pages.faults.equal(
    await ends(pages, page, own),
    [
      [
        "Jan 2013",
        await sum(pages, "2013-01-15", "2013-02-01"),
        await sum(pages, "2012-01-15", "2012-02-01"),
      ],
      [
        "Jan 2014",
        await sum(pages, "2014-01-01", "2014-01-21"),
        await sum(pages, "2013-01-01", "2013-01-21"),
      ],
    ],
    "months that a period has a part of",
  );
  const days = (
    await pages.ask(`{
    newest: salesOrders(first: 1, orderBy: [{ field: ORDER_DATE, direction: DESC }]) { nodes { orderDate } }
  }`)
  ).data;
  const last = days.newest.nodes[0].orderDate.slice(0, 10);
  const begin = `${last.slice(0, 7)}-01`;
  const earlier = (day) => `${Number(day.slice(0, 4)) - 1}${day.slice(4)}`;
  const [first, newest] = await ends(pages, page, "/?period=all");
  pages.faults.equal(first[2], "–", "before the first order");
  pages.faults.equal(
    newest.slice(1),
    [
      await sum(pages, begin, later(last, 1)),
      await sum(pages, earlier(begin), later(earlier(last), 1)),
    ],
    "the last month of all, beside the same days a year before",
  );
  pages.faults.equal(
    await page.locator(".tile .hint").allInnerTexts(),
    Array(4).fill("no whole year before"),
    "totals without a year before",
  );
  await page.context().close();
}
