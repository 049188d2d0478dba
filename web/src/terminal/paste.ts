// What may leave the clipboard for a terminal. A page or a document can put more on the clipboard than it shows.

/** Larger pastes are files in disguise; a terminal would take minutes to swallow them. */
export const pasteBytesMax = 256 * 1024;

/**
 * Drops every control character but tab and line ends. ESC is what lets pasted text end bracketed paste early and run as
 * typed (GHSA-h62m-39wp-xq3w); C1 controls are its one-byte forms; the others are keys such as Ctrl-C and Ctrl-D.
 */
export function cleanPaste(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: controls are what this looks for
  return text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g, "");
}

/** True when pasting would press Enter on the person's behalf, so that they must see it first. */
export function asksBeforePasting(cleaned: string): boolean {
  return /[\r\n]/.test(cleaned);
}
