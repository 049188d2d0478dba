// A script: which version with which parameters, where, as whom, how often, and by whom besides whoever asks.
"use client";
import {
  Alert,
  Anchor,
  Autocomplete,
  Button,
  Input,
  NativeSelect,
  NumberInput,
  Skeleton,
  Stack,
  Switch,
  Text,
} from "@mantine/core";
import type { ParameterValues } from "@sallyport/hub/scripts/input";
import { IconPlayerPlay } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { errorSentence, sentenceOf } from "../../api/error-text.ts";
import { useTRPC } from "../../api/trpc.ts";
import type { AskedOf, Requestable, TicketDetail } from "../../api/types.ts";
import { PersonSelect } from "../../people/person-select.tsx";
import { artefactsIn, RunArtefacts } from "../../runs/run-artefacts.tsx";
import { RunFiles } from "../../runs/run-files.tsx";
import { type FileDraft, filesDraftOf, filesOf } from "../../runs/run-files-draft.ts";
import { CodeView } from "../../scripts/lazy-code.tsx";
import { ParameterFields } from "../../scripts/parameter-fields.tsx";
import { ScriptSelect } from "../../scripts/script-select.tsx";
import scripts from "../../scripts/scripts.module.css";
import { useScriptVersion } from "../../scripts/use-script-version.ts";
import { displayText } from "../../ui/display-text.ts";
import { Facts } from "../../ui/facts.tsx";
import { Moment } from "../../ui/moment.tsx";
import { Failed } from "../../ui/page-states.tsx";
import { Panel } from "../../ui/panel.tsx";
import { accountsOf } from "../accounts-field.tsx";
import { RequestableSelect } from "../requestable-select.tsx";
import type { AskableView, FieldsProps } from "./kind.ts";
import { AssetParts } from "./parts.tsx";
import { ScriptFiles } from "./script-files.tsx";
import { struck } from "./struck.tsx";

interface Draft {
  assets: Requestable[];
  scriptId: string | null;
  /** Null until it is known which is the newest. */
  version: number | null;
  parameters: ParameterValues;
  account: string;
  runs: number;
  runBy: string | null;
  automatic: boolean;
  files: readonly FileDraft[];
  /** A path a line. */
  artefacts: string;
}

function ScriptFields({ draft, onChange, wrong }: FieldsProps<Draft>) {
  const { t } = useTranslation();
  const set = (part: Partial<Draft>) => onChange({ ...draft, ...part });
  return (
    <>
      <WhichScript draft={draft} set={set} error={wrong("scriptId")} />
      <RequestableSelect
        kind="script"
        label={t("tickets.servers")}
        chosen={draft.assets}
        onChange={(chosen) => set({ assets: chosen })}
        error={wrong("assetIds")}
      />
      <Autocomplete
        label={t("grants.asWhom")}
        description={t("scriptTicket.accountHint")}
        value={draft.account}
        data={[...new Set(["@agent", "@same-name", ...accountsOf(draft.assets)])]}
        error={wrong("account")}
        onChange={(account) => set({ account })}
      />
      <NumberInput
        label={t("scriptTicket.runs")}
        min={1}
        max={100}
        value={draft.runs}
        error={wrong("runs")}
        onChange={(value) => set({ runs: typeof value === "number" ? value : 1 })}
      />
      <PersonSelect
        label={t("scriptTicket.runBy")}
        hint={t("scriptTicket.runByHint")}
        chosen={draft.runBy}
        onChange={(runBy) => set({ runBy })}
      />
      <Switch
        label={t("scriptTicket.automatic")}
        description={t("scriptTicket.automaticHint")}
        checked={draft.automatic}
        onChange={(event) => set({ automatic: event.currentTarget.checked })}
      />
      <Input.Wrapper label={t("runFiles.title")} description={t("scriptTicket.filesHint")}>
        <RunFiles files={draft.files} onChange={(files) => set({ files })} tried={wrong("files") !== undefined} />
      </Input.Wrapper>
      <Input.Wrapper label={t("artefacts.toCollect")}>
        <RunArtefacts
          text={draft.artefacts}
          onChange={(artefacts) => set({ artefacts })}
          tried={wrong("artefacts") !== undefined}
        />
      </Input.Wrapper>
    </>
  );
}

