// A script that is kept and the text of one of its versions, as forms need them that choose one.
import { useQuery } from "@tanstack/react-query";
import { hubErrorOf } from "../api/hub-error.ts";
import { useTRPC } from "../api/trpc.ts";

/** @param scriptId null: none is chosen yet. @param version null: the newest. */
export function useScriptVersion(scriptId: string | null, version: number | null) {
  const trpc = useTRPC();
  const script = useQuery(trpc.scripts.get.queryOptions({ id: scriptId ?? "" }, { enabled: scriptId !== null }));
  const older = useQuery(
    trpc.scripts.version.queryOptions(
      { id: scriptId ?? "", number: version ?? 1 },
      { enabled: scriptId !== null && version !== null },
    ),
  );
  const failed = [script, older].find(({ isError }) => isError);
  const isMissing = failed !== undefined && hubErrorOf(failed.error).code === "not-found";
  return {
    script: script.data,
    text: version === null ? script.data?.version : older.data,
    /** It is not there, or not for this person: said where it is chosen. */
    missing: isMissing ? failed.error : null,
    /** Neither of them is undefined until it has come, or has failed. */
    failed: isMissing ? undefined : failed,
  };
}
