// A script that is kept, chosen for a run or a task: which one, which version, and what it asks for.
"use client";
import { Skeleton, Stack } from "@mantine/core";
import type { ParameterValues } from "@sallyport/hub/scripts/input";
import { useTranslation } from "react-i18next";
import { errorSentence } from "../api/error-text.ts";
import { displayText } from "../ui/display-text.ts";
import { Failed } from "../ui/page-states.tsx";
import { Panel } from "../ui/panel.tsx";
import { CodeView } from "./lazy-code.tsx";
import { ParameterFields } from "./parameter-fields.tsx";
import { ScriptSelect } from "./script-select.tsx";
import classes from "./scripts.module.css";
import { useScriptVersion } from "./use-script-version.ts";
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
  const { scriptId, version } = kept;
  const { script, text, missing, failed } = useScriptVersion(scriptId, version);
  return (
    <>
      <Panel title={t("scripts.script")}>
        <Stack gap="md">
          <ScriptSelect
            chosen={scriptId === null ? null : (script ?? { id: scriptId, name: scriptId })}
            onChange={(id) => onChange({ scriptId: id, version: null, parameters: {} })}
            error={missing === null ? error : errorSentence(missing)}
          />
          {script !== undefined && (
            <VersionSelect script={script} value={version} onChange={(number) => onChange({ ...kept, version: number })} />
          )}
        </Stack>
      </Panel>
      {scriptId !== null && missing === null && (
        <>
          <Panel title={t("parameters.title")}>
            {failed !== undefined ? (
              <Failed error={failed.error} onRetry={() => void failed.refetch()} />
            ) : text === undefined ? (
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