interface WhichScriptProps {
  draft: Draft;
  set: (part: Partial<Draft>) => void;
  error: string | undefined;
}

function WhichScript({ draft: { scriptId, version, parameters }, set, error }: WhichScriptProps) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const enabled = scriptId !== null;
  const { script, text, missing, failed } = useScriptVersion(scriptId, version);
  const versions = useQuery(trpc.scripts.versions.queryOptions({ id: scriptId ?? "" }, { enabled }));
  const number = version ?? script?.latest ?? null;
  // The request names a version: the newest of now, and not of when it is decided.
  useEffect(() => {
    if (version === null && number !== null) set({ version: number });
  });
  return (
    <>
      <ScriptSelect
        chosen={scriptId === null ? null : (script ?? { id: scriptId, name: scriptId })}
        onChange={(id) => set({ scriptId: id, version: null, parameters: {} })}
        error={missing === null ? error : errorSentence(missing)}
      />
      {script !== undefined && (
        <NativeSelect
          label={t("scripts.version")}
          description={t("scriptTicket.versionHint")}
          value={String(number ?? "")}
          data={(versions.data?.items ?? [{ number: script.latest, note: "" }]).map((one) => ({
            value: String(one.number),
            label: `${t("scripts.versionN", { n: one.number })}${one.note === "" ? "" : ` · ${displayText(one.note, 50)}`}`,
          }))}
          onChange={(event) => set({ version: Number(event.currentTarget.value) })}
        />
      )}
      {failed !== undefined && <Failed error={failed.error} onRetry={() => void failed.refetch()} />}
      {enabled && text === undefined && failed === undefined && missing === null && <Skeleton height={60} />}
      {text !== undefined && (
        <ParameterFields
          parameters={text.parameters}
          values={parameters}
          failure={null}
          onChange={(values) => set({ parameters: values })}
        />
      )}
    </>
  );
}

const askedOf = ({ assets, scriptId, version, parameters, account, runs, runBy, automatic, ...draft }: Draft) => ({
  kind: "script",
  assetIds: assets.map(({ id }) => id),
  scriptId: scriptId ?? "",
  version: version ?? undefined,
  parameters,
  account,
  runs,
  runBy,
  automatic,
  files: filesOf(draft.files),
  artefacts: artefactsIn(draft.artefacts),
});

