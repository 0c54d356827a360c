// The documentation: links lead somewhere, and each example is run.

/** Every link of every page, fragments too. */
export async function links(pages) {
  const seen = new Map();
  const anchors = new Map();
  const wanted = [];
  const queue = [`${pages.base}/docs`];
  while (queue.length > 0) {
    const url = queue.pop();
    if (seen.has(url)) {
      continue;
    }
    const response = await fetch(url, { headers: { accept: "text/html" } });
    const html = await response.text();
    seen.set(url, response.status);
    anchors.set(url, new Set([...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id)));
    if (!/^\/docs(\/|$)/.test(new URL(url).pathname)) {
      continue;
    }
    for (const [, href] of html.matchAll(/(?:href|src)="([^"]+)"/g)) {
      const target = new URL(href.replaceAll("&amp;", "&"), url);
      if (target.origin !== pages.base) {
        continue;
      }
      const fragment = decodeURIComponent(target.hash.slice(1));
      target.hash = "";
      // A link to GraphiQL has a query; what is there is one page.
      const address = target.pathname === "/graphql" ? `${pages.base}/graphql` : target.href;
      wanted.push({ from: url, address, fragment });
      queue.push(address);
    }
  }
  for (const { from, address, fragment } of wanted) {
    if (seen.get(address) !== 200) {
      pages.faults.add(`${from}: a link to ${address}, which is ${seen.get(address)}`);
    } else if (fragment && !anchors.get(address).has(fragment)) {
      pages.faults.add(`${from}: ${address} has no #${fragment}`);
    }
  }
  pages.faults.holds(seen.size > 150, `only ${seen.size} pages`);
  return [...seen.keys()].filter((url) => !url.includes("/docs/api/"));
}

/** Runs each example of the guides by its button; the answer must have no errors. */
export async function examples(pages) {
  const guides = (await links(pages)).filter((url) => /\/docs(\/[^/]+)?$/.test(url));
  const page = await pages.visitor({ token: pages.tokens.everything });
  let count = 0;
  for (const url of guides) {
    await page.goto(url);
    for (const example of await page.locator(".example").all()) {
      await example.getByRole("button", { name: /^Run/ }).click();
      const answer = await example.locator(".result pre").textContent();
      pages.faults.holds(
        answer.includes('"data"') && !answer.includes('"errors"'),
        `${url}: ${answer.slice(0, 300)}`,
      );
      const link = new URL(
        await example.getByRole("link", { name: /GraphiQL/ }).getAttribute("href"),
        url,
      );
      pages.faults.equal(
        link.searchParams.get("query"),
        await example.locator("code").first().textContent(),
        `${url}: the link to GraphiQL`,
      );
      count += 1;
    }
  }
  pages.faults.holds(count >= 14, `only ${count} examples`);
  await page.context().close();
}

/** Without a token an example asks for one, and runs then. */
export async function tokenOfAnExample(pages) {
  const page = await pages.visitor();
  await page.goto(`${pages.base}/docs`);
  const example = page.locator(".example");
  const run = example.getByRole("button", { name: "Run of A first query", exact: true });
  await run.click();
  await example.getByLabel("Token or API key").fill(pages.tokens.everything);
  await example.getByRole("button", { name: "Run with it" }).click();
  await example.getByText('"salesOrderNumber"').first().waitFor();
  await example.locator(".result").getByText('"SO43659"').waitFor();
  const told = await example.getByRole("status").textContent();
  pages.faults.holds(/^Result, \d+ lines$/.test(told), `of a result is announced: ${told}`);
  const isFocused = await run.evaluate((button) => button === document.activeElement);
  pages.faults.holds(isFocused, "the focus is lost with the form");
  await run.press("Enter");
  pages.faults.holds(
    await run.evaluate((button) => button === document.activeElement),
    "a button that is pressed loses the focus",
  );
  await page.context().close();
}

export async function search(pages) {
  const page = await pages.visitor();
  await page.goto(`${pages.base}/docs/reports`);
  await page.getByLabel("Search the documentation").fill("requestReport");
  await page.getByRole("link", { name: "Mutation.requestReport field" }).click();
  await page.waitForURL("**/docs/api/Mutation#requestReport");
  await page.locator("dt#requestReport").waitFor();
  pages.faults.equal((await fetch(`${pages.base}/docs/none`)).status, 404, "an unknown page");

  // What the search looks in did not come once.
  await page.goto(`${pages.base}/docs/reports`);
  page.isOffline = true;
  await page.route("**/search*.json", (route) => route.abort());
  const field = page.getByLabel("Search the documentation");
  await field.fill("requestRep");
  await page.getByRole("status").getByText("The search could not be loaded").waitFor();
  await page.unroute("**/search*.json");
  await field.fill("requestReport");
  await page.getByRole("link", { name: "Mutation.requestReport field" }).waitFor();
  await page.context().close();
}
