// One picture of a page as a PNG, small where an image library is at hand.
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";

type Sharp = (input: Buffer) => {
  png(options: { palette: boolean; quality: number; effort: number }): { toBuffer(): Promise<Buffer> };
};

/** @param colours fewer of them make the README's pictures a third of the size */
export async function savePicture(page: Page, file: string, { colours = false } = {}): Promise<void> {
  const png = await page.screenshot({ animations: "disabled", caret: "hide" });
  writeFileSync(file, colours ? await withPalette(png) : png);
}

/** Next brings sharp where it can; without it the picture stays as chromium made it. */
async function withPalette(png: Buffer): Promise<Buffer> {
  let sharp: Sharp;
  try {
    sharp = createRequire(import.meta.url)("sharp");
  } catch {
    return png;
  }
  return sharp(png).png({ palette: true, quality: 80, effort: 10 }).toBuffer();
}
