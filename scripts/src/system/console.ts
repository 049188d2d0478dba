// What a person does in the console, in the words that they read there (English).
import type { Page } from "playwright-core";
import { firstAdmin } from "./launched-hub.ts";

export async function signIn(page: Page, url: string, person: { email: string; password: string } = firstAdmin): Promise<void> {
  await page.goto(`${url}/sign-in`);
  await page.getByLabel("Email").fill(person.email);
  await page.getByLabel("Password", { exact: true }).fill(person.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Home" }).waitFor();
}

/** Signed in by the API from any of the console's pages, because the form's words depend on the language. */
export async function enter(page: Page, person: { email: string; password: string } = firstAdmin): Promise<void> {
  const status = await page.evaluate(async ({ email, password }) => {
    const body = JSON.stringify({ email, password });
    const answer = await fetch("/trpc/auth.signIn", { method: "POST", headers: { "content-type": "application/json" }, body });
    return answer.status;
  }, person);
  if (status !== 200) throw new Error(`sign-in answered ${status}`);
}

/** The set-up link's page: makes the first administrator and stays on the page with the next two steps. */
export async function setUp(page: Page, setupLink: string, person: typeof firstAdmin = firstAdmin): Promise<void> {
  await page.goto(setupLink);
  await page.getByLabel("Name").fill(person.name);
  await page.getByLabel("Email").fill(person.email);
  await page.getByLabel("Password", { exact: true }).fill(person.password);
  await page.getByRole("button", { name: "Create administrator" }).click();
  await page.getByRole("button", { name: "Open terminal" }).waitFor();
}

/** The letters on the visible terminal screen or player, row by row. */
export const screenText = (page: Page): Promise<string> => page.locator(".xterm-rows:visible").first().innerText();

/** Waits until the visible screen shows this. */
export async function screenShows(page: Page, text: string | RegExp, timeout = 45_000): Promise<void> {
  await page.waitForFunction(
    ([source, flags]) => {
      const rows = [...document.querySelectorAll<HTMLElement>(".xterm-rows")].filter((one) => one.offsetParent !== null);
      // Rows pad with no-break spaces.
      return rows.some((one) => new RegExp(source ?? "", flags).test(one.innerText.replaceAll("\u00a0", " ")));
    },
    text instanceof RegExp ? [text.source, text.flags] : [text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"), ""],
    { timeout, polling: 50 },
  );
}

/** Types into the visible terminal as a person does: key by key, then Enter. */
export async function typeLine(page: Page, line: string): Promise<void> {
  await page.locator(".xterm:visible").first().click();
  await page.keyboard.type(line);
  await page.keyboard.press("Enter");
}
