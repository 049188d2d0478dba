// A script that is kept, chosen for a run or a task: which one, which version, and what it asks for.
"use client";
import { Skeleton, Stack } from "@mantine/core";
import type { ParameterValues } from "@sallyport/hub/scripts/input";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { errorSentence } from "../api/error-text.ts";
import { hubErrorOf } from "../api/hub-error.ts";
import { useTRPC } from "../api/trpc.ts";
import { displayText } from "../ui/display-text.ts";
import { Panel } from "../ui/panel.tsx";
import { CodeView } from "./lazy-code.tsx";
import { ParameterFields } from "./parameter-fields.tsx";
import { ScriptSelect } from "./script-select.tsx";
import classes from "./scripts.module.css";
import { VersionSelect } from "./version-select.tsx";

export interface Kept {
  scriptId: string | null;
  /** Null for the newest. */
  version: number | null;
  parameters: ParameterValues;
}

interface KeptScriptProps {
  kept: Kept;
  onChange: (kept: Kept) => void;
  failure: unknown;
  error: string | undefined;
}

export function KeptScript({ kept, onChange, failure, error }: KeptScriptProps) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const { scriptId, version } = kept;
  const script = useQuery(trpc.scripts.get.queryOptions({ id: scriptId ?? "" }, { enabled: scriptId !== null }));
  const older = useQuery(
    trpc.scripts.version.queryOptions(
      { id: scriptId ?? "", number: version ?? 1 },
      { enabled: scriptId !== null && version !== null },
    ),
  );
  const text = version === null ? script.data?.version : older.data;
  const missing = script.isError && hubErrorOf(script.error).code === "not-found";
  return (
    <>
      <Panel title={t("scripts.script")}>
        <Stack gap="md">
          <ScriptSelect
            chosen={scriptId === null ? null : (script.data ?? { id: scriptId, name: scriptId })}
            onChange={(id) => onChange({ scriptId: id, version: null, parameters: {} })}
            error={missing ? errorSentence(script.error) : error}
          />
          {script.data !== undefined && (
            <VersionSelect script={script.data} value={version} onChange={(number) => onChange({ ...kept, version: number })} />
          )}
        </Stack>
      </Panel>
      {scriptId !== null && !missing && (
        <>
          <Panel title={t("parameters.title")}>
            {text === undefined ? (
              <Skeleton height={60} />
            ) : (
              <ParameterFields
                parameters={text.parameters}
                values={kept.parameters}
                onChange={(parameters) => onChange({ ...kept, parameters })}
                failure={failure}
              />
            )}
          </Panel>
          {text !== undefined && (
            <Panel title={`${t("scripts.text")} · ${displayText(text.interpreter)}`} flush>
              <div className={classes.editor}>
                <CodeView text={text.body} interpreter={text.interpreter} label={t("scripts.text")} />
              </div>
            </Panel>
          )}
        </>
      )}
    </>
  );
}
