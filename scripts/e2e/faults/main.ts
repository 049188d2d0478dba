// `npm run faults [-- names] [--short]`: breaks Sallyport in every way we know and prints what came of it, one row a fault.
import { lacking } from "../lacking.ts";
import { faults } from "./all.ts";
import { inForm, inWords, kept } from "./fault.ts";

const words = process.argv.slice(2);
const form = words.includes("--short") ? "short" : "long";
const names = words.filter((word) => !word.startsWith("--"));
const unknown = names.filter((name) => !faults.some((fault) => fault.name === name));
if (unknown.length > 0) {
  process.stderr.write(`There is no fault ${unknown.join(", ")}. Choose from ${faults.map(({ name }) => name).join(", ")}.\n`);
  process.exit(2);
}

process.stdout.write(
  `${new Date().toISOString().slice(0, 10)}, ${form} form\n\n| fault | rounds | figures | verdict |\n|---|---|---|---|\n`,
);
let failed = 0;
for (const fault of faults) {
  if (names.length > 0 && !names.includes(fault.name)) continue;
  const missing = lacking(...fault.needs);
  const row = (rounds: string, figures: string, verdict: string) =>
    process.stdout.write(`| ${fault.name}: ${fault.sentence} | ${rounds} | ${figures} | ${verdict} |\n`);
  if (missing.length > 0) {
    row("", "", `skipped, lacks ${missing.join(", ")}`);
    continue;
  }
  try {
    const { rounds, figures: measured } = await fault.run(form);
    const figures = measured.map((figure) => inForm(form, figure));
    const missed = figures.filter((figure) => !kept(figure));
    if (missed.length > 0) failed += 1;
    const verdict = missed.length === 0 ? "holds" : `MISSED: ${missed.map(({ what }) => what).join(", ")}`;
    row(String(rounds), figures.map(inWords).join("; "), verdict);
  } catch (error) {
    failed += 1;
    row("", error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error), "FAILED");
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  }
}
process.exit(failed === 0 ? 0 : 1); // sockets of a fault that failed half way must not keep it
