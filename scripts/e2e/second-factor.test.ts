// Second factors as people use them: a passkey in chromium's own authenticator, an authenticator app, and being asked again.
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { codeOf } from "../src/system/authenticator.ts";
import { type OpenBrowser, openBrowser } from "../src/system/browser.ts";
import { signIn } from "../src/system/console.ts";
import { adminEnvironment, firstAdmin, type LaunchedHub, launchHub } from "../src/system/launched-hub.ts";
import { type TempFolder, tempFolder } from "../src/system/temp-folder.ts";
import { describeWith } from "./needs.ts";

describeWith(["chromium"], "a second factor in the browser", () => {
  let folder: TempFolder;
  let hub: LaunchedHub;
  let browser: OpenBrowser;
  let page: Page;

  beforeAll(async () => {
    folder = tempFolder("factor");
    hub = await launchHub({ dataDir: folder.path, env: adminEnvironment });
    browser = await openBrowser({ bypassCSP: false });
    page = await browser.page();
    const devTools = await browser.context.newCDPSession(page);
    await devTools.send("WebAuthn.enable");
    await devTools.send("WebAuthn.addVirtualAuthenticator", {
      options: {
        protocol: "ctap2",
        transport: "internal",
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
  });
  afterAll(async () => {
    await browser?.[Symbol.asyncDispose]();
    await hub?.stop();
    folder[Symbol.dispose]();
  });

  const home = () => page.getByRole("heading", { name: "Home" }).waitFor();
  const mutate = async (name: string, input: object) => {
    const status = await page.evaluate(
      async ([path, body]) => {
        const headers = { "content-type": "application/json" };
        return (await fetch(`/trpc/${path}`, { method: "POST", headers, body })).status;
      },
      [name, JSON.stringify(input)] as const,
    );
    expect(status, name).toBe(200);
  };
  const signOut = async () => {
    await mutate("auth.signOut", {});
    await page.goto(`${hub.url}/sign-in`);
  };

  test("a passkey is added, named, and signs in without password and code; a removed one does not", async () => {
    await signIn(page, hub.url);
    await page.goto(`${hub.url}/settings`);
    await page.getByLabel("Name of the passkey").fill("This laptop");
    await page.getByRole("button", { name: "Add a passkey" }).click();
    await page.getByText("This laptop").waitFor();
    await signOut();
    await page.getByRole("button", { name: "Use a passkey" }).click();
    await home();
    const policy = { mfaRoles: ["admin"], passwordLengthMin: 10, passwordHistory: 0, passwordDaysMax: null, idleDaysMax: null };
    await mutate("signInPolicy.set", policy);
    await signOut();
    await page.getByLabel("Email").fill(firstAdmin.email);
    await page.getByLabel("Password", { exact: true }).fill(firstAdmin.password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("Show the passkey").waitFor(); // a required second factor: the one there is, and no app to be set up
    await page.getByRole("button", { name: "Use a passkey" }).click();
    await home();
    await mutate("signInPolicy.set", { ...policy, mfaRoles: [] });
    await page.goto(`${hub.url}/settings`);
    await page.getByRole("button", { name: "Remove This laptop" }).click();
    await page.getByRole("button", { name: "Remove", exact: true }).click();
    await page.getByText("Passkey removed").waitFor();
    await signOut();
    await page.getByRole("button", { name: "Use a passkey" }).click();
    await page.getByText("This passkey was not accepted").waitFor();
  }, 90_000);

  test("an authenticator app is set up from its picture, and its code lets in", async () => {
    await signIn(page, hub.url);
    await page.goto(`${hub.url}/settings`);
    await page.getByRole("button", { name: "Set up an authenticator app" }).click();
    await page.getByRole("img", { name: "Picture of the secret" }).waitFor();
    const secret = await page.getByLabel("Or type this into the app").inputValue();
    await page.getByLabel("Code the app shows now").fill(codeOf(secret));
    await page.getByRole("button", { name: "Confirm", exact: true }).click();
    const recoveryCode = (
      await page
        .getByRole("listitem")
        .filter({ hasText: /^[0-9a-z]{4}(-[0-9a-z]{4}){3}$/ })
        .first()
        .innerText()
    ).trim();
    await page.getByRole("button", { name: "I have kept them" }).click();
    await page.getByText("An authenticator app is set up.").waitFor();
    await signOut();
    await page.getByLabel("Email").fill(firstAdmin.email);
    await page.getByLabel("Password", { exact: true }).fill(firstAdmin.password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByLabel("Code").fill(recoveryCode);
    await page.getByRole("button", { name: "Sign in" }).click();
    await home();
  }, 90_000);

  test("nothing of it broke a rule of the page", () => {
    const expected = /passkeys\.signIn|status of 401/; // the removed passkey, refused as it must be
    expect(browser.faults.filter((fault) => !expected.test(fault))).toEqual([]);
  });
});
