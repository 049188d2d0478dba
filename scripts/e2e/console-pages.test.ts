// Every page in light, English and wide, each loaded by its address; and in dark, Chinese and narrow, each come to from another, as links do: nothing serious
// for axe, no CSP violation, no console error, no failed request, nothing wider than the window. And the longest page there is.
import path from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { seriousFaults } from "../src/system/axe.ts";
import { type OpenBrowser, openBrowser, type Visitor } from "../src/system/browser.ts";
import { enter } from "../src/system/console.ts";
import { consolePages, failEverything, settled } from "../src/system/console-pages.ts";
import { freePort } from "../src/system/free-port.ts";
import { adminEnvironment, firstAdmin, type LaunchedHub, launchHub, sallyportCommand } from "../src/system/launched-hub.ts";
import { type MailBox, openMailBox } from "../src/system/mail-box.ts";
import { type MariaDb, startMariaDb } from "../src/system/mariadb.ts";
import { type PrivateNetwork, privateNetwork } from "../src/system/private-network.ts";
import { requestPages } from "../src/system/request-pages.ts";
import { RestClient } from "../src/system/rest-client.ts";
import { makeSampleLife, type SampleLife } from "../src/system/sample-life.ts";
import { makeSampleRequests, type SampleRequests } from "../src/system/sample-requests.ts";
import { type TempFolder, tempFolder } from "../src/system/temp-folder.ts";
import { describeWith } from "./needs.ts";

const looks = [
  { colorScheme: "light", locale: "en-GB", width: 1440, by: "address" },
  { colorScheme: "dark", locale: "zh-CN", width: 390, by: "link" },
] as const;
/** Windows at once: while one waits for the hub, another draws. */
const windows = 2;

