// Programs that draw on the whole screen, in the browser's terminal: they draw, take keys, and leave the shell as it was.
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type OpenBrowser, openBrowser } from "../src/system/browser.ts";
import { screenShows, screenText, signIn, typeLine } from "../src/system/console.ts";
import { adminEnvironment, type LaunchedHub, launchHub } from "../src/system/launched-hub.ts";
import { type TempFolder, tempFolder } from "../src/system/temp-folder.ts";
import { lacking } from "./lacking.ts";
import { describeWith } from "./needs.ts";

type Program = { name: string; start: string; draws: RegExp; keys: (page: Page) => Promise<void> };

const programs: Program[] = [
  {
    name: "vim",
    start: "vim -u NONE -N -n /tmp/sallyport-no-such-file",
    draws: /^~[\s\S]*sallyport-no-such-file/m,
    keys: async (page) => {
      await page.keyboard.type("ihello");
      await screenShows(page, /^hello/m);
      await page.keyboard.press("Escape");
      await page.keyboard.type(":q!\r");
    },
  },
  { name: "htop", start: "htop", draws: /Tasks:[\s\S]*PID/, keys: (page) => page.keyboard.type("q") },
  {
    name: "less",
    start: "seq 1 1000 | less",
    draws: /^1\s[\s\S]*^:/m,
    keys: async (page) => {
      await page.keyboard.type("G");
      await screenShows(page, /^1000/m);
      await page.keyboard.type("q");
    },
  },
  {
    name: "tmux",
    start: "tmux -f /dev/null -L sallyport-e2e new-session",
    draws: /\[0\] 0:/,
    keys: async (page) => {
      await page.keyboard.type("echo in-tmux-$((6*7))\r");
      await screenShows(page, /^in-tmux-42/m);
      await page.keyboard.type("exit\r");
    },
  },
  {
    name: "python3",
    start: "python3 -q",
    draws: />>> *$/m,
    keys: async (page) => {
      await page.keyboard.type("print('py', 6*7)\r");
      await screenShows(page, /^py 42/m);
      await page.keyboard.type("exit()\r");
    },
  },
];

describeWith(["chromium"], "programs in the browser's terminal", () => {
  let folder: TempFolder;
  let hub: LaunchedHub;
  let browser: OpenBrowser;
  let page: Page;

  beforeAll(async () => {
    folder = tempFolder("programs");
    hub = await launchHub({ dataDir: folder.path, env: adminEnvironment });
    browser = await openBrowser();
    page = await browser.page();
    await signIn(page, hub.url);
    await page.goto(`${hub.url}/reach`);
    await page
      .getByRole("button", { name: /^Connect/ })
      .first()
      .click();
    await screenShows(page, /[$#] *$/m);
  });
  afterAll(async () => {
    await browser?.[Symbol.asyncDispose]();
    await hub?.stop();
    folder[Symbol.dispose]();
  });

  for (const { name, start, draws, keys } of programs) {
    const missing = lacking(name).length > 0;
    test.skipIf(missing)(`${name} draws, takes keys and quits${missing ? ` [this machine lacks ${name}]` : ""}`, async () => {
      await typeLine(page, `clear; ${start}; echo left-$((40+2))-${name}`);
      await screenShows(page, draws);
      await keys(page);
      await screenShows(page, new RegExp(`^left-42-${name}`, "m"));
    });
  }

  test("256 colours and true colour reach the screen, and the shell knows the window's size", async () => {
    await typeLine(
      page,
      "clear; printf '\\033[38;2;1;2;3mtrue-colour\\033[0m \\033[38;5;196mindexed\\033[0m\\n'; stty size | tr ' ' x",
    );
    await screenShows(page, /^\d+x\d+/m);
    const coloured = page.locator(".xterm-rows:visible span", { hasText: "true-colour" }).last();
    expect(await coloured.evaluate((span) => getComputedStyle(span).color)).toBe("rgb(1, 2, 3)");
    const [, rows = "", columns = ""] = /^(\d+)x(\d+)/m.exec(await screenText(page)) ?? [];
    await page.setViewportSize({ width: 1000, height: 800 });
    // The new size travels to the shell on its own time.
    await typeLine(page, `clear; while stty size | grep -q ' ${columns}$'; do sleep 0.1; done; stty size | tr ' ' y`);
    await screenShows(page, /^\d+y\d+/m);
    const [, , narrower = ""] = /^(\d+)y(\d+)/m.exec(await screenText(page)) ?? [];
    expect(Number(rows)).toBeGreaterThan(5);
    expect(Number(narrower)).toBeLessThan(Number(columns));
  });
});
