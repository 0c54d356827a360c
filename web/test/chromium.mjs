// A headless Chromium driven over its debugging pipe: no port, no dependency.

import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--disable-dev-shm-usage",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--window-size=1440,900",
  "--remote-debugging-pipe",
];

export class Chromium {
  #process;
  #profile;
  #pending = new Map();
  #listeners = [];
  #lastId = 0;
  #session;
  #failure;

  /** Starts `executable` with an empty profile and opens one blank page. */
  static async start(executable) {
    const browser = new Chromium();
    browser.#profile = mkdtempSync(join(tmpdir(), "salesgraph-chromium-"));
    browser.#process = spawn(executable, [...FLAGS, `--user-data-dir=${browser.#profile}`], {
      stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
    });
    browser.#process.on("error", (error) => browser.#fail(error));
    browser.#process.on("exit", (code) => browser.#fail(new Error(`Chromium ended (${code})`)));
    browser.#process.stdio[3].on("error", (error) => browser.#fail(error));
    browser.#listen(browser.#process.stdio[4]);
    await browser.#openBlankPage().catch(async (error) => {
      await browser.close();
      throw error;
    });
    return browser;
  }

  async #openBlankPage() {
    const { targetId } = await this.send("Target.createTarget", { url: "about:blank" });
    const { sessionId } = await this.send("Target.attachToTarget", { targetId, flatten: true });
    this.#session = sessionId;
    for (const domain of ["Page", "Runtime", "Log", "Network"]) {
      await this.send(`${domain}.enable`);
    }
  }

  #listen(stream) {
    let rest = "";
    stream.setEncoding("utf8");
    stream.on("data", (chunk) => {
      const messages = (rest + chunk).split("\0");
      rest = messages.pop();
      messages.forEach((message) => this.#receive(JSON.parse(message)));
    });
  }

  #receive({ id, result, error, method, params }) {
    if (id === undefined) {
      this.#listeners.forEach((listener) => listener(method, params));
      return;
    }
    const { resolve, reject } = this.#pending.get(id);
    this.#pending.delete(id);
    if (error) {
      reject(new Error(error.message));
    } else {
      resolve(result);
    }
  }

  #fail(error) {
    this.#failure ??= error;
    this.#pending.forEach(({ reject }) => reject(error));
    this.#pending.clear();
  }

  send(method, params = {}) {
    if (this.#failure) {
      return Promise.reject(this.#failure);
    }
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      const message = { id, method, params, sessionId: this.#session };
      this.#process.stdio[3].write(`${JSON.stringify(message)}\0`);
    });
  }

  /** Calls `listener(method, params)` for every event of the page. */
  onEvent(listener) {
    this.#listeners.push(listener);
  }

  async open(url) {
    const { errorText } = await this.send("Page.navigate", { url });
    if (errorText) {
      throw new Error(`${url}: ${errorText}`);
    }
  }

  /** Downloads what a link leads to. */
  async download(url) {
    const downloadPath = mkdtempSync(join(tmpdir(), "salesgraph-download-"));
    try {
      await this.send("Page.setDownloadBehavior", { behavior: "allow", downloadPath });
      // A navigation that becomes a download is told as aborted.
      await this.send("Page.navigate", { url });
      const deadline = Date.now() + 60_000;
      for (;;) {
        const [name] = readdirSync(downloadPath).filter((name) => !name.endsWith(".crdownload"));
        if (name) {
          return readFileSync(join(downloadPath, name));
        }
        if (Date.now() > deadline) {
          throw new Error(`${url} was not downloaded`);
        }
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    } finally {
      rmSync(downloadPath, { recursive: true, force: true });
    }
  }

  /** The value of a JavaScript expression in the page. */
  async evaluate(expression) {
    const { result, exceptionDetails } = await this.send("Runtime.evaluate", {
      expression,
      returnByValue: true,
    });
    if (exceptionDetails) {
      throw new Error(`${expression}: ${exceptionDetails.exception?.description}`);
    }
    return result.value;
  }

  /** Evaluates until `accept(value)` holds; fails with the last value after `seconds`. */
  async until(what, expression, accept = Boolean, seconds = 20) {
    const deadline = Date.now() + seconds * 1000;
    for (;;) {
      const value = await this.evaluate(expression);
      if (accept(value)) {
        return value;
      }
      if (Date.now() > deadline) {
        throw new Error(`${what} did not come within ${seconds} s; last seen: ${value}`);
      }
      await new Promise((resume) => setTimeout(resume, 50));
    }
  }

  /** A real click, by the mouse, on the middle of an element. */
  async click(selector) {
    const [x, y] = await this.evaluate(`(() => {
      const box = document.querySelector(${JSON.stringify(selector)}).getBoundingClientRect();
      return [box.x + box.width / 2, box.y + box.height / 2];
    })()`);
    for (const type of ["mousePressed", "mouseReleased"]) {
      await this.send("Input.dispatchMouseEvent", { type, x, y, button: "left", clickCount: 1 });
    }
  }

  /** A PNG of what is to be seen. */
  async screenshot() {
    const { data } = await this.send("Page.captureScreenshot", { format: "png" });
    return Buffer.from(data, "base64");
  }

  /** Ends Chromium and its helpers, which write to the profile until they end. */
  async close() {
    const running = this.#process.pid && this.#process.exitCode === null;
    const ended = running && new Promise((resolve) => this.#process.once("exit", resolve));
    this.#session = undefined;
    await this.send("Browser.close").catch(() => this.#process.kill("SIGKILL"));
    await ended;
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 10 });
  }
}
