// Collects what a script left behind on a neighbour into an archive here, file by file, over the conversation that brought its output.
import { artefactBytesMax } from "@sallyport/protocol/limits";
import { Archive } from "./archive.ts";
import type { Collected } from "./artefacts-record.ts";
import { oneLine } from "./remote-program.ts";
import type { RemoteTalk } from "./remote-talk.ts";

/** A folder of a million names takes a host a while to look through. */
const matchingMs = 5 * 60_000;
/** Longer than any path of Linux. */
const nameBytesMax = 8_192;

/**
 * After a cut it begins anew: nothing is there before it is whole.
 *
 * @param patterns absolute paths, `*` in the last part. @throws TalkCut
 */
export async function collectThere(
  talk: RemoteTalk,
  patterns: readonly string[],
  file: string,
  isStopped: () => boolean,
): Promise<Collected> {
  const archive = new Archive(file, { isStopped });
  try {
    for (const pattern of patterns) await collectPattern(talk, archive, pattern);
  } catch (error) {
    archive.giveUp();
    throw error;
  }
  return archive.finish();
}

async function collectPattern(talk: RemoteTalk, archive: Archive, pattern: string): Promise<void> {
  const name = Buffer.from(pattern);
  const [folder, last] = [pattern.slice(0, pattern.lastIndexOf("/")), pattern.slice(pattern.lastIndexOf("/") + 1)];
  const isMany = last.includes("*");
  await talk.say(`match ${isMany ? "many" : "one"}\n${oneLine(folder)}\n${oneLine(isMany ? quoted(last) : last)}\n`);
  const [kind, word] = await talk.answer(matchingMs);
  const count = numberOf(word);
  if (kind !== "matches" || count === null) throw talk.nonsense();
  for (let n = 0; n < count; n++) {
    if (n === archive.filesMax) return archive.leaveOut(name, "beyond-cap");
    if (archive.isStopped()) return archive.leaveOut(name, "stopped");
    await collectNext(talk, archive);
  }
  if (count === 0) archive.leaveOut(name, "not-there");
}

async function collectNext(talk: RemoteTalk, archive: Archive): Promise<void> {
  await talk.say("next\n");
  const [kind, bytes, ...words] = await talk.answer();
  const nameBytes = numberOf(bytes);
  if (nameBytes === null || nameBytes > nameBytesMax) throw talk.nonsense();
  const name = await talk.bytes(nameBytes);
  if (name[0] !== slash) throw talk.nonsense();
  const isNew = archive.isNew(name);
  if (kind === "left") {
    const why = leftOut.find((one) => one === words[0]);
    if (why === undefined) throw talk.nonsense();
    if (isNew) archive.leaveOut(name, why);
    return;
  }
  const [size, mode, mtime] = [numberOf(words[0]), numberOf(words[1], 8), numberOf(words[2])];
  if (kind !== "found" || size === null || mode === null || mtime === null) throw talk.nonsense();
  if (!isNew) return;
  const read = async (most: number): Promise<Buffer> => {
    await talk.say(`take ${most}\n`);
    const [answer, given] = await talk.answer();
    if (answer !== "piece" || numberOf(given) !== most) throw talk.nonsense();
    return talk.bytes(most);
  };
  await archive.add(name, { size, mode, mtimeMs: mtime * 1_000, read });
}

const slash = "/".charCodeAt(0);
const leftOut = ["not-there", "no-file", "unreadable"] as const;

/** Every character stands for itself in a shell's pattern, but for the stars. */
const quoted = (pattern: string): string => pattern.replaceAll(/[^*A-Za-z0-9\u0080-\u{10ffff}]/gu, "\\$&");

/** Null for what is no whole number. Of a size that goes beyond the cap it need only be told that it does. */
function numberOf(word: string | undefined, base: 8 | 10 = 10): number | null {
  if (word === undefined || !(base === 8 ? /^[0-7]{1,6}$/ : /^\d{1,20}$/).test(word)) return null;
  return Math.min(Number.parseInt(word, base), 2 ** 40 + artefactBytesMax);
}
