// The rows of a measurement: what we measured, beside what, and whether the goal is met. A measurement never fails a build.

export type Row = {
  name: string;
  unit: string;
  value: number;
  /** What it is compared with in the same run; null when it stands alone. */
  peer: string | null;
  peerValue: number | null;
  /** value / peerValue. */
  ratio: number | null;
  /** In words; null when nothing is demanded yet. */
  goal: string | null;
  met: boolean | null;
};

export type Goal = { most: number } | { least: number };
type Measured = { name: string; unit: string; value: number };

/** A row with a demand on the value itself, or none. */
export function standing({ name, unit, value }: Measured, goal: Goal | null = null): Row {
  return {
    name,
    unit,
    value: rounded(value),
    peer: null,
    peerValue: null,
    ratio: null,
    goal: goal && inWords(goal, ` ${unit}`),
    met: goal && meets(goal, value),
  };
}

/** A row with a demand on the ratio to a peer, or none. */
export function beside({ name, unit, value }: Measured, peer: string, peerValue: number, goal: Goal | null = null): Row {
  const ratio = value / peerValue;
  return {
    name,
    unit,
    value: rounded(value),
    peer,
    peerValue: rounded(peerValue),
    ratio: Number(ratio.toFixed(2)),
    goal: goal && inWords(goal, "×"),
    met: goal && meets(goal, ratio),
  };
}

const meets = (goal: Goal, value: number) => ("most" in goal ? value <= goal.most : value >= goal.least);
const inWords = (goal: Goal, unit: string) => ("most" in goal ? `≤ ${goal.most}${unit}` : `≥ ${goal.least}${unit}`);
const rounded = (value: number) => (value >= 100 ? Math.round(value) : Number(value.toFixed(2)));

export function printRows(rows: Row[]): void {
  const header = ["what", "value", "unit", "beside", "its value", "ratio", "goal", ""];
  const lines = rows.map((row) => [
    row.name,
    String(row.value),
    row.unit,
    row.peer ?? "",
    row.peerValue === null ? "" : String(row.peerValue),
    row.ratio === null ? "" : `${row.ratio}×`,
    row.goal ?? "",
    row.met === null ? "" : row.met ? "met" : "MISSED",
  ]);
  const widths = header.map((title, column) => Math.max(title.length, ...lines.map((line) => line[column]?.length ?? 0)));
  for (const line of [header, ...lines])
    console.log(
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    );
}
