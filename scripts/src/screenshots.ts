// `npm run screenshots`: every page in light and dark, English and Chinese, wide and narrow; full, empty and failing.
// With --readme: the six pictures of the README.
import { mkdirSync, rmSync } from "node:fs";
import path from "node:path";
import { startAgents } from "./screenshots/more-agents.ts";
import { savePicture } from "./screenshots/picture.ts";
import { readmePictures } from "./screenshots/readme.ts";
import { requestPictures } from "./screenshots/requests.ts";
import { openBrowser } from "./system/browser.ts";
import { enter } from "./system/console.ts";
import { type ConsolePage, consolePages, failEverything, settled } from "./system/console-pages.ts";
import { freePort } from "./system/free-port.ts";
import { adminEnvironment, checkout, firstAdmin, type LaunchedHub, launchHub, sallyportCommand } from "./system/launched-hub.ts";
import { openMailBox } from "./system/mail-box.ts";
import { RestClient } from "./system/rest-client.ts";
import { makeSampleLife, type SampleLife } from "./system/sample-life.ts";
import { tempFolder } from "./system/temp-folder.ts";

const looks = (["light", "dark"] as const).flatMap((colorScheme) =>
  (["en-GB", "zh-CN"] as const).flatMap((locale) => ([1440, 390] as const).map((width) => ({ colorScheme, locale, width }))),
);
type State = "full" | "empty" | "error";

const folder = path.join(checkout, "test-results/screenshots");

async function picturesOf(hub: LaunchedHub, life: SampleLife, state: State): Promise<void> {
  // Signed-out pages and pages of one thing look the same in every state.
  const pages = consolePages.filter(({ path: at, signedIn }) => state === "full" || (signedIn && !at(life).includes("id=")));
  for (const { colorScheme, locale, width } of looks) {
    await using browser = await openBrowser({ colorScheme, locale, viewport: { width, height: 900 } });
    const page = await browser.page();
    const picture = async (one: ConsolePage) => {
      await page.goto(`${hub.url}${one.path(life)}`);
      await settled(page);
      await savePicture(page, path.join(folder, `${one.name}.${state}.${colorScheme}.${locale.slice(0, 2)}.${width}.png`));
    };
    for (const one of pages.filter(({ signedIn }) => !signedIn)) await picture(one);
    await page.goto(`${hub.url}/sign-in`);
    await enter(page);
    if (state === "error") await failEverything(page);
    for (const one of pages.filter(({ signedIn }) => signedIn)) await picture(one);
    console.log(`${state}, ${colorScheme}, ${locale}, ${width} px: ${pages.length} pages`);
  }
}

async function main(): Promise<void> {
  using data = tempFolder("screenshots");
  {
    const readme = process.argv.includes("--readme");
    await using mail = await openMailBox();
    const port = await freePort(); // links in mails name it
    await using hub = await launchHub({
      dataDir: path.join(data.path, "full"),
      env: { ...adminEnvironment, SALLYPORT_SMTP_URL: mail.url, SALLYPORT_PUBLIC_URL: `http://localhost:${port}` },
      args: ["--no-agent", "--port", String(port)],
    });
    const answer = sallyportCommand(hub.dataDir, "access-key", "create", "--email", firstAdmin.email, "--name", "Reports");
    const rest = new RestClient(hub.url, answer.trim().split("\n").at(-1) ?? "");
    await using _agents = await startAgents(
      hub,
      rest,
      readme ? ["web-1", "web-2", "db-1", "batch-1"] : ["web-1", "web-2"],
      data.path,
    );
    const life = await makeSampleLife(rest, "web-1");
    if (readme) {
      await readmePictures(hub, life, path.join(checkout, "docs/images"));
      return;
    }
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    await picturesOf(hub, life, "full");
    await picturesOf(hub, life, "error");
    await requestPictures({ rest, mail, life, data: data.path, looks, folder });
  }
  await using empty = await launchHub({ dataDir: path.join(data.path, "empty"), env: adminEnvironment, args: ["--no-agent"] });
  const none = {
    assetId: "",
    sessionId: "",
    runId: "",
    failedRunId: "",
    neighbourId: "",
    scriptId: "",
    taskId: "",
    ticketId: "",
    reviewId: "",
  };
  await picturesOf(empty, none, "empty");
  console.log(`Pictures are in ${path.relative(checkout, folder)}.`);
}

await main();
