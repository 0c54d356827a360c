// Asking for the token, once, and forgetting it.

const KEPT = "salesgraph.token";

export async function signIn(pages) {
  const { faults, tokens } = pages;
  const page = await pages.visitor();
  await page.goto(`${pages.base}/?period=2013`);
  const field = page.getByLabel("Token or API key");
  await field.waitFor();
  await pages.audit(page, "the sign-in");
  await field.fill("wrong");
  await field.press("Enter");
  await page.getByRole("alert").getByText("This token is not accepted").waitFor();
  faults.equal(await kept(page), null, "a refused token is kept");

  await field.fill(`Bearer ${tokens.everything}`);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Sales by month" }).waitFor();
  faults.equal(new URL(page.url()).search, "?period=2013", "the address after signing in");
  faults.equal(await kept(page), tokens.everything, "the token in the tab's storage");
  const elsewhere = await page.evaluate(() =>
    JSON.stringify([{ ...localStorage }, document.cookie, location.href]),
  );
  faults.holds(!elsewhere.includes(tokens.everything), `the token is elsewhere: ${elsewhere}`);

  await page.reload();
  await page.getByRole("heading", { name: "Sales by month" }).waitFor();
  const other = await page.context().newPage();
  await other.goto(pages.base);
  await other.getByLabel("Token or API key").waitFor();

  await page.getByRole("button", { name: "Sign out" }).click();
  await field.waitFor();
  faults.equal(await kept(page), null, "the token after signing out");
  await page.context().close();
}

const kept = (page) => page.evaluate((key) => sessionStorage.getItem(key), KEPT);

/** The links of the demo have the token where no server sees it. */
export async function linkOfTheDemo(pages) {
  const page = await pages.visitor();
  await page.goto(`${pages.base}/?period=all#token=${pages.tokens.everything}`);
  await page.getByRole("heading", { name: "Sales by month" }).waitFor();
  pages.faults.equal(page.url(), `${pages.base}/?period=all`, "the address of a link with a token");
  await page.context().close();
}

/** A token that ends while the page is open. */
export async function endedToken(pages) {
  const page = await pages.visitor({ token: pages.tokens.everything });
  await pages.open(page, "/");
  await page.evaluate((key) => sessionStorage.setItem(key, "ended"), KEPT);
  await page.getByLabel("Period", { exact: true }).selectOption("all");
  await page.getByText("This token is not accepted").waitFor();
  await page.context().close();
}

export async function withoutScripts(pages) {
  const page = await pages.visitor({ javaScriptEnabled: false });
  await page.goto(pages.base);
  const said = await page.locator("noscript p").innerText();
  pages.faults.holds(
    said.includes("The dashboard needs JavaScript"),
    `without scripts the page says ${said}`,
  );
  pages.faults.holds(
    (await page.locator("noscript p").boundingBox()).height > 0,
    "what it says is not seen",
  );
  await page.goto(`${pages.base}/docs/aggregates`);
  await page.getByRole("heading", { name: "Aggregates", exact: true }).waitFor();
  await page.context().close();
}

/** A server that cannot be reached, and comes back. */
export async function unreachable(pages) {
  const page = await pages.visitor({ token: pages.tokens.everything });
  page.isOffline = true;
  await page.route("**/graphql", (route) => route.abort());
  await page.goto(pages.base);
  await page.getByRole("alert").getByText("The server does not answer.").waitFor();
  await page.unroute("**/graphql");
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByRole("heading", { name: "Sales by month" }).waitFor();
  await page.context().close();
}
