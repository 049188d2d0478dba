// Scripts as the console and the API see them.
import type { Actor } from "../identity/actor.ts";
import type { ScriptVersionRow } from "./schema.ts";
import { mayChange, type ScriptWithVersion } from "./scripts.ts";

export const presentScript = ({ script, version, owner }: ScriptWithVersion, actor: Actor) => ({
  id: script.id,
  name: script.name,
  description: script.description,
  visibility: script.visibility,
  interpreter: version.interpreter,
  latest: script.latest,
  owner: { id: script.ownerId, name: owner },
  archived: script.archivedAt !== null,
  createdAt: script.createdAt.toISOString(),
  updatedAt: script.updatedAt.toISOString(),
  mayChange: mayChange(actor, script),
});

export const presentVersion = (version: ScriptVersionRow) => ({
  number: version.number,
  interpreter: version.interpreter,
  body: version.body,
  hash: version.hash,
  parameters: version.parameters,
  note: version.note,
  createdAt: version.createdAt.toISOString(),
});
