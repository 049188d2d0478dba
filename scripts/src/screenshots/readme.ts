// The README's pictures: six moments of the console at work.
import { mkdirSync } from "node:fs";
import path from "node:path";
import type { Page } from "playwright-core";
import { openBrowser } from "../system/browser.ts";
import { enter, screenShows, typeLine } from "../system/console.ts";
import { settled } from "../system/console-pages.ts";
import type { LaunchedHub } from "../system/launched-hub.ts";
import type { SampleLife } from "../system/sample-life.ts";
import { savePicture } from "./picture.ts";

type Picture = {
  file: string;
  colorScheme: "light" | "dark";
  locale: "en-GB" | "zh-CN";
  show: (page: Page, url: string, life: SampleLife) => Promise<void>;
};

const pictures: Picture[] = [
  { file: "home.png", colorScheme: "light", locale: "en-GB", show: (page, url) => open(page, `${url}/`) },
  {
    file: "terminal.png",
    colorScheme: "dark",
    locale: "en-GB",
    show: async (page, url) => {
      await open(page, `${url}/reach`);
      await page
        .getByRole("button", { name: /^Connect to/ })
        .first()
        .click();
      await screenShows(page, /[$#] *$/m);
      await typeLine(page, "clear; htop");
      await screenShows(page, /Tasks:[\s\S]*PID/);
    },
  },
  {
    file: "replay.png",
    colorScheme: "dark",
    locale: "en-GB",
    show: async (page, url, { sessionId }) => {
      await open(page, `${url}/session?id=${sessionId}`);
      await page.getByRole("application").focus();
      for (let faster = 0; faster < 4; faster += 1) await page.keyboard.press(">");
      await screenShows(page, "step 8 of 8", 30_000);
    },
  },
  {
    file: "run.png",
    colorScheme: "light",
    locale: "en-GB",
    show: (page, url, { runId }) => open(page, `${url}/run?id=${runId}`),
  },
  { file: "fleet.png", colorScheme: "light", locale: "zh-CN", show: (page, url) => open(page, `${url}/fleet`) },
  { file: "audit.png", colorScheme: "dark", locale: "zh-CN", show: (page, url) => open(page, `${url}/audit`) },
];

export async function readmePictures(hub: LaunchedHub, life: SampleLife, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  for (const { file, colorScheme, locale, show } of pictures) {
    await using browser = await openBrowser({ colorScheme, locale, viewport: { width: 1280, height: 800 } });
    const page = await browser.page();
    await page.goto(`${hub.url}/sign-in`);
    await enter(page);
    await show(page, hub.url, life);
    await savePicture(page, path.join(folder, file), { colours: true });
    console.log(`docs/images/${file}`);
  }
}

async function open(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await settled(page);
}
