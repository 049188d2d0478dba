// A new run: which machines, which script, with what; then off.
"use client";
import { Alert, Button, SegmentedControl, Stack, TextInput } from "@mantine/core";
import { filesRun, keptRun, writtenRun } from "@sallyport/hub/automation/input";
import { IconPlayerPlay } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { errorSentence } from "../api/error-text.ts";
import { hubErrorOf } from "../api/hub-error.ts";
import { useTRPC } from "../api/trpc.ts";
import type { Interpreter, RunDetail } from "../api/types.ts";
import { AssetPicker } from "../assets/asset-picker.tsx";
import { Allowed } from "../frame/me.tsx";
import { InterpreterSelect } from "../scripts/interpreter-select.tsx";
import { type Kept, KeptScript } from "../scripts/kept-script.tsx";
import { ScriptEditor } from "../scripts/lazy-code.tsx";
import scripts from "../scripts/scripts.module.css";
import { oneOf, useUrlState } from "../state/url-state.ts";
import { useUnsavedGuard } from "../state/use-unsaved-guard.ts";
import { AskButton, canBeAskedFor } from "../tickets/ask-button.tsx";
import { Page } from "../ui/page.tsx";
import { Failed } from "../ui/page-states.tsx";
import { Panel } from "../ui/panel.tsx";
import { defaultLimits, type LimitsDraft, limitsDraftOf, limitsOf } from "./limits-draft.ts";
import { type Line, LineList, newLine } from "./line-list.tsx";
import classes from "./run.module.css";
import { artefactsIn, RunArtefacts } from "./run-artefacts.tsx";
import { RunFiles } from "./run-files.tsx";
import { type FileDraft, filesDraftOf, filesOf, newFile } from "./run-files-draft.ts";
import { RunLimits, rollingIsRight } from "./run-limits.tsx";

export function NewRunPage() {
  return (
    <Allowed permission="run.start">
      <Prefilled />
    </Allowed>
  );
}

/** "Run again" starts from an earlier run, or from those of it that did as one did; so that one must be here first. */
function Prefilled() {
  const trpc = useTRPC();
  const [url] = useUrlState();
  const again = url.get("again");
  const sameAs = url.get("sameAs");
  const enabled = again !== null;
  const earlier = useQuery(trpc.runs.get.queryOptions({ id: again ?? "", executions: false }, { enabled }));
  const which = sameAs === null ? { which: "all" as const } : { which: "alike" as const, sameAs };
  const targets = useQuery(
    trpc.runs.targets.queryOptions(
      { id: again ?? "", ...which, ignoreNumbers: url.get("numbers") === "ignored" },
      { enabled, staleTime: Number.POSITIVE_INFINITY },
    ),
  );
  const failed = [earlier, targets].find(({ isError }) => isError);
  if (failed !== undefined) return <Failed error={failed.error} onRetry={() => void failed.refetch()} />;
  if (again !== null && (earlier.isPending || targets.isPending)) return null;
  const asset = url.get("asset");
  const scriptId = url.get("script");
  return (
    <NewRun
      key={`${again} ${asset} ${scriptId}`}
      earlier={earlier.data}
      startAssetIds={targets.data?.assetIds ?? (asset === null ? [] : [asset])}
      scriptId={scriptId}
    />
  );
}

const kinds = ["kept", "written", "files"] as const;
type Kind = (typeof kinds)[number];

/** What ran before had a kept script, its own text, or nothing but files. */
function kindOf(earlier: RunDetail | undefined, scriptId: string | null): Kind {
  if (earlier === undefined) return scriptId === null ? "written" : "kept";
  if (earlier.script !== null) return "kept";
  return earlier.interpreter === "" ? "files" : "written";
}

interface NewRunProps {
  earlier: RunDetail | undefined;
  startAssetIds: readonly string[];
  scriptId: string | null;
}

interface Written {
  script: string;
  interpreter: Interpreter;
  args: readonly Line[];
  env: readonly Line[];
}

