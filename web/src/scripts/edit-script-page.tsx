// Writing a script: a new one, or the next version of one that is kept.
"use client";
import { Alert, Button, Group, Radio, Stack, Textarea, TextInput } from "@mantine/core";
import { createScript, type Visibility, visibilities } from "@sallyport/hub/scripts/input";
import { IconDeviceFloppy } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { errorSentence } from "../api/error-text.ts";
import { hubErrorOf } from "../api/hub-error.ts";
import { useTRPC, useTRPCClient } from "../api/trpc.ts";
import type { ScriptDetail } from "../api/types.ts";
import { Allowed, useMe } from "../frame/me.tsx";
import { oneOf, useUrlState } from "../state/url-state.ts";
import { useUnsavedGuard } from "../state/use-unsaved-guard.ts";
import { displayText } from "../ui/display-text.ts";
import { forEdit, OpenForEdit } from "../ui/open-for-edit.tsx";
import { Page } from "../ui/page.tsx";
import { Panel } from "../ui/panel.tsx";
import { InterpreterSelect } from "./interpreter-select.tsx";
import { CodeView, ScriptEditor } from "./lazy-code.tsx";
import { draftOf, type ParameterDraft, parameterOf } from "./parameter-draft.ts";
import { ParameterEditor } from "./parameter-editor.tsx";
import classes from "./scripts.module.css";

export function EditScriptPage() {
  return (
    <Allowed permission="run.start">
      <FromAddress />
    </Allowed>
  );
}

function FromAddress() {
  const trpc = useTRPC();
  const [url] = useUrlState();
  const id = url.get("id");
  const script = useQuery(trpc.scripts.get.queryOptions({ id: id ?? "" }, { enabled: id !== null, ...forEdit }));
  return (
    <OpenForEdit id={id} query={script}>
      {(opened) => <EditScript script={opened} />}
    </OpenForEdit>
  );
}

interface Draft {
  name: string;
  description: string;
  visibility: Visibility;
  interpreter: string;
  body: string;
  parameters: readonly ParameterDraft[];
  note: string;
}

const emptyDraft: Draft = {
  name: "",
  description: "",
  visibility: "private",
  interpreter: "bash",
  body: "",
  parameters: [],
  note: "",
};

const draftFrom = (script: ScriptDetail): Draft => ({
  name: script.name,
  description: script.description,
  visibility: script.visibility,
  interpreter: script.version.interpreter,
  body: script.version.body,
  parameters: script.version.parameters.map(draftOf),
  note: "",
});

