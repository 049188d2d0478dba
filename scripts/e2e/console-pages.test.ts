// Every page in light, English and wide, and in dark, Chinese and narrow: nothing serious for axe, no CSP violation, no console
// error, no failed request.
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
  let life: SampleLife;

  beforeAll(async () => {
    folder = tempFolder("pages");
    hub = await launchHub({ dataDir: folder.path, env: adminEnvironment });
    const key =
      sallyportCommand(folder.path, "access-key", "create", "--email", firstAdmin.email, "--name", "e2e")
        .trim()
        .split("\n")
        .at(-1) ?? "";
    life = await makeSampleLife(new RestClient(hub.url, key));
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
    }, 180_000);
  }
});

const openLook = ({ colorScheme, locale, width }: (typeof looks)[number]): Promise<OpenBrowser> =>
  openBrowser({ colorScheme, locale, viewport: { width, height: 900 }, bypassCSP: false });

async function visit(page: Page, url: string, name: string): Promise<string[]> {
  await page.goto(url);
  await settled(page);
  return seriousFaults(page, name);
}
