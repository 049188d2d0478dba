// Text from outside, made safe to keep. Pure.

/** Cut to `most` UTF-16 units; what remains is text that PostgreSQL and JSON take, also beside others in one statement. */
export const shortText = (value: string | null | undefined, most: number): string =>
  (value ?? "").replaceAll("\0", "").slice(0, most).toWellFormed();
