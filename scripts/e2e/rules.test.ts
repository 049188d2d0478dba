// Rules as two people meet them: a sign-in, a connection and a line wait in one browser until they are approved in the other.
import { existsSync, mkdirSync } from "node:fs";
import path from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type OpenBrowser, openBrowser } from "../src/system/browser.ts";
import { screenShows, typeLine } from "../src/system/console.ts";
import { type HubParts, startHubParts } from "../src/system/hub-parts.ts";
import { sallyportCommand } from "../src/system/launched-hub.ts";
import { type TempFolder, tempFolder } from "../src/system/temp-folder.ts";
import { until } from "../src/system/until.ts";
import { describeWith } from "./needs.ts";

const operator = { name: "Otto Operator", email: "otto@example.org", password: "a sentence of his own" };
const boss = { name: "Berta Boss", email: "berta@example.org", password: "a sentence of her own" };

/** From the click that approves to what was waiting for it, as somebody sees it. A terminal opens within it, a page loads. */
const seenWithinMs = 5_000;

describeWith(["chromium"], "rules", () => {
  let folder: TempFolder;
  let browsers: OpenBrowser[] = [];
  let parts: HubParts;
  let bossPage: Page;
  let operatorId = "";
  let bossId = "";
  let assetId = "";

  beforeAll(async () => {
    folder = tempFolder("rules");
    parts = await startHubParts({ folder: folder.path });
    ({ assetId } = await parts.addAgent({ name: "one" }));
    ({ id: operatorId } = await invite(operator));
    ({ id: bossId, page: bossPage } = await invite(boss));
    await json("POST", "/grants", {
      name: "terminals",
      subjects: [{ kind: "user", id: operatorId }],
      targets: [{ kind: "asset", id: assetId }],
      accounts: ["@agent"],
      actions: ["connect"],
    });
  });
  afterAll(async () => {
    for (const browser of browsers) await browser[Symbol.asyncDispose]();
    await parts?.[Symbol.asyncDispose]();
    folder?.[Symbol.dispose]();
  });

  const json = <T>(method: string, where: string, body?: object) => parts.rest.json<T>(method, where, body);
  const at = (where: string) => `${parts.address.url}${where}`;

  /** In a browser of its own: nobody is signed in there. */
  async function newPage(): Promise<Page> {
    const browser = await openBrowser();
    browsers = [...browsers, browser];
    return browser.page();
  }

  async function invite(person: typeof operator): Promise<{ id: string; page: Page }> {
    const page = await newPage();
    const { id, link } = await json<{ id: string; link: string }>("POST", "/people", {
      email: person.email,
      name: person.name,
      role: "user",
    });
    await page.goto(link);
    await page.getByLabel("Password", { exact: true }).fill(person.password);
    await page.getByRole("button", { name: "Start" }).click();
    await page.getByRole("heading", { name: "Home" }).waitFor();
    return { id, page };
  }

  const write = (rule: object) =>
    json<{ id: string }>("POST", "/rules", {
      rule: {
        subjects: [{ kind: "user", id: operatorId }],
        outcome: "review",
        level: { approvers: [{ kind: "user", id: bossId }], need: { kind: "any" }, minutes: 60 },
        ...rule,
      },
    });
  const there = () => ({ targets: [{ kind: "asset", id: assetId }] });

  /** By the boss, in the console, from the list of what waits for her. */
  async function decide(button: "Approve" | "Reject", shows: string | RegExp): Promise<number> {
    await bossPage.goto(at("/tickets?box=to-decide"));
    await bossPage.locator("tbody tr", { hasText: operator.name }).first().click();
    await bossPage.getByText(shows).first().waitFor();
    await bossPage.getByRole("button", { name: button, exact: true }).click();
    return performance.now();
  }

  const figures: Record<string, number> = {};

  test("a sign-in, a connection and a line wait for somebody else, and go on by themselves once she has approved them", async () => {
    await write({ kind: "sign-in", name: "outside the office", says: "Signing in from outside is looked at." });
    const page = await newPage();
    await page.goto(at("/sign-in"));
    await page.getByLabel("Email").fill(operator.email);
    await page.getByLabel("Password", { exact: true }).fill(operator.password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText(`It waits for ${boss.name}.`).waitFor();
    let approved = await decide("Approve", "outside the office");
    await page.getByRole("heading", { name: "Home" }).waitFor({ timeout: seenWithinMs });
    figures["approved to signed in"] = performance.now() - approved;

    await write({ kind: "connection", name: "production", ...there() });
    await page.goto(at("/reach"));
    await page
      .getByRole("button", { name: /^Connect/ })
      .first()
      .click();
    await page.getByText(`Waits for ${boss.name}`).waitFor();
    approved = await decide("Approve", "production");
    await page.getByText("Live", { exact: true }).waitFor({ timeout: seenWithinMs });
    figures["approved to terminal open"] = performance.now() - approved;

    await write({ kind: "command", name: "deleting", patterns: [{ kind: "words", text: "rm -r" }], ...there() });
    const victim = path.join(folder.path, "victim");
    mkdirSync(victim);
    await screenShows(page, /[$#] *$/m);
    await typeLine(page, `rm -r ${victim}`);
    const bar = page.getByRole("status").filter({ hasText: "This line waits for" });
    await bar.getByText(`rm -r ${victim}`).waitFor();
    await page.keyboard.type("x"); // goes nowhere
    expect(existsSync(victim)).toBe(true);
    approved = await decide("Approve", `rm -r ${victim}`);
    await until("it is gone", () => !existsSync(victim), { deadlineMs: seenWithinMs });
    figures["approved to line run"] = performance.now() - approved;
    await bar.waitFor({ state: "detached" });

    mkdirSync(victim);
    await typeLine(page, `rm -r ${victim}`);
    await bar.waitFor();
    await decide("Reject", `rm -r ${victim}`);
    await page.getByText("This line was not let through").waitFor();
    await page.locator(".xterm:visible").first().click();
    await page.keyboard.press("Control+u");
    await page.getByText("This line was not let through").waitFor({ state: "detached" });
    expect(existsSync(victim)).toBe(true);
    process.stdout.write(
      `${Object.entries(figures)
        .map(([what, ms]) => `${what} ${Math.round(ms)} ms`)
        .join(", ")}\n`,
    );
  });

  test("all of it is on record, in its order, and nobody has changed it", async () => {
    const { items } = await json<{ items: { kind: string }[] }>("GET", "/audit-events?limit=200");
    const kinds = items.map(({ kind }) => kind).reverse();
    const story = [
      "ticket.submitted",
      "ticket.approved",
      "person.signed-in",
      "ticket.submitted",
      "ticket.approved",
      "session.opened",
    ];
    let from = 0;
    for (const kind of [...story, "ticket.submitted", "ticket.approved", "ticket.submitted", "ticket.decided"]) {
      const found = kinds.indexOf(kind, from);
      expect(found, `${kind} after ${kinds.slice(0, from).join(", ")}`).toBeGreaterThanOrEqual(0);
      from = found + 1;
    }
    await parts.hub().signal("SIGTERM");
    expect(sallyportCommand(parts.dataDir, "audit", "verify")).toMatch(/ok|open/);
  });
});
