// Loads, rejected and parked rows, replays, reports.

import { settled } from "./browser.mjs";

/** The text of a row that would be markup, if it were not shown as text. */
export const MARKUP =
  '<img src="x" onerror="window.wasRun = true"><script>window.wasRun = true</script>';

export async function runs(pages) {
  const page = await pages.visitor({ token: pages.tokens.everything });
  await pages.open(page, "/?view=loads");
  const { data } = await pages.ask(
    "{ loadRuns(first: 1) { nodes { rowsRead rowsRejected rowsParked files(first: 100) { totalCount } } } }",
  );
  const [run] = data.loadRuns.nodes;
  const files = page.getByRole("region", { name: "Files of the run" });
  pages.faults.equal(
    await files.locator("tbody tr").count(),
    run.files.totalCount,
    "files of the run",
  );
  const number = (value) => value.toLocaleString("en-US");
  await page.getByRole("link", { name: `${number(run.rowsRejected)} rows` }).click();
  await settled(page);
  await page.getByText(`of ${number(run.rowsRejected)} rows`).waitFor();
  await page.getByRole("button", { name: "Parked", exact: true }).click();
  await page.getByText(`of ${number(run.rowsParked)} rows`).waitFor();
  pages.faults.equal(
    new URL(page.url()).searchParams.get("rows"),
    "parked",
    "the address of parked rows",
  );
  await page.getByRole("columnheader", { name: "Waits for" }).waitFor();
  await page.getByRole("button", { name: "As CSV" }).click();
  await page.getByRole("link", { name: `Download ${number(run.rowsParked)} rows` }).waitFor();
  await page.context().close();
}

/** A list of more than 1,000 rows: all can be reached, few are in the document at a time. */
export async function longList(pages) {
  const page = await pages.visitor({ token: pages.tokens.everything });
  await pages.open(page, "/?view=rejects");
  const frame = page.getByRole("region", { name: "Rejected rows", exact: true });
  const { data } = await pages.ask("{ loadRejects(first: 1) { totalCount } }");
  const total = data.loadRejects.totalCount;
  pages.faults.holds(total > 1000, `${total} rows are not more than 1,000`);
  let most = 0;
  let last = 0;
  for (let step = 0; last < total + 1 && step < 2000; step += 1) {
    const seen = await frame.evaluate(async (element) => {
      element.scrollTop += element.clientHeight * 0.8;
      await new Promise((resume) => requestAnimationFrame(() => requestAnimationFrame(resume)));
      const rows = [...element.querySelectorAll("tbody tr[aria-rowindex]")];
      return [rows.length, Number(rows.at(-1)?.getAttribute("aria-rowindex") ?? 0)];
    });
    most = Math.max(most, seen[0]);
    last = seen[1];
  }
  pages.faults.equal(last, total + 1, "the last row of the list, after the header");
  pages.faults.holds(most <= 60, `${most} rows in the document at a time`);
  pages.faults.equal(
    await frame.locator("table").getAttribute("aria-rowcount"),
    String(total + 1),
    "rows that are told",
  );
  await page.context().close();
}

export async function rawText(pages) {
  const page = await pages.visitor({ token: pages.tokens.everything });
  await pages.open(page, "/?view=rejects&name=SalesTerritory");
  const row = page.getByRole("row").filter({ hasText: "<img src=" });
  await row.first().waitFor();
  await row
    .getByRole("button", { name: /^Details/ })
    .first()
    .click();
  const dialog = page.getByRole("dialog");
  await dialog.waitFor();
  pages.faults.equal(await dialog.getByRole("textbox").inputValue(), MARKUP, "the raw text");
  pages.faults.equal(
    await page.evaluate(() => [document.querySelectorAll("img").length, window.wasRun ?? false]),
    [0, false],
    "markup of a file",
  );
  await pages.audit(page, "the dialog of a row");
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "hidden" });
  await page.context().close();
}

