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
  const place = await page.evaluate(() => document.activeElement.id);
  faults.equal(place, "content", "the focus after signing in");
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

  // A tab that was opened from this one has a copy of the token.
  const [opened] = await Promise.all([
    page.waitForEvent("popup"),
    page.getByRole("link", { name: "GraphiQL", exact: true }).click(),
  ]);
  await opened.getByRole("button", { name: /Execute query/ }).waitFor();
  faults.equal(await kept(opened), tokens.everything, "the token in GraphiQL's tab");
  await page.getByRole("button", { name: "Sign out" }).click();
  await field.waitFor();
  faults.equal(await kept(page), null, "the token after signing out");
  await opened.waitForFunction((key) => sessionStorage.getItem(key) === null, KEPT);
  await page.context().close();
}

const kept = (page) => page.evaluate((key) => sessionStorage.getItem(key), KEPT);

/** The links of the demo have the token where no server sees it. */
export async function linkOfTheDemo(pages) {
  const page = await pages.visitor();
  await page.goto(`${pages.base}/?period=all#token=${pages.tokens.everything}`);
  await page.getByRole("heading", { name: "Sales by month" }).waitFor();
  const address = `${pages.base}/?period=all`;
  pages.faults.equal(page.url(), address, "the address of a link with a token");
  // The same page is there already when another link is pasted.
  await page.evaluate((hash) => (location.hash = hash), `token=${pages.tokens.unnamed}`);
  await page.getByText("Names of persons need the scope persons:read").waitFor();
  pages.faults.equal(page.url(), address, "the address of a link that was pasted");
  pages.faults.equal(await kept(page), pages.tokens.unnamed, "the token of that link");
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
