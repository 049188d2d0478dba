// What a fault is: something breaks on purpose, and a witness outside of the product says what came of it.
export type Form = "short" | "long";

/** One number and the bound it must keep; without a bound it is told for information. */
export type Figure = { what: string; value: number; unit: string; atMost?: number; atLeast?: number };

export type Outcome = { rounds: number; figures: Figure[] };

export type Fault = {
  name: string;
  /** What breaks, for the table. */
  sentence: string;
  /** Programs, `root` or `chromium`; see needs.ts. */
  needs: string[];
  /** It takes the machine's processors for itself: nothing is measured beside it. */
  busy?: true;
  /** Only `npm run faults` breaks it: that run has half an hour, `npm test` has smaller tests of what it shows. */
  slow?: true;
  run(form: Form): Promise<Outcome>;
};

/** The short forms run wherever `npm test` does, beside whatever else the machine does: there only a standstill is a failure. How fast it is the long forms say. */
const patience = new Map([
  ["ms", 10_000],
  ["s", 10],
]);

/** The figure with the bound of this form. */
export function inForm(form: Form, figure: Figure): Figure {
  const more = form === "short" ? patience.get(figure.unit) : undefined;
  return figure.atMost === undefined || more === undefined ? figure : { ...figure, atMost: figure.atMost + more };
}

export const kept = ({ value, atMost, atLeast }: Figure): boolean =>
  !Number.isNaN(value) && (atMost === undefined || value <= atMost) && (atLeast === undefined || value >= atLeast);

/** The figure as one reads it: `bytes lost 0 (at most 0)`. */
export function inWords({ what, value, unit, atMost, atLeast }: Figure): string {
  const bound = [
    ...(atMost === undefined ? [] : [`at most ${atMost}`]),
    ...(atLeast === undefined ? [] : [`at least ${atLeast}`]),
  ];
  const number = Number.isInteger(value) ? String(value) : value.toFixed(value < 10 ? 2 : 0);
  return `${what} ${number}${unit === "" ? "" : ` ${unit}`}${bound.length === 0 ? "" : ` (${bound.join(", ")})`}`;
}