export const scriptView: AskableView<AskedOf<"script">, Draft> = {
  draftFrom(like, assets, wish) {
    if (like?.asked.kind === "script") {
      const { scriptId, version, parameters, account, runs, runBy, automatic, files, artefacts } = like.asked;
      const before = like.assets.map((asset) => ({ ...asset, platform: "", accounts: [] }));
      const again = { files: filesDraftOf(files), artefacts: artefacts.join("\n") };
      return { assets: before, scriptId, version, parameters, account, runs, runBy, automatic, ...again };
    }
    const { script: scriptId = null, version = null, account = "@agent" } = wish;
    const nothing = { parameters: {}, runs: 1, runBy: null, automatic: false, files: [], artefacts: "" };
    return { assets, scriptId, version, account, ...nothing };
  },
  askedOf,
  nameOf: ({ assets }) => assets.map(({ name }) => name).join(", "),
  Fields: ScriptFields,
  Facts: function ScriptFacts({ ticket, asked, given, common }) {
    const { t } = useTranslation();
    const names = new Map(ticket.assets.map(({ id, name }) => [id, name]));
    const script = ticket.script?.script ?? null;
    const parameters = Object.entries(asked.parameters);
    return (
      <Stack gap="md">
        <Facts
          items={[
            [
              t("scripts.script"),
              script === null ? (
                t("scriptTicket.gone")
              ) : (
                <span key="script">
                  {displayText(script.name)} · {t("scripts.versionN", { n: script.version })}
                </span>
              ),
            ],
            ...(parameters.length === 0
              ? []
              : [
                  [
                    t("parameters.title"),
                    <span key="parameters" className="mono">
                      {parameters.map(([name, value]) => `${name} = ${displayText(wordOf(value), 200)}`).join(", ")}
                    </span>,
                  ] as const,
                ]),
            [t("tickets.servers"), struck(asked.assetIds, given.assetIds, (id) => displayText(names.get(id) ?? id))],
            [t("grants.asWhom"), asked.account === "@agent" ? t("scriptTicket.agentsAccount") : displayText(asked.account)],
            [
              t("scriptTicket.runs"),
              given.runs === asked.runs ? (
                String(asked.runs)
              ) : (
                <span key="runs">
                  <s>{asked.runs}</s> {given.runs}
                </span>
              ),
            ],
            ...(given.automatic ? [[t("scriptTicket.automatic"), t("scriptTicket.yes")] as const] : []),
            ...common,
          ]}
        />
        <ScriptFiles files={script?.files ?? []} artefacts={asked.artefacts} />
        {script !== null && (
          <div className={scripts.editor}>
            <CodeView text={script.body} interpreter={script.interpreter} label={t("scripts.text")} wrap />
          </div>
        )}
      </Stack>
    );
  },
  Narrow: function ScriptNarrow({ ticket, whole, given, onChange }) {
    const { t } = useTranslation();
    return (
      <>
        <AssetParts
          ticket={ticket}
          all={whole.assetIds}
          left={given.assetIds}
          onChange={(assetIds) => onChange({ ...given, assetIds })}
        />
        <NumberInput
          label={t("scriptTicket.runs")}
          min={1}
          max={whole.runs}
          value={given.runs}
          onChange={(value) => onChange({ ...given, runs: typeof value === "number" ? value : 1 })}
        />
      </>
    );
  },
  Given: ScriptGiven,
  isAnything: ({ assetIds }) => assetIds.length > 0,
};

/** Its runs, and the button that begins the next. */
function ScriptGiven({ ticket }: { ticket: TicketDetail }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const router = useRouter();
  const run = useMutation(trpc.tickets.run.mutationOptions({ onSuccess: ({ id }) => router.push(`/run?id=${id}`) }));
  const { runs, left, notBegun } = ticket.script ?? { runs: [], left: 0, notBegun: null };
  return (
    <Panel title={t("scriptTicket.given")}>
      <Stack gap="sm" align="flex-start">
        {notBegun !== null && (
          <Alert color="yellow" role="status" title={t("scriptTicket.notBegun")}>
            {sentenceOf({ ...notBegun, message: notBegun.code })}
            {ticket.may.run ? ` ${t("scriptTicket.notBegunNext")}` : ""}
          </Alert>
        )}
        {ticket.state === "approved" && <Text size="sm">{t("scriptTicket.left", { count: left })}</Text>}
        {runs.map(({ id, createdAt }, n) => (
          <Text size="sm" key={id}>
            <Anchor component={Link} href={`/run?id=${id}`} size="sm">
              {t("scriptTicket.run", { n: n + 1 })}
            </Anchor>{" "}
            <Moment at={createdAt} />
          </Text>
        ))}
        {ticket.may.run && (
          <Button
            leftSection={<IconPlayerPlay size={16} />}
            loading={run.isPending}
            onClick={() => run.mutate({ id: ticket.id })}
          >
            {t("scriptTicket.begin")}
          </Button>
        )}
      </Stack>
    </Panel>
  );
}

const wordOf = (value: ParameterValues[string]): string => (typeof value === "string" ? value : JSON.stringify(value));
