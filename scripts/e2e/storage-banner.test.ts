// The hub's disk runs full while people look at the console: each is told at once, what it means and what to do, on every page.
import { mkdirSync } from "node:fs";
import path from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { seriousFaults } from "../src/system/axe.ts";
import { type OpenBrowser, openBrowser } from "../src/system/browser.ts";
import { enter } from "../src/system/console.ts";
import { settled } from "../src/system/console-pages.ts";
import { type HubParts, startHubParts } from "../src/system/hub-parts.ts";
import { type SmallDisk, smallDisk } from "../src/system/small-disk.ts";
import { type TempFolder, tempFolder } from "../src/system/temp-folder.ts";
import { describeWith } from "./needs.ts";

const colleague = { email: "colleague@example.org", password: "correct horse battery staple" };
/** A look a second in the hub, a hint, and a question. */
const toldWithinMs = 5_000;

describeWith(["chromium", "root", "mount", "umount", "fallocate", "unshare"], "a console whose hub's disk runs full", () => {
  let folder: TempFolder;
  let disk: SmallDisk;
  let parts: HubParts;
  let wide: OpenBrowser;
  let phone: OpenBrowser;
  let administrator: Page;
  let person: Page;

  beforeAll(async () => {
    folder = tempFolder("storage");
    // As much as the embedded database, its reserve and some room take.
    disk = smallDisk(path.join(folder.path, "disk"), 700);
    const dataDir = path.join(folder.path, "disk", "data");
    mkdirSync(dataDir);
    parts = await startHubParts({ folder: folder.path, dataDir });
    await parts.addAgent({ name: "one" });
    wide = await openBrowser({ colorScheme: "light", bypassCSP: false });
    administrator = await wide.page();
    await administrator.goto(`${parts.rest.url}/sign-in`);
    await enter(administrator);
    await administrator.goto(`${parts.rest.url}/runs`);
    await settled(administrator);
    await invite(administrator);
    phone = await openBrowser({
      colorScheme: "dark",
      locale: "zh-CN",
      viewport: { width: 390, height: 844 },
      bypassCSP: false,
    });
    person = await phone.page();
    await person.goto(`${parts.rest.url}/sign-in`);
    await enter(person, colleague);
    await person.goto(`${parts.rest.url}/reach`);
    await settled(person);
  });
  afterAll(async () => {
    await wide?.[Symbol.asyncDispose]();
    await phone?.[Symbol.asyncDispose]();
    await parts?.[Symbol.asyncDispose]();
    disk?.[Symbol.dispose]();
    folder[Symbol.dispose]();
  });

  const told = (page: Page, words: string) =>
    page.getByRole("status").filter({ hasText: words }).waitFor({ timeout: toldWithinMs });
  /** Nothing is wider than the window. */
  const fits = (page: Page) => page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth);

  test("nothing is said while there is room", async () => {
    expect(await administrator.getByText("disk").count()).toBe(0);
    expect(await person.getByText("磁盘").count()).toBe(0);
  });

  test("an administrator is told what to do and where, others whom to tell, before anything runs into it", async () => {
    disk.leave(60);
    await told(administrator, "The hub's disk is nearly full.");
    await told(administrator, "Free space on the disk of the hub's data directory");
    await told(person, "中心的磁盘空间即将用尽。");
    await told(person, "请通知此中心的管理员。");
    expect(await person.getByRole("link", { name: "查看目录位置" }).count()).toBe(0);
    expect(await seriousFaults(administrator, "nearly full, light")).toEqual([]);
    expect(await seriousFaults(person, "nearly full, dark")).toEqual([]);
    expect(await fits(person)).toBe(true);
  });

  test("a full disk is told more loudly, and the way leads to the folder's name", async () => {
    disk.leave(20);
    await told(administrator, "The hub's disk is full.");
    await told(person, "中心的磁盘空间已满。");
    expect(await seriousFaults(administrator, "full, light")).toEqual([]);
    expect(await seriousFaults(person, "full, dark")).toEqual([]);
    await administrator.getByRole("link", { name: "Where is it?" }).click();
    await administrator.getByText(parts.dataDir).waitFor();
    await told(administrator, "The hub's disk is full."); // on this page as well
  });

  test("with room again it goes by itself", async () => {
    disk.free();
    await administrator.getByText("The hub's disk").waitFor({ state: "detached", timeout: toldWithinMs });
    await person.getByText("中心的磁盘空间").waitFor({ state: "detached", timeout: toldWithinMs });
    expect([...wide.faults, ...phone.faults]).toEqual([]);
  });
});

/** A colleague without any role's rights, who has accepted. */
async function invite(administrator: Page): Promise<void> {
  const status = await administrator.evaluate(async ({ email, password }) => {
    const post = (procedure: string, input: object) =>
      fetch(`/trpc/${procedure}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        credentials: procedure === "people.invite" ? "same-origin" : "omit",
        body: JSON.stringify(input),
      });
    const invited = await (await post("people.invite", { email, name: "Colleague", role: "user" })).json();
    const token = new URL(invited.result.data.link).searchParams.get("token");
    return (await post("auth.acceptInvite", { token, name: "Colleague", password })).status;
  }, colleague);
  if (status !== 200) throw new Error(`the invitation's acceptance answered ${status}`);
}