function EditScript({ script: opened }: { script: ScriptDetail | null }) {
  const { t } = useTranslation();
  const client = useTRPCClient();
  const router = useRouter();
  const me = useMe();
  // What the next version comes after: the one that was opened, or the one that its writer has seen since.
  const [base, setBase] = useState(opened);
  const [meanwhile, setMeanwhile] = useState<ScriptDetail | null>(null);
  const [draft, setDraft] = useState<Draft>(() => (opened === null ? emptyDraft : draftFrom(opened)));
  const [tried, setTried] = useState(false);
  const set = (part: Partial<Draft>) => setDraft((before) => ({ ...before, ...part }));
  const parsed = createScript.safeParse({ ...draft, parameters: draft.parameters.map(parameterOf) });

  const save = useMutation({
    meta: { showsError: true },
    mutationFn: async () => {
      if (!parsed.success) throw new Error("only what is right is sent");
      if (base === null) return (await client.scripts.create.mutate(parsed.data)).id;
      const { name, description, visibility, ...version } = parsed.data;
      const { id } = base;
      const before = base.version;
      const same =
        version.interpreter === before.interpreter &&
        version.body === before.body &&
        JSON.stringify(version.parameters) === JSON.stringify(before.parameters);
      // The version first: when somebody was faster, nothing of this has been kept.
      if (!same) await client.scripts.addVersion.mutate({ id, ...version, after: before.number });
      if (name !== base.name || description !== base.description || visibility !== base.visibility)
        await client.scripts.change.mutate({ id, name, description, visibility });
      return id;
    },
    onSuccess: (id) => router.push(`/script?id=${id}`),
    onError: async (error) => {
      if (base !== null && hubErrorOf(error).code === "conflict") setMeanwhile(await client.scripts.get.query({ id: base.id }));
    },
  });
  const failure = save.isError && meanwhile === null ? hubErrorOf(save.error) : null;
  const wrongParameter = failure?.code === "bad-parameter" ? failure.facts["parameter"] : undefined;
  const start = opened === null ? emptyDraft : draftFrom(opened);
  useUnsavedGuard((draft.body !== start.body || draft.name !== start.name) && !save.isSuccess);

  const issueAt = (...path: (string | number)[]) =>
    tried && !parsed.success ? parsed.error.issues.find((issue) => path.every((part, n) => issue.path[n] === part)) : undefined;
  const wrong = (field: keyof Draft) =>
    issueAt(field) === undefined ? undefined : draft[field] === "" ? t("field.required") : t("field.wrong");
  const wrongInParameter = (at: number, field: string) => {
    if (field === "name" && wrongParameter !== undefined && draft.parameters[at]?.name === wrongParameter)
      return errorSentence(save.error);
    if (issueAt("parameters", at, field) === undefined) return undefined;
    return field === "name" ? t("newRun.badVariable") : field === "choices" ? t("parameters.noChoices") : t("field.wrong");
  };
  const ownerDecides = opened !== null && opened.owner.id !== me.id;

  return (
    <Page
      title={opened === null ? t("scripts.new") : t("scripts.editTitle", { name: displayText(opened.name) })}
      purpose={t("scripts.editPurpose")}
      action={
        <>
          <Button variant="default" component={Link} href={opened === null ? "/scripts" : `/script?id=${opened.id}`}>
            {t("action.cancel")}
          </Button>
          <Button
            leftSection={<IconDeviceFloppy size={16} />}
            loading={save.isPending}
            onClick={() => {
              setTried(true);
              if (parsed.success) save.mutate();
            }}
          >
            {t("action.save")}
          </Button>
        </>
      }
    >
      {failure !== null && (
        <Alert color="red" mb="md">
          {errorSentence(save.error)}
        </Alert>
      )}
      {meanwhile !== null && base !== null && (
        <SomebodySaved
          base={base}
          newest={meanwhile}
          mine={draft.body}
          onGoOn={() => {
            setBase(meanwhile);
            setMeanwhile(null);
            save.reset();
          }}
        />
      )}
      <div className={classes.columns}>
        <div className={classes.side}>
          <Panel
            title={t("newRun.script")}
            action={<InterpreterSelect value={draft.interpreter} onChange={(interpreter) => set({ interpreter })} />}
            flush
          >
            <div className={classes.editor} data-write>
              <ScriptEditor
                value={draft.body}
                interpreter={draft.interpreter}
                label={t("newRun.editorLabel")}
                onChange={(body) => set({ body })}
              />
            </div>
            {issueAt("body") !== undefined && (
              <p className={classes.note} role="alert">
                {draft.body === "" ? t("newRun.noScript") : t("newRun.tooLong")}
              </p>
            )}
          </Panel>
          <ParameterEditor drafts={draft.parameters} onChange={(parameters) => set({ parameters })} wrong={wrongInParameter} />
        </div>
        <Panel>
          <Stack gap="md">
            <TextInput
              label={t("scripts.name")}
              value={draft.name}
              maxLength={100}
              error={wrong("name")}
              onChange={(event) => set({ name: event.currentTarget.value })}
            />
            <Textarea
              label={t("scripts.description")}
              value={draft.description}
              maxLength={2_000}
              autosize
              minRows={2}
              maxRows={8}
              onChange={(event) => set({ description: event.currentTarget.value })}
            />
            <Radio.Group
              label={t("scripts.visibility")}
              value={draft.visibility}
              onChange={(value) => set({ visibility: oneOf(value, visibilities) ?? "private" })}
            >
              <Stack gap={8} mt={6}>
                {visibilities.map((value) => (
                  <Radio
                    key={value}
                    value={value}
                    disabled={ownerDecides && value === "private"}
                    label={t(`scriptVisibility.${value}`)}
                    description={t(`scriptVisibilityMeaning.${value}`)}
                  />
                ))}
              </Stack>
            </Radio.Group>
            <TextInput
              label={t("scripts.noteField")}
              description={t("scripts.noteHint")}
              value={draft.note}
              maxLength={500}
              onChange={(event) => set({ note: event.currentTarget.value })}
            />
          </Stack>
        </Panel>
      </div>
    </Page>
  );
}

interface SomebodySavedProps {
  base: ScriptDetail;
  newest: ScriptDetail;
  mine: string;
  onGoOn: () => void;
}

/** What was saved since, and what saving now would make of it. Nothing is lost either way: versions stay. */
function SomebodySaved({ base, newest, mine, onGoOn }: SomebodySavedProps) {
  const { t } = useTranslation();
  const { version } = newest;
  return (
    <Alert color="orange" mb="md" title={t("scripts.meanwhile", { n: version.number })}>
      <Stack gap="sm">
        <div>{t("scripts.meanwhileText", { from: base.version.number, to: version.number })}</div>
        <Panel title={t("scripts.changesFrom", { from: base.version.number, to: version.number })} flush>
          <div className={classes.editor}>
            <CodeView
              text={version.body}
              before={base.version.body}
              interpreter={version.interpreter}
              label={t("scripts.changesFrom", { from: base.version.number, to: version.number })}
            />
          </div>
        </Panel>
        <Panel title={t("scripts.mineAgainst", { n: version.number })} flush>
          <div className={classes.editor}>
            <CodeView
              text={mine}
              before={version.body}
              interpreter={version.interpreter}
              label={t("scripts.mineAgainst", { n: version.number })}
            />
          </div>
        </Panel>
        <Group>
          <Button variant="default" onClick={onGoOn}>
            {t("scripts.meanwhileSeen")}
          </Button>
        </Group>
      </Stack>
    </Alert>
  );
}