describeWith(["chromium"], "the console's pages", () => {
  let folder: TempFolder;
  let hub: LaunchedHub;
  let mail: MailBox;
  let rest: RestClient;
  let life: SampleLife;

  beforeAll(async () => {
    folder = tempFolder("pages");
    mail = await openMailBox();
    const port = await freePort(); // links in mails name it
    hub = await launchHub({
      dataDir: path.join(folder.path, "data"),
      args: ["--port", String(port)],
      env: { ...adminEnvironment, SALLYPORT_SMTP_URL: mail.url, SALLYPORT_PUBLIC_URL: `http://localhost:${port}` },
    });
    const key =
      sallyportCommand(hub.dataDir, "access-key", "create", "--email", firstAdmin.email, "--name", "e2e")
        .trim()
        .split("\n")
        .at(-1) ?? "";
    rest = new RestClient(hub.url, key);
    life = await makeSampleLife(rest);
  });
  afterAll(async () => {
    await hub?.stop();
    await mail?.[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  for (const look of looks) {
    test(`in ${look.colorScheme}, ${look.locale}, ${look.width} px: axe finds nothing serious, and nothing fails`, async () => {
      await using browser = await openLook(look);
      const targets = (signedIn: boolean) =>
        consolePages
          .filter((one) => one.signedIn === signedIn)
          .map(({ name, path: at }) => ({ name, url: `${hub.url}${at(life)}`, visitor: browser }));
      const found = await walk(targets(false), "address");
      // The two that refuse a token answer 4xx, as they must.
      browser.faults.splice(
        0,
        browser.faults.length,
        ...browser.faults.filter((fault) => !/trpc\/auth\.inviteInfo|status of 4\d\d/.test(fault)),
      );
      const page = await browser.page();
      await page.goto(`${hub.url}/sign-in`);
      await enter(page);
      await page.close();
      found.push(...(await walk(targets(true), look.by)));
      allWell([...found, ...browser.faults]);
    }, 300_000);
  }

  test("where the hub cannot answer every page says so, and none goes on waiting", async () => {
    await using browser = await openLook(looks[0]);
    const page = await browser.page();
    await page.goto(`${hub.url}/sign-in`);
    await enter(page);
    await failEverything(page);
    await page.goto(`${hub.url}/`);
    await settled(page);
    const silent: string[] = [];
    for (const { name, path: at } of consolePages.filter(({ signedIn }) => signedIn)) {
      await follow(page, `${hub.url}${at(life)}`);
      await settled(page).catch(() => silent.push(`${name}: still waits`));
      if ((await page.getByText(/unavailable|starting or stopping/).count()) === 0) silent.push(`${name}: says nothing`);
    }
    expect(silent).toEqual([]);
  }, 180_000);

  test("a first load of which a script did not come is made again; where none comes at all the page says so", async () => {
    await using browser = await openLook(looks[0]);
    const page = await (await browser.visitor()).page();
    await page.route(/\.js$/, (route) => route.abort(), { times: 1 });
    await page.goto(`${hub.url}/sign-in`);
    await page.waitForFunction(() => {
      const [load] = performance.getEntriesByType("navigation");
      return load?.toJSON().type === "reload" && "begun" in document.documentElement.dataset;
    });
    await page.getByRole("textbox", { name: "Email" }).waitFor();
    expect(await page.evaluate(() => sessionStorage.length)).toBe(0);
    await page.route(/\.js$/, (route) => route.abort());
    await page.goto(`${hub.url}/sign-in`);
    await page.getByText(/^Part of the console could not be loaded/).waitFor();
    await page.unrouteAll();
    await page.getByRole("link", { name: "Load again" }).click();
    await page.getByRole("textbox", { name: "Email" }).waitFor();
    // What is fetched later without a place of its own, here the words of another language, says so in the corner.
    await page.route(/\.js$/, (route) => route.abort());
    await page.getByRole("button", { name: "中文" }).click();
    await page.getByText(/^Part of the console could not be loaded/).waitFor();
  });

  test("a page of which a part does not come says so within the console, and comes when loaded again", async () => {
    await using browser = await openLook(looks[0]);
    const page = await (await browser.visitor()).page();
    await page.goto(`${hub.url}/sign-in`);
    await enter(page);
    await page.goto(`${hub.url}/`);
    await settled(page);
    await page.route(/\.js$/, (route) => route.abort());
    await follow(page, `${hub.url}/run?id=${life.runId}`);
    await page.getByRole("heading", { name: "Part of the console is missing" }).waitFor();
    await page.getByRole("navigation", { name: "Main navigation" }).waitFor();
    await page.unrouteAll();
    await page.getByRole("button", { name: "Load again" }).click();
    await page.getByRole("heading", { name: "Weekly package check" }).waitFor();
  });

  test("where what stands around every page does not come, the whole window says so", async () => {
    await using browser = await openLook(looks[0]);
    const page = await (await browser.visitor()).page();
    await page.goto(`${hub.url}/sign-in`);
    await page.getByLabel("Email").fill(firstAdmin.email);
    await page.getByLabel("Password", { exact: true }).fill(firstAdmin.password);
    // Who is a stranger has not fetched it yet.
    await page.route(/\.js$/, (route) => route.abort());
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("heading", { name: "Part of the console is missing" }).waitFor();
    await page.unrouteAll();
    await page.getByRole("button", { name: "Load again" }).click();
    await page.getByRole("heading", { name: "Home" }).waitFor();
  });

  describeWith(["root", "ip", "iptables", "nsenter", "mariadbd", "mariadb", "mariadb-install-db"], "about requests", () => {
    let network: PrivateNetwork;
    let server: MariaDb;
    let requests: SampleRequests;

    beforeAll(async () => {
      network = privateNetwork(16);
      server = await startMariaDb(network, path.join(folder.path, "mariadb"));
      network.admit(server.port);
      requests = await makeSampleRequests({ rest, mail, server, scriptId: life.scriptId, agentAssetId: life.assetId });
    });
    afterAll(async () => {
      await server?.stop();
      network?.[Symbol.dispose]();
    });

    for (const look of looks) {
      test(`in ${look.colorScheme}, ${look.locale}, ${look.width} px, as everybody whom they concern: the same`, async () => {
        await using browser = await openLook(look);
        const visitors = {
          nobody: browser,
          requester: await browser.visitor(),
          manager: await browser.visitor(),
          onCall: await browser.visitor(),
          admin: await browser.visitor(),
        };
        for (const viewer of people) await requests.sessions[viewer].enter(visitors[viewer].context);
        const found = await walk(
          requestPages.map(({ name, path: at, as }) => ({ name, url: `${hub.url}${at(requests)}`, visitor: visitors[as] })),
          look.by,
        );
        allWell([...found, ...Object.values(visitors).flatMap((one) => one.faults)]);
      }, 180_000);
    }
  });

  test("a log of a million lines is opened, wrapped and searched while the page goes on answering", async () => {
    const script = `awk 'BEGIN { for (n = 1; n <= 1000000; n++) printf "L%07d\\n", n }'`;
    const runId = await rest.startRun({ assetIds: [life.assetId], script, interpreter: "sh" });
    await rest.finishedRun(runId);
    await using browser = await openLook(looks[0]);
    const page = await browser.page();
    await page.goto(`${hub.url}/sign-in`);
    await enter(page);
    await page.addInitScript(() => {
      const watch = new PerformanceObserver((list) => {
        for (const { duration } of list.getEntries()) longTasks.push(Math.round(duration));
      });
      const longTasks: number[] = [];
      Object.assign(window, { longTasks });
      watch.observe({ entryTypes: ["longtask"] });
    });
    await page.goto(`${hub.url}/run?id=${runId}`);
    await page.getByText("1,000,000 lines").waitFor({ timeout: 60_000 });
    await page.getByRole("checkbox", { name: "Wrap lines" }).check();
    await page.getByRole("searchbox", { name: "Search the output" }).fill("L0999999");
    await page.getByText("1 line matches").waitFor({ timeout: 60_000 });
    const longest = await page.evaluate(() => Math.max(0, ...(Reflect.get(window, "longTasks") as number[])));
    // 100 ms on a machine of its own. Somebody who scrolls notices a second.
    expect(longest).toBeLessThan(1_000);
    expect(browser.faults).toEqual([]);
  }, 180_000);
});

const openLook = ({ colorScheme, locale, width }: (typeof looks)[number]): Promise<OpenBrowser> =>
  openBrowser({ colorScheme, locale, viewport: { width, height: 900 }, bypassCSP: false });

const people = ["requester", "manager", "onCall", "admin"] as const;

type Target = { name: string; url: string; visitor: Visitor };
type By = (typeof looks)[number]["by"];

/** Says on its first line what is wrong, since that line alone is repeated at the end of a run. */
function allWell(wrong: readonly string[]): void {
  expect(wrong, wrong.join(" | ")).toEqual([]);
}

/** Every page once, in whichever window is free. Gives what is wrong with them, one line each. */
async function walk(targets: readonly Target[], by: By): Promise<string[]> {
  const left = [...targets];
  const found: string[] = [];
  const goOn = async () => {
    const open = new Map<Visitor, Page>();
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const there = open.get(next.visitor);
      const page = there ?? (await watched(next.visitor));
      if (there === undefined) await page.goto(next.url);
      else await follow(page, next.url);
      found.push(...(await look(page, next.name)));
      if (by === "link") open.set(next.visitor, page);
      else await page.close();
    }
    for (const page of open.values()) await page.close();
  };
  await Promise.all(Array.from({ length: windows }, goOn));
  return found;
}

/** As the console's own links do: without loading anew what is there. */
async function follow(page: Page, url: string): Promise<void> {
  const { pathname, search } = new URL(url);
  await page.evaluate((to) => Reflect.get(window, "next").router.push(to), pathname + search);
  await page.waitForURL(url);
}

async function look(page: Page, name: string): Promise<string[]> {
  await settled(page);
  const faults = await seriousFaults(page, name);
  const tooWide = await page.evaluate(() => Math.max(0, ...(Reflect.get(window, "widths") as number[]).splice(0)));
  return tooWide > 0 ? [...faults, `${name}: ${tooWide} px wider than the window`] : faults;
}

/** A window that notes what is wider than it, were it for one frame: a page that jumps is as bad as one that stays so. */
async function watched(visitor: Visitor): Promise<Page> {
  const page = await visitor.page();
  await page.addInitScript(() => {
    const widths: number[] = []; // px, of each frame in which something had changed
    Object.assign(window, { widths });
    const measure = () => {
      // The frame's main part scrolls by itself.
      const parts = [...document.querySelectorAll("html, main")];
      const by = Math.max(...parts.map((part) => part.scrollWidth - part.clientWidth));
      if (by > 0) widths.push(by);
    };
    const changes = new MutationObserver(() => requestAnimationFrame(measure));
    changes.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
  });
  return page;
}