function NewRun({ earlier, startAssetIds, scriptId }: NewRunProps) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const router = useRouter();
  const [assetIds, setAssetIds] = useState(startAssetIds);
  const [kind, setKind] = useState<Kind>(() => kindOf(earlier, scriptId));
  const isKept = kind === "kept";
  const [files, setFiles] = useState<readonly FileDraft[]>(() =>
    filesDraftOf(earlier?.files.filter(({ variable }) => variable === undefined) ?? []),
  );
  const [artefacts, setArtefacts] = useState(() => (earlier?.artefacts ?? []).join("\n"));
  const [kept, setKept] = useState<Kept>({
    scriptId: earlier?.script?.id ?? scriptId,
    version: earlier?.script?.version ?? null,
    parameters: earlier?.parameters ?? {},
  });
  const [written, setWritten] = useState<Written>(() => ({
    script: earlier?.body ?? "",
    interpreter: earlier?.interpreter || "bash",
    args: (earlier?.args ?? []).map((value) => newLine("", value)),
    env: Object.entries(earlier?.env ?? {}).map(([name, value]) => newLine(name, value)),
  }));
  const [limits, setLimits] = useState<LimitsDraft>(() => (earlier === undefined ? defaultLimits : limitsDraftOf(earlier)));
  const [title, setTitle] = useState(earlier?.title ?? "");
  const [tried, setTried] = useState(false);

  const { rolling, ...others } = limitsOf(limits);
  const common = {
    assetIds: [...assetIds],
    ...others,
    files: filesOf(files),
    ...(rolling === null ? {} : { rolling }),
    ...(title.trim() === "" ? {} : { title: title.trim() }),
  };
  const checked = (() => {
    switch (kind) {
      case "kept":
        return keptRun.safeParse({
          ...common,
          scriptId: kept.scriptId ?? undefined,
          ...(kept.version === null ? {} : { version: kept.version }),
          parameters: kept.parameters,
          artefacts: artefactsIn(artefacts),
        });
      case "written":
        return writtenRun.safeParse({
          ...common,
          script: written.script,
          interpreter: written.interpreter,
          args: written.args.map(({ value }) => value),
          env: Object.fromEntries(
            written.env.filter(({ name, value }) => name !== "" || value !== "").map(({ name, value }) => [name, value]),
          ),
          artefacts: artefactsIn(artefacts),
        });
      case "files":
        return filesRun.safeParse(common);
    }
  })();
  const wrong = (field: string) => tried && !checked.success && checked.error.issues.some(({ path }) => path[0] === field);

  const create = useMutation(
    trpc.runs.create.mutationOptions({ meta: { showsError: true }, onSuccess: ({ id }) => router.push(`/run?id=${id}`) }),
  );
  useUnsavedGuard(kind === "written" && written.script !== (earlier?.body ?? "") && !create.isSuccess);

  const start = () => {
    setTried(true);
    if (checked.success && rollingIsRight(limits)) create.mutate(checked.data);
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
          {canBeAskedFor(hubErrorOf(create.error).code) && (
            <AskButton
              size="compact-sm"
              ml="md"
              wish={{
                assets: assetIds.slice(0, 50),
                ...(isKept && kept.scriptId !== null
                  ? { script: kept.scriptId, version: kept.version ?? undefined }
                  : { actions: ["run"] }),
              }}
            />
          )}
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
          <SegmentedControl
            style={{ alignSelf: "flex-start" }}
            aria-label={t("newRun.script")}
            value={kind}
            onChange={(value) => {
              const chosen = oneOf(value, kinds) ?? "written";
              setKind(chosen);
              if (chosen === "files" && files.length === 0) setFiles([newFile()]);
            }}
            data={kinds.map((value) => ({ value, label: t(`newRun.${value}`) }))}
          />
          {isKept && (
            <KeptScript
              kept={kept}
              onChange={setKept}
              failure={create.error}
              error={wrong("scriptId") ? t("newRun.noKept") : undefined}
            />
          )}
          {kind === "written" && (
            <WrittenScript
              written={written}
              onChange={setWritten}
              error={wrong("script") ? t(written.script === "" ? "newRun.noScript" : "newRun.tooLong") : undefined}
            />
          )}
          <Panel title={t("runFiles.title")}>
            <RunFiles files={files} onChange={setFiles} tried={tried} />
            {kind === "files" && files.length === 0 && wrong("files") && (
              <p className={classes.logNote} role="alert">
                {t("runFiles.none")}
              </p>
            )}
          </Panel>
          {kind !== "files" && (
            <Panel title={t("artefacts.toCollect")}>
              <RunArtefacts text={artefacts} onChange={setArtefacts} tried={tried} />
            </Panel>
          )}
        </div>
        <div className={classes.formSide}>
          {kind === "written" && (
            <>
              <Panel title={t("newRun.arguments")}>
                <LineList
                  lines={written.args}
                  onChange={(args) => setWritten({ ...written, args })}
                  add={t("newRun.addArgument")}
                  valueLabel={(n) => t("newRun.argument", { n })}
                />
              </Panel>
              <Panel title={t("newRun.environment")}>
                <LineList
                  lines={written.env}
                  onChange={(env) => setWritten({ ...written, env })}
                  add={t("newRun.addVariable")}
                  nameLabel={(n) => t("newRun.variable", { n })}
                  valueLabel={(n) => t("newRun.value", { n })}
                  hint={wrong("env") ? t("newRun.badVariable") : t("newRun.environmentHint")}
                />
              </Panel>
            </>
          )}
          <Panel title={t("limits.title")}>
            <Stack gap="md">
              <TextInput
                label={t("newRun.titleField")}
                description={t("newRun.titleHint")}
                value={title}
                maxLength={200}
                onChange={(event) => setTitle(event.currentTarget.value)}
              />
              <RunLimits draft={limits} onChange={setLimits} />
            </Stack>
          </Panel>
        </div>
      </div>
    </Page>
  );
}

interface WrittenScriptProps {
  written: Written;
  onChange: (written: Written) => void;
  error: string | undefined;
}

function WrittenScript({ written, onChange, error }: WrittenScriptProps) {
  const { t } = useTranslation();
  const { script, interpreter } = written;
  return (
    <Panel
      title={t("newRun.script")}
      action={<InterpreterSelect value={interpreter} onChange={(program) => onChange({ ...written, interpreter: program })} />}
      flush
    >
      <div className={scripts.editor} data-write>
        <ScriptEditor
          value={script}
          interpreter={interpreter}
          label={t("newRun.editorLabel")}
          onChange={(text) => onChange({ ...written, script: text })}
        />
      </div>
      {error !== undefined && (
        <p className={classes.logNote} role="alert">
          {error}
        </p>
      )}
    </Panel>
  );
}
