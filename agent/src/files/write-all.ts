import type { FileHandle } from "node:fs/promises";

/** Writes all of it at `at`: on a disk that is nearly full one call takes only a part. */
export async function writeAll(file: FileHandle, bytes: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) done += (await file.write(bytes, done, bytes.length - done, at + done)).bytesWritten;
}
