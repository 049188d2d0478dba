// The README's pictures: six moments of the console at work.
import { mkdirSync } from "node:fs";
import path from "node:path";
import type { Page } from "playwright-core";
import { openBrowser } from "../system/browser.ts";
import { enter, screenShows, typeLine } from "../system/console.ts";
import { settled } from "../system/console-pages.ts";
import type { LaunchedHub } from "../system/launched-hub.ts";
import { type SampleLife, sampleCommands, samplePrompt } from "../system/sample-life.ts";
import { savePicture } from "./picture.ts";

type Picture = {
  file: string;
  colorScheme: "light" | "dark";
  locale: "en-GB" | "zh-CN";
  show: (page: Page, url: string, life: SampleLife) => Promise<void>;
};

const pictures: Picture[] = [
  {
    file: "terminal.png",
    colorScheme: "dark",
    locale: "en-GB",
    show: async (page, url) => {
      await open(page, `${url}/reach`);
      await page
        .locator("li", { hasText: "web-1" })
        .getByRole("button", { name: /Connect/ })
        .click();
      await screenShows(page, /[$#] *$/m);
      await typeLine(page, samplePrompt);
      await screenShows(page, /^root@web-1/m);
      for (const line of sampleCommands) await typeLine(page, line);
      await screenShows(page, /step 6 of 6[\s\S]*root@web-1:~# *$/m);
    },
  },
  { file: "fleet.png", colorScheme: "light", locale: "en-GB", show: (page, url) => open(page, `${url}/fleet`) },
  {
    file: "add-agent.png",
    colorScheme: "light",
    locale: "en-GB",
    show: async (page, url) => {
      await open(page, `${url}/fleet`);
      await page.getByRole("button", { name: "Add agent" }).click();
      await page.getByText("SALLYPORT_TOKEN").first().waitFor();
    },
  },
  {
    file: "session.png",
    colorScheme: "dark",
    locale: "en-GB",
    show: async (page, url, { sessionId }) => {
      await open(page, `${url}/session?id=${sessionId}`);
      await page.getByRole("application").focus();
      await page.keyboard.press(">");
      await screenShows(page, "step 6 of 6", 30_000);
    },
  },
  {
    file: "run.png",
    colorScheme: "light",
    locale: "en-GB",
    show: (page, url, { runId }) => open(page, `${url}/run?id=${runId}`),
  },
  { file: "home.png", colorScheme: "light", locale: "zh-CN", show: (page, url) => open(page, `${url}/`) },
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
