// What axe-core calls serious or critical on a page as it stands, one line each.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export async function seriousFaults(page: Page, name: string): Promise<string[]> {
  // Through the debugger's own world, so that the page's CSP stays as strict as it is.
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(axeSource);
  const violations = await page.evaluate(async () => {
    const axe = (
      window as unknown as {
        axe: {
          run(
            options: object,
          ): Promise<{ violations: { id: string; impact: string; nodes: { target: string[]; failureSummary: string }[] }[] }>;
        };
      }
    ).axe;
    // What passes is not described, and style sheets are not fetched a second time.
    const { violations: all } = await axe.run({ resultTypes: ["violations"], preload: false });
    return all
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(({ id, nodes }) => ({
        id,
        where: nodes
          .slice(0, 3)
          .map(({ target, failureSummary }) => `${target.join(" ")} (${failureSummary.split("\n").at(-1)?.trim()})`),
      }));
  });
  return violations.map(({ id, where }) => `${name}: ${id} at ${where.join("; ")}`);
}
