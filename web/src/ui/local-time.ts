// A moment as an input of the kind datetime-local has it.

/** Local time without a zone; empty for null. */
export function localTime(moment: string | null): string {
  if (moment === null) return "";
  const at = new Date(moment);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
