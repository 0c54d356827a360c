// A real Chromium, driven by Playwright, and what every check of the pages needs.

import { chromium } from "playwright-core";
import AxeBuilder from "@axe-core/playwright";

export const SIZES = { wide: { width: 1440, height: 1000 }, phone: { width: 390, height: 844 } };

/** What a check found wrong. */
export class Faults {
  #found = [];

  add(what) {
    this.#found.push(what);
  }

  equal(found, expected, what) {
    const [one, other] = [JSON.stringify(found), JSON.stringify(expected)];
    if (one !== other) {
      this.add(`${what}: ${one} instead of ${other}`);
    }
  }

  holds(condition, what) {
    if (!condition) {
      this.add(what);
    }
  }

  get all() {
    return this.#found;
  }
}

export class Pages {
  #browser;

  /** `base` is where the server is, `tokens` are those that the demo prints. */
  constructor(browser, { base, tokens, folder, faults }) {
    this.#browser = browser;
    Object.assign(this, { base, tokens, folder, faults });
  }

  static async start(executablePath, given) {
    const args = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-quic"];
    return new Pages(await chromium.launch({ executablePath, args }), given);
  }

  async close() {
    await this.#browser.close();
  }

  /**
   * A page of a visitor of its own, without a token unless one is given; an exception, an error
   * in the console or a request to another host is a fault.
   */
  async visitor({ token, scheme = "light", size = "wide", javaScriptEnabled = true } = {}) {
    const context = await this.#browser.newContext({
      colorScheme: scheme,
      viewport: SIZES[size],
      javaScriptEnabled,
      locale: "en-US",
      // Any zone but UTC, which the pages must not show.
      timezoneId: "Pacific/Auckland",
    });
    context.setDefaultTimeout(30_000);
    if (token) {
      // A blank page has no storage.
      const keep = `sessionStorage.setItem("salesgraph.token", ${JSON.stringify(token)})`;
      await context.addInitScript(
        `location.protocol === "http:" && (sessionStorage.getItem("salesgraph.token") ?? ${keep})`,
      );
    }
    context.on("page", (page) => this.#watch(page));
    return context.newPage();
  }

  #watch(page) {
    page.on("pageerror", (error) =>
      this.faults.add(`${page.url()}: an exception: ${error.message}`),
    );
    page.on("console", (message) => {
      // A refused token is an error to the console, and an answer to the page.
      const isRefusal = /status of 401/.test(message.text()) || page.isOffline;
      if (message.type() === "error" && !isRefusal) {
        this.faults.add(`${page.url()}: in the console: ${message.text()}`);
      }
    });
    page.on("request", (request) => {
      const url = new URL(request.url());
      if (url.protocol.startsWith("http") && url.hostname !== new URL(this.base).hostname) {
        this.faults.add(`${page.url()}: a request to another host: ${url}`);
      }
    });
  }

  /** Data of the API, as the page should show them. */
  async ask(query, variables, token = this.tokens.everything) {
    const response = await fetch(`${this.base}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
      body: JSON.stringify({ query, variables }),
    });
    return response.json();
  }

  async open(page, path) {
    await page.goto(this.base + path);
    await settled(page);
  }

  /** What axe finds serious or critical, and what is wider than the window. */
  async audit(page, what) {
    const { violations } = await new AxeBuilder({ page }).analyze();
    for (const { id, impact, help, nodes } of violations) {
      if (["serious", "critical"].includes(impact)) {
        this.faults.add(
          `${what}: ${impact}: ${id} (${help}): ${nodes.map(({ html }) => html.slice(0, 200)).join("; ")}`,
        );
      }
    }
    const [content, window] = await page.evaluate(() => [
      document.documentElement.scrollWidth,
      innerWidth,
    ]);
    this.faults.holds(content <= window, `${what}: ${content} px of content in ${window} px`);
  }

  async screenshot(page, name) {
    await page.screenshot({ path: `${this.folder}/${name}.png`, fullPage: true });
  }
}

/** Until nothing of the page is awaited any more. */
export async function settled(page) {
  await page.waitForFunction(
    () =>
      document.querySelector("main h1") &&
      !document.querySelector('.skeleton, [aria-busy="true"], .stale'),
  );
}
