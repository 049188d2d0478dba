// A new run: which machines, which script, with what; then off.
"use client";
import { Alert, Button, NativeSelect, TextInput } from "@mantine/core";
import { createRun } from "@sallyport/hub/automation/input";
import { IconPlayerPlay } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { errorSentence } from "../api/error-text.ts";
import { useTRPC } from "../api/trpc.ts";
import type { Interpreter, RunDetail } from "../api/types.ts";
import { AssetPicker } from "../assets/asset-picker.tsx";
import { Allowed } from "../frame/me.tsx";
import { InterpreterSelect } from "../scripts/interpreter-select.tsx";
import { ScriptEditor } from "../scripts/lazy-code.tsx";
import scripts from "../scripts/scripts.module.css";
import { useUrlState } from "../state/url-state.ts";
import { useUnsavedGuard } from "../state/use-unsaved-guard.ts";
import { Page } from "../ui/page.tsx";
import { Panel } from "../ui/panel.tsx";
import { type Line, LineList, newLine } from "./line-list.tsx";
import classes from "./run.module.css";

const timeLimits = { "300": "minutes5", "3600": "hour", "21600": "hours6", "86400": "day" } as const;
const limitNames = ["300", "3600", "21600", "86400"] as const;

export function NewRunPage() {
  return (
    <Allowed permission="run.start">
      <Prefilled />
    </Allowed>
  );
}

/** "Run again" starts from an earlier run, so that one must be here first. */
function Prefilled() {
  const trpc = useTRPC();
  const [url] = useUrlState();
  const again = url.get("again");
  const earlier = useQuery(trpc.runs.get.queryOptions({ id: again ?? "" }, { enabled: again !== null }));
  if (again !== null && earlier.isPending) return null;
  return <NewRun earlier={earlier.data} assetId={url.get("asset")} />;
}

function NewRun({ earlier, assetId }: { earlier: RunDetail | undefined; assetId: string | null }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const router = useRouter();
  const [assetIds, setAssetIds] = useState<readonly string[]>(
    earlier?.executions.map((execution) => execution.assetId) ?? (assetId === null ? [] : [assetId]),
  );
  const [script, setScript] = useState(earlier?.body ?? "");
  const [interpreter, setInterpreter] = useState<Interpreter>(earlier?.interpreter ?? "bash");
  const [args, setArgs] = useState<readonly Line[]>(() => (earlier?.args ?? []).map((value) => newLine("", value)));
  const [env, setEnv] = useState<readonly Line[]>(() =>
    Object.entries(earlier?.env ?? {}).map(([name, value]) => newLine(name, value)),
  );
  const [timeoutSeconds, setTimeoutSeconds] = useState(String(earlier?.timeoutSeconds ?? 3600));
  const [title, setTitle] = useState(earlier?.title ?? "");
  const [tried, setTried] = useState(false);

  const wanted = {
    assetIds: [...assetIds],
    script,
    interpreter,
    args: args.map(({ value }) => value),
    env: Object.fromEntries(env.filter(({ name, value }) => name !== "" || value !== "").map(({ name, value }) => [name, value])),
    timeoutSeconds: Number(timeoutSeconds),
    ...(title.trim() === "" ? {} : { title: title.trim() }),
  };
  const checked = createRun.safeParse(wanted);
  const wrong = (field: string) => tried && !checked.success && checked.error.issues.some(({ path }) => path[0] === field);

  const create = useMutation(
    trpc.runs.create.mutationOptions({ meta: { showsError: true }, onSuccess: ({ id }) => router.push(`/run?id=${id}`) }),
  );
  useUnsavedGuard(script !== (earlier?.body ?? "") && !create.isSuccess);

  const start = () => {
    setTried(true);
    if (checked.success) create.mutate(wanted);
  };

  return (
    <Page
      title={t("newRun.title")}
      purpose={t("newRun.purpose")}
      action={
        <Button leftSection={<IconPlayerPlay size={16} />} loading={create.isPending} onClick={start}>
          {assetIds.length === 0 ? t("newRun.startNone") : t("newRun.start", { count: assetIds.length })}
        </Button>
      }
    >
      {create.isError && (
        <Alert color="red" mb="md">
          {errorSentence(create.error)}
        </Alert>
      )}
      <div className={classes.form}>
        <div className={classes.formSide}>
          <Panel title={t("newRun.machines")}>
            <AssetPicker
              chosen={assetIds}
              onChange={setAssetIds}
              action="run"
              label={t("newRun.machines")}
              hint={t("newRun.machinesHint")}
              error={wrong("assetIds") ? t("newRun.noMachines") : undefined}
            />
          </Panel>
          <Panel title={t("newRun.script")} action={<InterpreterSelect value={interpreter} onChange={setInterpreter} />} flush>
            <div className={scripts.editor} data-write>
              <ScriptEditor value={script} interpreter={interpreter} label={t("newRun.editorLabel")} onChange={setScript} />
            </div>
            {wrong("script") && (
              <p className={classes.logNote} role="alert">
                {script === "" ? t("newRun.noScript") : t("newRun.tooLong")}
              </p>
            )}
          </Panel>
        </div>
        <div className={classes.formSide}>
          <Panel>
            <TextInput
              label={t("newRun.titleField")}
              description={t("newRun.titleHint")}
              value={title}
              maxLength={200}
              onChange={(event) => setTitle(event.currentTarget.value)}
              mb="md"
            />
            <NativeSelect
              label={t("newRun.timeLimit")}
              value={timeoutSeconds}
              data={limitNames.map((value) => ({ value, label: t(`newRun.${timeLimits[value]}`) }))}
              onChange={(event) => setTimeoutSeconds(event.currentTarget.value)}
            />
          </Panel>
          <Panel title={t("newRun.arguments")}>
            <LineList
              lines={args}
              onChange={setArgs}
              add={t("newRun.addArgument")}
              valueLabel={(n) => t("newRun.argument", { n })}
            />
          </Panel>
          <Panel title={t("newRun.environment")}>
            <LineList
              lines={env}
              onChange={setEnv}
              add={t("newRun.addVariable")}
              nameLabel={(n) => t("newRun.variable", { n })}
              valueLabel={(n) => t("newRun.value", { n })}
              hint={wrong("env") ? t("newRun.badVariable") : t("newRun.environmentHint")}
            />
          </Panel>
        </div>
      </div>
    </Page>
  );
}