/** A row is corrected and loaded: it is among the rejected ones no more, and the page hears of the new data. */
export async function correctedRow(pages) {
  const query = `{ loadRejects(filter: { reason: { eq: "invalid_integer" }, column: { eq: "OrderQty" } }, orderBy: [{ field: REJECTED_AT, direction: DESC }], first: 1000) {
    totalCount nodes { line raw }
  } }`;
  const { nodes, totalCount } = (await pages.ask(query)).data.loadRejects;
  const wrong = nodes.find(({ raw }) => /\b\d+x\b/.test(raw));
  const page = await pages.visitor({ token: pages.tokens.everything });
  await pages.open(page, "/?view=rejects&name=SalesOrderDetail&reason=invalid+integer");
  const version = page.getByText(/version \d+/);
  const before = await version.textContent();
  const frame = page.getByRole("region", { name: "Rejected rows", exact: true });
  const details = frame.getByRole("button", { name: `Details of line ${wrong.line}`, exact: true });
  while (!(await details.isVisible())) {
    await frame.evaluate((element) => (element.scrollTop += 300));
    await page.evaluate(
      () => new Promise((resume) => requestAnimationFrame(() => requestAnimationFrame(resume))),
    );
  }
  await details.click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("textbox").fill(wrong.raw.replace(/\b(\d+)x\b/, "$1"));
  await dialog.getByRole("button", { name: "Load the corrected row" }).click();
  await dialog
    .getByRole("status")
    .getByText(/^succeeded: 1 taken, 1 no longer rejected/)
    .waitFor();
  await dialog.getByRole("button", { name: "Close" }).click();
  pages.faults.equal(
    (await pages.ask(query)).data.loadRejects.totalCount,
    totalCount - 1,
    "rejected rows after the correction",
  );
  await page.waitForFunction(
    (text) => document.querySelector(".freshness .muted").textContent !== text,
    before,
  );
  await page.context().close();
}

export async function replayOfAll(pages) {
  const page = await pages.visitor({ token: pages.tokens.everything });
  await pages.open(page, "/?view=rejects");
  const replay = page.getByRole("button", { name: "Replay all rejected rows" });
  const { data } = await pages.ask("{ loadRejects(first: 1) { totalCount } }");
  // It would take more rows than a filter shows.
  await page.getByLabel("Reason contains").fill("integer");
  await page.getByLabel("Reason contains").press("Enter");
  await page.getByText("clear the two filters above first").waitFor();
  await replay.press("Enter");
  pages.faults.equal(await page.getByText("loaded again.").count(), 0, "a replay beside a filter");
  await page.getByLabel("Reason contains").fill("");
  await page.getByLabel("Reason contains").press("Enter");
  await page.getByText("clear the two filters above first").waitFor({ state: "detached" });
  await settled(page);
  await replay.press("Enter");
  const asked = data.loadRejects.totalCount.toLocaleString("en-US");
  await page.getByText(`${asked} rows are loaded again.`, { exact: true }).waitFor();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.getByText("loaded again.").waitFor({ state: "detached" });
  pages.faults.holds(
    await replay.evaluate((button) => button === document.activeElement),
    "the focus after a replay that is not wanted",
  );
  await replay.press("Enter");
  await page.getByRole("button", { name: "Replay them" }).press("Enter");
  await page
    .getByRole("status")
    .getByText(/^succeeded with rejects: [\d,]+ taken/)
    .waitFor();
  await page.getByRole("link", { name: "The run" }).click();
  await page.getByRole("heading", { name: /^Run of/ }).waitFor();
  await page.context().close();
}

export async function reports(pages) {
  const page = await pages.visitor({ token: pages.tokens.everything });
  await pages.open(page, "/?view=reports");
  const { data } = await pages.ask("{ reports(first: 1) { totalCount } }");
  const frame = page.getByRole("region", { name: "Reports", exact: true });
  pages.faults.equal(await frame.locator("tbody tr").count(), data.reports.totalCount, "reports");
  const link = frame.getByRole("link", { name: /^Download/ }).first();
  const old = await link.getAttribute("href");
  pages.faults.equal((await fetch(old)).status, 200, "the link of a report");
  // Links end; a click asks for another one, and stays on the page where there is none.
  const [download] = await Promise.all([page.waitForEvent("download"), link.click()]);
  pages.faults.holds(await download.path(), "a file by the link");
  await page.route("**/graphql", (route) =>
    route.request().postData().includes("ReportLink")
      ? route.fulfill({ json: { data: { node: { downloadUrl: null, error: null } } } })
      : route.continue(),
  );
  await link.click();
  await page.getByRole("alert").getByText("The file is not there any more.").waitFor();
  await page.unroute("**/graphql");
  await page.getByLabel("State", { exact: true }).selectOption("FAILED");
  await page.getByText("No report is failed.").waitFor();
  pages.faults.equal(
    new URL(page.url()).searchParams.get("state"),
    "FAILED",
    "the address of a state",
  );
  await page.context().close();
}
