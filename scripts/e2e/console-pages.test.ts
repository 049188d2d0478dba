// Every page in light, English and wide, and in dark, Chinese and narrow: nothing serious for axe, no CSP violation, no console
// error, no failed request. And the longest page there is.
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { seriousFaults } from "../src/system/axe.ts";
import { type OpenBrowser, openBrowser } from "../src/system/browser.ts";
import { enter } from "../src/system/console.ts";
import { consolePages, settled } from "../src/system/console-pages.ts";
import { adminEnvironment, firstAdmin, type LaunchedHub, launchHub, sallyportCommand } from "../src/system/launched-hub.ts";
import { RestClient } from "../src/system/rest-client.ts";
import { makeSampleLife, type SampleLife } from "../src/system/sample-life.ts";
import { type TempFolder, tempFolder } from "../src/system/temp-folder.ts";
import { describeWith } from "./needs.ts";

const looks = [
  { colorScheme: "light", locale: "en-GB", width: 1440 },
  { colorScheme: "dark", locale: "zh-CN", width: 390 },
] as const;

describeWith(["chromium"], "the console's pages", () => {
  let folder: TempFolder;
  let hub: LaunchedHub;
  let rest: RestClient;
  let life: SampleLife;

  beforeAll(async () => {
    folder = tempFolder("pages");
    hub = await launchHub({ dataDir: folder.path, env: adminEnvironment });
    const key =
      sallyportCommand(folder.path, "access-key", "create", "--email", firstAdmin.email, "--name", "e2e")
        .trim()
        .split("\n")
        .at(-1) ?? "";
    rest = new RestClient(hub.url, key);
    life = await makeSampleLife(rest);
  });
  afterAll(async () => {
    await hub?.stop();
    folder[Symbol.dispose]();
  });

  for (const look of looks) {
    test(`in ${look.colorScheme}, ${look.locale}, ${look.width} px: axe finds nothing serious, and nothing fails`, async () => {
      const browser = await openLook(look);
      const found: string[] = [];
      try {
        const page = await browser.page();
        for (const { name, path } of consolePages.filter(({ signedIn }) => !signedIn))
          found.push(...(await visit(page, `${hub.url}${path(life)}`, name)));
        // The two that refuse a token answer 4xx, as they must.
        browser.faults.splice(
          0,
          browser.faults.length,
          ...browser.faults.filter((fault) => !/trpc\/auth\.inviteInfo|status of 4\d\d/.test(fault)),
        );
        await enter(page);
        for (const { name, path } of consolePages.filter(({ signedIn }) => signedIn))
          found.push(...(await visit(page, `${hub.url}${path(life)}`, name)));
      } finally {
        await browser[Symbol.asyncDispose]();
      }
      expect({ axe: found, faults: browser.faults }).toEqual({ axe: [], faults: [] });
    }, 300_000);
  }

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

async function visit(page: Page, url: string, name: string): Promise<string[]> {
  await page.goto(url);
  await settled(page);
  return seriousFaults(page, name);
}
