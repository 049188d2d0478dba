// Kept files as the console and the API see them.
import type { Actor } from "../identity/actor.ts";
import { type KeptFile, mayRemove } from "./files.ts";

/** @param uses runs that have not ended and tasks that need it. */
export const presentFile = ({ file, owner }: KeptFile, uses: number, actor: Actor) => ({
  id: file.id,
  name: file.name,
  visibility: file.visibility,
  state: file.state,
  sizeBytes: file.sizeBytes,
  storedBytes: file.state === "ready" ? file.sizeBytes : file.storedBytes,
  sha256: file.sha256,
  owner: { id: file.ownerId, name: owner },
  createdAt: file.createdAt.toISOString(),
  uses,
  mayRemove: mayRemove(actor, file),
});
