// An administrator writes rules in the console: with ready patterns, tried on a line, put into order by the keyboard, and never so that they shut themselves out.
import { afterAll, beforeAll, expect, test } from "vitest";
import { type OpenBrowser, openBrowser } from "../src/system/browser.ts";
import { enter } from "../src/system/console.ts";
import { adminEnvironment, firstAdmin, type LaunchedHub, launchHub, sallyportCommand } from "../src/system/launched-hub.ts";
import { RestClient } from "../src/system/rest-client.ts";
import { type TempFolder, tempFolder } from "../src/system/temp-folder.ts";
import { until } from "../src/system/until.ts";
import { describeWith } from "./needs.ts";

type Listed = { items: { name: string; kind: string; active: boolean; patterns: unknown[]; outcome: string; level: unknown }[] };

describeWith(["chromium"], "the page of rules", () => {
  let folder: TempFolder;
  let hub: LaunchedHub;
  let rest: RestClient;
  let browser: OpenBrowser;

  beforeAll(async () => {
    folder = tempFolder("rules-page");
    hub = await launchHub({ dataDir: folder.path, env: adminEnvironment });
    const answer = sallyportCommand(folder.path, "access-key", "create", "--email", firstAdmin.email, "--name", "e2e");
    rest = new RestClient(hub.url, answer.trim().split("\n").at(-1) ?? "");
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser?.[Symbol.asyncDispose]();
    await hub?.stop();
    folder[Symbol.dispose]();
  });

  const listed = async (): Promise<Listed["items"]> => (await rest.json<Listed>("GET", "/rules")).items;
  const opened = async (path: string) => {
    const page = await browser.page();
    await page.goto(`${hub.url}/sign-in`);
    await enter(page);
    await page.goto(`${hub.url}${path}`);
    return page;
  };

  test("a rule of commands is written with ready patterns, all of which the hub takes, and tried on a line", async () => {
    const page = await opened("/rules");
    await page.getByRole("heading", { name: "Rules", exact: true }).waitFor();
    await page.getByText("No rules of commands").waitFor();
    await page.getByRole("button", { name: "New rule of commands" }).last().click();
    const form = page.getByRole("dialog", { name: "New rule of commands" });
    await form.getByRole("button", { name: "Save" }).click();
    expect(await form.getByText("This is needed.").count()).toBe(3);
    await form.getByLabel("Name").fill("Destroys data");
    await form.getByLabel("On what").click();
    await page.getByRole("option", { name: "all assets" }).click();
    for (const set of ["destroys files", "stops the machine", "accounts, rights", "SQL"]) {
      await form.getByRole("button", { name: "Insert ready ones" }).click();
      await page.getByRole("menuitem", { name: set }).click();
    }
    await form.getByLabel("Try a line").fill("sudo rm build --recursive");
    await form.getByText("Matches “(^|[^").waitFor();
    await form.getByLabel("Try a line").fill("ls -l");
    await form.getByText("Matches none of them").waitFor();
    const expressions = form.getByLabel("Regular expressions");
    const good = await expressions.inputValue();
    await expressions.fill(`${good}\n(?!never)`);
    await form.getByRole("button", { name: "Save" }).click();
    await form.getByText("“(?!never)” is no regular expression of RE2").waitFor();
    await expressions.fill(good);
    await form.getByText("Review", { exact: true }).click();
    await form.getByLabel("The requester's manager").check();
    await form.getByLabel("Decided within").fill("30");
    await form.getByRole("button", { name: "Save" }).click();
    await page.getByText(/^Lines with one of \d+ patterns, typed by anybody on all assets, wait for the approval of/).waitFor();
    expect(await listed()).toMatchObject([{ name: "Destroys data", outcome: "review", level: { minutes: 30 } }]);
    await page.close();
  });

  test("rules are put into order by the arrow keys, which stay on the rule that moves; switched off and removed", async () => {
    const rule = { kind: "command", targets: [{ kind: "all", id: "" }], outcome: "refuse" };
    for (const name of ["Second", "Third"])
      await rest.json("POST", "/rules", { rule: { ...rule, name, patterns: [{ kind: "words", text: name }] } });
    const page = await opened("/rules");
    await page.getByRole("button", { name: "Third: place 3 of 3" }).focus();
    await page.keyboard.press("ArrowUp");
    await page.getByText("Third is at place 2 of 3").waitFor({ state: "attached" });
    await page.keyboard.press("ArrowUp");
    await page.getByText("Third is at place 1 of 3").waitFor({ state: "attached" });
    await page.getByRole("button", { name: "Move Second up" }).click();
    await page.getByText("Second is at place 2 of 3").waitFor({ state: "attached" });
    expect((await listed()).map(({ name }) => name)).toEqual(["Third", "Second", "Destroys data"]);
    // What is drawn of it lies over it.
    await page.getByRole("switch", { name: "Second is in force" }).click({ force: true });
    await page.getByText("switched off").waitFor();
    expect((await listed()).find(({ name }) => name === "Second")?.active).toBe(false);
    await page.getByRole("button", { name: "Remove Third" }).click();
    await page.getByRole("button", { name: "Delete" }).click();
    await page.getByText("Third removed").waitFor();
    expect((await listed()).map(({ name }) => name)).toEqual(["Second", "Destroys data"]);
    await page.close();
  });

  test("the rules are tried on a person, an asset and a line, and say which decides and why the others do not", async () => {
    const [asset] = await rest.assets();
    const page = await opened("/rules");
    await page.getByRole("button", { name: "Try the rules" }).click();
    const form = page.getByRole("dialog", { name: "What would become of a line?" });
    await page.getByRole("option", { name: new RegExp(firstAdmin.email) }).click();
    await form.getByLabel("On what").click();
    await page.getByRole("option", { name: asset?.name ?? "" }).click();
    await form.getByLabel("The line").fill("sudo rm build --recursive");
    await form.getByText("Found in the line:").waitFor();
    expect(await form.getByRole("list", { name: "In the order in which they are asked" }).innerText()).toMatch(
      /Second\s+is switched off\s+Destroys data\s+decides/,
    );
    await form.getByLabel("The line").fill("ls -l");
    await form.getByText("No rule decides: the line runs at once.").waitFor();
    await form.getByText("finds nothing in the line").waitFor();
    await form.getByLabel("From the address").fill("nowhere");
    await form.getByText("This is not valid.").waitFor();
    await page.close();
  });

  test("a rule that somebody else has changed meanwhile is not written over, and the form begins from what it says now", async () => {
    const rule = { kind: "command", name: "Together", targets: [{ kind: "all", id: "" }], outcome: "refuse" };
    const patterns = [{ kind: "words", text: "mkdir" }];
    const { id } = await rest.json<{ id: string }>("POST", "/rules", { rule: { ...rule, patterns } });
    const page = await opened("/rules");
    await page.getByRole("button", { name: "Change Together" }).click();
    const form = page.getByRole("dialog");
    const told = form.getByLabel("What the person is told");
    await told.fill("mine");
    await rest.json("POST", `/rules/${id}`, { rule: { ...rule, patterns, says: "theirs" } });
    await form.getByRole("button", { name: "Save" }).click();
    await form.getByText("Somebody has changed this rule since you opened it").waitFor();
    await form.getByRole("button", { name: "Show what it says now" }).click();
    await until("the form says what the rule says now", async () => (await told.inputValue()) === "theirs");
    await told.fill("ours");
    await form.getByRole("button", { name: "Save" }).click();
    await form.waitFor({ state: "detached" });
    expect(await listed()).toContainEqual(expect.objectContaining({ name: "Together", says: "ours" }));
    await page.close();
  });

  test("a rule that would shut out whoever writes it is refused, and the form says what to do first", async () => {
    const page = await opened("/rules?kind=sign-in&add=rule");
    const form = page.getByRole("dialog");
    await form.getByLabel("Name").fill("Nobody");
    await form.getByRole("button", { name: "Save" }).click();
    await form.getByText("“Nobody” would be the first rule that covers you").waitFor();
    expect((await listed()).filter(({ kind }) => kind === "sign-in")).toEqual([]);
    await page.close();
  });
});
