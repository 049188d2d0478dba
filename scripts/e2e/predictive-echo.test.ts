// A slow line between browser and hub: letters are on the screen before their echo can be, a silent prompt shows nothing, and what is
// left in the end is what the shell printed.
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type OpenBrowser, openBrowser } from "../src/system/browser.ts";
import { enter, screenShows, screenText, typeLine } from "../src/system/console.ts";
import { type HubParts, startHubParts } from "../src/system/hub-parts.ts";
import { type SlowProxy, slowProxy } from "../src/system/slow-proxy.ts";
import { type TempFolder, tempFolder } from "../src/system/temp-folder.ts";
import { describeWith } from "./needs.ts";

/** Each way. An echo cannot be back before twice that. */
const delayMs = 150;

describeWith(["chromium", "unshare"], "a terminal over a slow line", () => {
  let folder: TempFolder;
  let parts: HubParts;
  let proxy: SlowProxy;
  let browser: OpenBrowser;
  let page: Page;

  beforeAll(async () => {
    folder = tempFolder("predict");
    parts = await startHubParts({ folder: folder.path });
    await parts.addAgent({ name: "far" });
    proxy = await slowProxy(Number(new URL(parts.rest.url).port));
    browser = await openBrowser();
    page = await browser.page();
    await page.goto(`http://localhost:${proxy.port}/sign-in`);
    await enter(page);
    await page.goto(`http://localhost:${proxy.port}/reach`);
    proxy.delayMs = delayMs;
    await page
      .getByRole("button", { name: /^Connect/ })
      .first()
      .click();
    await screenShows(page, /[$#] *$/m);
    await page.getByText(/^3\d\d(\.\d)? ms$/).waitFor(); // the round trip has been measured
    await page.locator(".xterm:visible").first().click();
  });
  afterAll(async () => {
    await browser?.[Symbol.asyncDispose]();
    await proxy?.[Symbol.asyncDispose]();
    await parts?.[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  const predicted = () => page.locator("[data-predictions]").first().innerText();

  /** Presses a key and says after how long its letter stood in the layer of predictions; null when it did not within a second. */
  const shownAfterMs = async (letter: string): Promise<number | null> => {
    const shown = page.evaluate(
      (text) =>
        new Promise<number | null>((resolve) => {
          const layer = document.querySelector("[data-predictions]");
          let pressedMs = 0;
          addEventListener("keydown", () => (pressedMs = performance.now()), { once: true, capture: true });
          const observer = new MutationObserver(() => {
            if (pressedMs > 0 && layer?.textContent?.includes(text)) resolve(performance.now() - pressedMs);
          });
          if (layer !== null) observer.observe(layer, { childList: true, subtree: true });
          setTimeout(() => resolve(null), 1_000);
        }),
      letter,
    );
    await page.keyboard.press(letter);
    return shown;
  };

  test("shows a letter before its echo can have arrived, once one echo has come as predicted", async () => {
    expect(await shownAfterMs("e")).toBeNull(); // not yet trusted
    await screenShows(page, /[$#] e *$/m);
    const afterMs = await shownAfterMs("c");
    expect(afterMs).not.toBeNull();
    expect(afterMs).toBeLessThan(delayMs);
    await screenShows(page, /[$#] ec *$/m);
    expect(await predicted()).toBe("");
  });

  test("shows nothing of what is typed where the shell echoes nothing", async () => {
    await page.keyboard.press("Control+u");
    await typeLine(page, "read -s SECRET; echo got-$SECRET");
    await page.waitForTimeout(4 * delayMs); // the prompt without words is there now
    for (const letter of "hunter") expect(await shownAfterMs(letter)).toBeNull();
    expect(await screenText(page)).not.toContain("hunter");
    await page.keyboard.press("Enter");
    await screenShows(page, /^got-hunter/m);
  });

  test("leaves the screen as the shell drew it", async () => {
    await page.keyboard.type("echo swift fingers type thiss", { delay: 40 });
    await page.keyboard.press("Backspace");
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Enter");
    await screenShows(page, /^swift fingers type this\s*$/m);
    await page.waitForTimeout(4 * delayMs);
    expect(await predicted()).toBe("");
    expect(await screenText(page)).toMatch(/echo swift fingers type this\s/);
  });
});
