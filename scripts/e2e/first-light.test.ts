// The product's main job as a person sees it: set-up link, recorded terminal, reload, exit, replay, a script from the console.
import { afterAll, beforeAll, expect, test } from "vitest";
import { type OpenBrowser, openBrowser } from "../src/system/browser.ts";
import { screenShows, setUp, typeLine } from "../src/system/console.ts";
import { firstAdmin, type LaunchedHub, launchHub, sallyportCommand } from "../src/system/launched-hub.ts";
import { RestClient } from "../src/system/rest-client.ts";
import { type TempFolder, tempFolder } from "../src/system/temp-folder.ts";
import { until } from "../src/system/until.ts";
import { describeWith } from "./needs.ts";

describeWith(["chromium"], "first light", () => {
  let folder: TempFolder;
  let hub: LaunchedHub;
  let browser: OpenBrowser;

  beforeAll(async () => {
    folder = tempFolder("first-light");
    hub = await launchHub({ dataDir: folder.path });
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser?.[Symbol.asyncDispose]();
    await hub?.stop();
    folder[Symbol.dispose]();
  });

  test("from the set-up link to a terminal that survives a reload, its replay, and a script's result", async () => {
    const page = await browser.page();
    if (hub.setupLink === null) throw new Error(`no set-up link was printed:\n${hub.stdout()}`);
    await setUp(page, hub.setupLink);
    await page.getByRole("button", { name: "Open terminal" }).click();

    // The shell, a variable in it, and a reload in between: it must be the same shell.
    await screenShows(page, /[$#] *$/m);
    await typeLine(page, "KEPT=kept-$((6*7)); echo $KEPT");
    await screenShows(page, /^kept-42/m);
    await typeLine(page, "printf 'é 漢字 🚪\\n'");
    await screenShows(page, "é 漢字 🚪");
    await page.reload();
    await screenShows(page, /^kept-42/m);
    await typeLine(page, "echo again-$KEPT");
    await screenShows(page, /^again-kept-42/m);
    await typeLine(page, "exit 7");
    await page.getByText("The shell exited with code 7.").waitFor();

    // The replay shows what was shown.
    await page.getByRole("link", { name: "Show recording" }).click();
    await page.waitForURL(/\/session\?id=ses_/);
    const player = page.getByRole("application");
    await player.focus();
    for (let faster = 0; faster < 4; faster += 1) await page.keyboard.press(">");
    await screenShows(page, /^again-kept-42/m, 30_000);
    const id = new URL(page.url()).searchParams.get("id") ?? "";
    const cast = await (await page.request.get(`${hub.url}/api/v1/sessions/${id}/recording.cast`)).text();
    const [header = "", ...events] = cast.trim().split("\n");
    expect(JSON.parse(header)).toMatchObject({ version: 2 });
    const shown = events
      .map((line) => JSON.parse(line) as [number, string, string])
      .flatMap(([, kind, data]) => (kind === "o" ? [data] : []));
    expect(shown.join("")).toContain("again-kept-42");
    expect(shown.join("")).toContain("é 漢字 🚪");
    await page.getByRole("tab", { name: "Evidence" }).click();
    await page
      .getByText(/intact|verified/i)
      .first()
      .waitFor();

    // A script, written in the console's editor.
    await page.goto(`${hub.url}/reach`);
    await page
      .getByRole("link", { name: /^Run script/ })
      .first()
      .click();
    await page.getByLabel("Script editor").click();
    await page.keyboard.insertText("echo out-$((6*7)); echo err-$((6*7)) >&2; exit 3");
    await page.getByRole("button", { name: "Run on 1 machine" }).click();
    await page.waitForURL(/\/run\?id=run_/);
    await page.getByText("out-42").first().waitFor();
    await page.getByText("err-42").first().waitFor();
    await page.getByText("exit 3").first().waitFor();

    expect(browser.faults).toEqual([]);
  }, 120_000);

  test("the set-up link works once", async () => {
    const other = await openBrowser();
    try {
      const page = await other.page();
      await page.goto(hub.setupLink ?? "");
      await page.getByText("This hub has been set up already.").waitFor();
    } finally {
      await other[Symbol.asyncDispose]();
    }
  });

  test("REST tells the same session and run, and status no longer offers the link", async () => {
    const key =
      sallyportCommand(folder.path, "access-key", "create", "--email", firstAdmin.email, "--name", "e2e")
        .trim()
        .split("\n")
        .at(-1) ?? "";
    expect(key).toMatch(/^sp_/);
    const rest = new RestClient(hub.url, key);
    const [session] = await rest.sessions();
    expect(session).toMatchObject({ state: "ended", endReason: "exit", exitCode: 7 });
    const { items } = await rest.json<{ items: { id: string }[] }>("GET", "/runs");
    const run = await rest.run(items[0]?.id ?? "");
    expect(run.executions).toMatchObject([{ state: "finished", exitCode: 3 }]);
    expect((await rest.output(run.executions[0]?.id ?? "", "stdout")).toString()).toBe("out-42\n");
    expect(JSON.parse(sallyportCommand(folder.path, "status", "--json"))).toMatchObject({
      setupLink: null,
      agents: { online: 1 },
    });
    expect(sallyportCommand(folder.path, "doctor")).not.toContain("FAIL");
  });

  test("ending a live terminal as an administrator says so in that terminal", async () => {
    const page = await browser.page();
    await page.goto(`${hub.url}/reach`);
    await page
      .getByRole("button", { name: /^Connect/ })
      .first()
      .click();
    await screenShows(page, /[$#] *$/m);
    const key =
      sallyportCommand(folder.path, "access-key", "create", "--email", firstAdmin.email, "--name", "e2e-end")
        .trim()
        .split("\n")
        .at(-1) ?? "";
    const rest = new RestClient(hub.url, key);
    const live = await until("live session", async () => (await rest.sessions()).find(({ state }) => state === "live") ?? null);
    await rest.json("POST", `/sessions/${live.id}/end`, {});
    await page.getByText(/^Ended:/).waitFor();
    const ended = await until(
      "session ended",
      async () => (await rest.sessions()).find(({ id, state }) => id === live.id && state === "ended") ?? null,
    );
    expect(ended.endReason).toMatch(/ended-by/);
  });
});
