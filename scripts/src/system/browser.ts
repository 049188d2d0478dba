// Debian's chromium, driven by playwright-core. Every page notes what a healthy console never does: console errors, CSP
// violations, failed requests.
import { existsSync } from "node:fs";
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from "playwright-core";

/** The one without a window needs a fourth of the processor's time. */
export const chromiumPath = ["/usr/bin/chromium-headless-shell", "/usr/bin/chromium", "/usr/bin/chromium-browser"].find((file) =>
  existsSync(file),
);

/** One person at the browser, with cookies of his own. */
export type Visitor = {
  context: BrowserContext;
  /** What went wrong on any page of this context, in words. Empty when all is well. */
  faults: string[];
  page(): Promise<Page>;
};

/** The first visitor, and the browser for more of them. */
export type OpenBrowser = Visitor &
  AsyncDisposable & {
    browser: Browser;
    /** Somebody else, in a window that looks the same. */
    visitor(): Promise<Visitor>;
  };

export async function openBrowser(options: BrowserContextOptions = {}): Promise<OpenBrowser> {
  if (chromiumPath === undefined) throw new Error("This needs chromium. Install Debian's package chromium, then run it again.");
  const browser = await chromium.launch({
    executablePath: chromiumPath,
    // Root has no sandbox; without WebGL xterm draws letters that a test can read.
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-3d-apis",
      "--disable-dev-shm-usage",
      "--disable-background-networking",
      "--disable-component-update",
      "--no-first-run",
    ],
  });
  const visitor = () => visitorOf(browser, options);
  return { browser, visitor, ...(await visitor()), [Symbol.asyncDispose]: () => browser.close() };
}

async function visitorOf(browser: Browser, options: BrowserContextOptions): Promise<Visitor> {
  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    ignoreHTTPSErrors: true,
    locale: "en-GB",
    reducedMotion: "reduce",
    ...options,
  });
  const faults: string[] = [];
  context.on("weberror", (error) => faults.push(`exception: ${error.error().message}`));
  return {
    context,
    faults,
    page: async () => {
      const page = await context.newPage();
      watch(page, faults);
      return comesThrough(page);
    },
  };
}

/** A person whose page did not come because his network changed loads it again; so does this. */
function comesThrough(page: Page): Page {
  const goto = page.goto.bind(page);
  page.goto = async (...to) => {
    for (let left = mostLoads; ; left--) {
      try {
        return await goto(...to);
      } catch (error) {
        if (left === 1 || !cut.some((sign) => String(error).includes(sign))) throw error;
        await page.waitForTimeout(300); // for the other load to be over
      }
    }
  };
  return page;
}

/** Networks of tests come and go within seconds, loads take less. */
const mostLoads = 5;

/** Another test made or removed an interface of this machine: chromium cuts what is under way, on loopback as well, and the console asks again. */
const networkChanged = "net::ERR_NETWORK_CHANGED";
/** A load that was cut, and one that met chromium's own page about that, or the page's own second load. */
const cut = [networkChanged, "is interrupted by another navigation to"];

/** What Next says of a link whose page did not come, and which it follows by loading. Why it did not come is judged as a request that failed. */
const loadsInstead = "Falling back to browser navigation";

function watch(page: Page, faults: string[]): void {
  page.on("console", (message) => {
    const text = message.text();
    // chromium reports CSP violations here as errors too.
    if (message.type() === "error" && !text.includes(networkChanged) && !text.includes(loadsInstead))
      faults.push(`console on ${page.url()}: ${text}`);
  });
  page.on("requestfailed", (request) => {
    const why = request.failure()?.errorText ?? "";
    // A page that is left cuts its own open requests.
    if (why !== "net::ERR_ABORTED" && why !== networkChanged) faults.push(`request ${request.url()}: ${why}`);
  });
  page.on("response", (response) => {
    if (response.status() >= 400) faults.push(`response ${response.status()}: ${response.url()}`);
  });
}
