// The one door for text that came from an agent, a target host or another person: what it returns draws as it reads.

/** C0 and C1 controls, line and paragraph separators, and the marks that reorder or hide neighbouring letters (Unicode TR 36 §2). */
const deceptive =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: controls are what this looks for
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|\udb40[\udc00-\udc7f]/g;

/** Replaces each deceptive character by a visible U+FFFD, and cuts at `lengthMax` UTF-16 units with an ellipsis. */
export function displayText(text: string, lengthMax = 1024): string {
  const visible = text.replace(deceptive, "\ufffd");
  return visible.length > lengthMax ? `${visible.slice(0, lengthMax - 1)}…` : visible;
}

/** Of what people write in several lines: those stay, and each is as {@link displayText} gives it. */
export function displayLines(text: string, lengthMax = 2_000): string {
  const lines = text.slice(0, lengthMax + 1).split("\n");
  const shown = lines.map((line) => displayText(line, lengthMax)).join("\n");
  return shown.length > lengthMax ? `${shown.slice(0, lengthMax - 1)}…` : shown;
}
