// The browser's side: its network goes silent, its page is frozen as a sleeping laptop freezes it, and a second tab joins.
import { setTimeout as wait } from "node:timers/promises";
import type { Page } from "playwright-core";
import { openBrowser } from "../../src/system/browser.ts";
import { enter, screenShows, typeLine } from "../../src/system/console.ts";
import { startHubParts } from "../../src/system/hub-parts.ts";
import { slowProxy } from "../../src/system/slow-proxy.ts";
import { tempFolder } from "../../src/system/temp-folder.ts";
import type { Fault, Figure } from "./fault.ts";

export const browserAway: Fault = {
  name: "browser-away",
  sentence: "the browser offline, asleep, and in two tabs",
  needs: ["chromium", "unshare"],
  run: async (form) => {
    const awayMs = form === "long" ? 60_000 : 2_000;
    using folder = tempFolder("browser-away");
    await using parts = await startHubParts({ folder: folder.path });
    await parts.addAgent({ name: "one" });
    await using proxy = await slowProxy(Number(new URL(parts.rest.url).port));
    await using browser = await openBrowser();
    const url = `http://localhost:${proxy.port}`;
    const page = await browser.page();
    await page.goto(`${url}/sign-in`);
    await enter(page);
    await page.goto(`${url}/reach`);
    await page
      .getByRole("button", { name: /^Connect/ })
      .first()
      .click();
    await screenShows(page, /[$#] *$/m);
    const figures: Figure[] = [];
    const backMs = async (what: string, page: Page, mark: string) => {
      const from = performance.now();
      await screenShows(page, new RegExp(`^${mark}`, "m"), 40_000);
      figures.push({ what, value: (performance.now() - from) / 1_000, unit: "s", atMost: 5 });
    };

    // Typed while nothing passes; it must be there, once, when the network is.
    proxy.silent = true;
    await browser.context.setOffline(true);
    await typeLine(page, "echo off-$((40+2))");
    await wait(awayMs);
    proxy.cut();
    proxy.silent = false;
    await browser.context.setOffline(false);
    await backMs("offline: typed line answered after", page, "off-42");

    // Asleep: no timer runs, and what was connected dies unnoticed.
    const debug = await browser.context.newCDPSession(page);
    await debug.send("Page.setWebLifecycleState", { state: "frozen" });
    proxy.cut();
    await wait(awayMs);
    await debug.send("Page.setWebLifecycleState", { state: "active" });
    await typeLine(page, "echo woke-$((40+3))");
    await backMs("asleep: typed line answered after", page, "woke-43");

    const [session] = await parts.rest.sessions();
    const second = await browser.page();
    await second.goto(`${url}/terminal?id=${session?.id ?? ""}`);
    await screenShows(second, /^woke-43/m);
    await typeLine(second, "echo two-$((40+4))");
    await backMs("second tab's line in the first after", page, "two-44");
    await page.bringToFront();
    await typeLine(page, "echo one-$((40+5))");
    await backMs("first tab's line in the second after", second, "one-45");

    const rows = await page.locator(".xterm-rows:visible").first().innerText();
    const answers = ["off-42", "woke-43", "two-44", "one-45"].map(
      (mark) => rows.split("\n").filter((row) => row.startsWith(mark)).length,
    );
    figures.push({
      what: "answers shown other than once",
      value: answers.filter((count) => count !== 1).length,
      unit: "",
      atMost: 0,
    });
    return { rounds: 1, figures };
  },
};
