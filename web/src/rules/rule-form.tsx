// A rule, written as its sentence: who does what, where, and what becomes of it. More conditions open below.
"use client";
import {
  Alert,
  Button,
  Group,
  Input,
  MultiSelect,
  SegmentedControl,
  Stack,
  Switch,
  TagsInput,
  Text,
  Textarea,
  TextInput,
} from "@mantine/core";
import { protocolNames, terminalProtocols } from "@sallyport/hub/assets/input";
import { type Outcome, type RuleKind, outcomes as ruleOutcomes } from "@sallyport/hub/rules/input";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { errorSentence } from "../api/error-text.ts";
import { hubErrorOf } from "../api/hub-error.ts";
import { useTRPC } from "../api/trpc.ts";
import type { Rule } from "../api/types.ts";
import { SubjectsPicker, TargetsPicker } from "../grants/ends-picker.tsx";
import { HoursField } from "../grants/hours-field.tsx";
import { oneOf } from "../state/url-state.ts";
import type { Names } from "../tickets/level-draft.ts";
import { LevelFields } from "../tickets/level-fields.tsx";
import { LengthSelect } from "../tickets/time-fields.tsx";
import { displayText } from "../ui/display-text.ts";
import { showToast } from "../ui/toasts.tsx";
import { PatternsField } from "./patterns-field.tsx";
import { draftOf, emptyRule, type RuleDraft, type RuleField, readRule } from "./rule-draft.ts";
import { brokenPattern } from "./rule-failure.ts";

/** As the hub takes it: a month. */
const minutesMax = 43_200;
/** As the hub takes it. */
const saysMax = 300;

interface RuleFormProps {
  kind: RuleKind;
  /** Null: a new one, which is asked last. */
  rule: Rule | null;
  names: Names;
  onDone: () => void;
}

export function RuleForm({ kind, rule, names, onDone }: RuleFormProps) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const queries = useQueryClient();
  /** As it was when this form began with it; the list goes on hearing of changes. */
  const [seen, setSeen] = useState(rule?.updatedAt);
  const [draft, setDraft] = useState(() => (rule === null ? emptyRule(kind) : draftOf(rule, names)));
  const [more, setMore] = useState(kind === "sign-in" || (rule !== null && hasConditions(rule)));
  const [tried, setTried] = useState(false);
  const set = (part: Partial<RuleDraft>) => setDraft((before) => ({ ...before, ...part }));
  const read = readRule(draft);
  const wrong = (field: RuleField, text: string = t("field.required")) =>
    tried && "wrong" in read && read.wrong.has(field) ? text : undefined;
  const reload = () => queries.invalidateQueries({ queryKey: trpc.rules.list.queryKey() });
  const saved = () => {
    showToast("done", t("rules.saved"));
    onDone();
    return reload();
  };
  const create = useMutation(trpc.rules.create.mutationOptions({ meta: { showsError: true }, onSuccess: saved }));
  const change = useMutation(
    trpc.rules.change.mutationOptions({ meta: { showsError: true }, onSuccess: saved, onError: reload }),
  );
  const beginAnew = () => {
    if (rule === null) return;
    setSeen(rule.updatedAt);
    setDraft(draftOf(rule, names));
    change.reset();
  };
  const failure = create.error ?? change.error;
  const broken = failure === null ? undefined : brokenPattern(failure, t);
  const outcomes = ruleOutcomes.filter((one) => one !== "warn" || kind === "command");
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        if ("wrong" in read) return;
        if (rule === null) create.mutate({ rule: read.rule });
        else change.mutate({ id: rule.id, rule: read.rule, seen });
      }}
    >
      <Stack gap="md">
        <TextInput
          label={t("grants.name")}
          value={draft.name}
          error={wrong("name")}
          onChange={(event) => set({ name: event.currentTarget.value })}
          data-autofocus
        />
        <SubjectsPicker
          chosen={draft.subjects}
          onChange={(subjects) => set({ subjects })}
          label={t(`ruleWho.${kind}`)}
          hint={t("rules.whoHint")}
          error={wrong("subjects")}
        />
        {kind !== "sign-in" && (
          <TargetsPicker
            chosen={draft.targets}
            onChange={(targets) => set({ targets })}
            label={t("rules.where")}
            hint={t("grants.whatHint")}
            error={wrong("targets")}
          />
        )}
        {kind === "command" && (
          <PatternsField
            patterns={draft}
            onChange={set}
            error={wrong("patterns", t(draft.words + draft.regexes === "" ? "field.required" : "rules.patternsWrong"))}
            broken={broken}
          />
        )}
        {more ? (
          <Conditions draft={draft} onChange={set} wrong={wrong} />
        ) : (
          <Button variant="subtle" size="compact-sm" style={{ alignSelf: "flex-start" }} onClick={() => setMore(true)}>
            {t("rules.more")}
          </Button>
        )}
        <Input.Wrapper label={t("rules.outcome")} description={t(outcomeHint(draft))}>
          <SegmentedControl
            fullWidth
            mt={6}
            aria-label={t("rules.outcome")}
            data={outcomes.map((value) => ({ value, label: t(`ruleOutcome.${value}`) }))}
            value={draft.outcome}
            onChange={(value) => set({ outcome: oneOf(value, outcomes) ?? draft.outcome })}
          />
        </Input.Wrapper>
        {draft.outcome === "review" && (
          <>
            <LevelFields
              level={draft.level}
              title={t("ruleOutcome.review")}
              errors={{ approvers: wrong("approvers"), minutes: wrong("wait", t("flows.waitWrong")) }}
              ownable={kind !== "sign-in"}
              onChange={(part) => set({ level: { ...draft.level, ...part } })}
              onRemove={null}
            />
            {kind !== "command" && (
              <LengthSelect
                label={t("rules.letsFor")}
                hint={t("rules.letsForHint")}
                minutes={draft.minutes}
                most={minutesMax}
                onChange={(minutes) => set({ minutes })}
              />
            )}
          </>
        )}
        {draft.outcome !== "allow" && (
          <Textarea
            label={t("rules.says")}
            description={t("rules.saysHint")}
            autosize
            minRows={2}
            maxRows={6}
            maxLength={saysMax}
            value={draft.says}
            error={wrong("says")}
            onChange={(event) => set({ says: event.currentTarget.value })}
          />
        )}
        <Switch
          label={t("grants.active")}
          checked={draft.active}
          onChange={(event) => set({ active: event.currentTarget.checked })}
        />
        {failure !== null && broken === undefined && <Failure error={failure} onBeginAnew={beginAnew} />}
        <Group gap="xs">
          <Button variant="default" onClick={onDone}>
            {t("action.cancel")}
          </Button>
          <Button type="submit" loading={create.isPending || change.isPending}>
            {t("action.save")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

interface ConditionsProps {
  draft: RuleDraft;
  onChange: (part: Partial<RuleDraft>) => void;
  wrong: (field: RuleField, text?: string) => string | undefined;
}

function Conditions({ draft, onChange, wrong }: ConditionsProps) {
  const { t } = useTranslation();
  const protocols = draft.kind === "command" ? terminalProtocols : protocolNames;
  return (
    <>
      {draft.kind !== "sign-in" && (
        <>
          <TagsInput
            label={t("grants.asWhom")}
            description={t("rules.accountsHint")}
            value={draft.accounts}
            error={wrong("accounts", t("grants.accountsWrong"))}
            data={["@all", "@same-name", "@ask", "@agent"]}
            onChange={(accounts) => onChange({ accounts })}
          />
          <MultiSelect
            label={t("grants.protocols")}
            data={[{ value: "@all", label: t("grants.allProtocols") }, ...protocols]}
            value={draft.protocols}
            error={wrong("protocols")}
            searchable
            onChange={(chosen) => onChange({ protocols: chosen })}
          />
        </>
      )}
      <TagsInput
        label={t("rules.networks")}
        description={t("rules.networksHint")}
        value={draft.addresses}
        error={wrong("addresses", t("grants.networksWrong"))}
        onChange={(addresses) => onChange({ addresses })}
      />
      <HoursField hours={draft.hours} onChange={(hours) => onChange({ hours })} />
    </>
  );
}

function Failure({ error, onBeginAnew }: { error: unknown; onBeginAnew: () => void }) {
  const { t } = useTranslation();
  const { code, facts } = hubErrorOf(error);
  if (code === "conflict")
    return (
      <Alert color="yellow" role="alert" title={t("rules.meanwhile")}>
        <Text size="sm">{t("rules.meanwhileText")}</Text>
        <Button size="xs" variant="default" mt="xs" onClick={onBeginAnew}>
          {t("rules.beginAnew")}
        </Button>
      </Alert>
    );
  if (code !== "would-lock-out")
    return (
      <Alert color="red" role="alert">
        {errorSentence(error)}
      </Alert>
    );
  return (
    <Alert color="red" role="alert" title={errorSentence(error)}>
      {t("rules.lockOut", { rule: displayText(String(facts["rule"] ?? "")) })}
    </Alert>
  );
}

const hasConditions = ({ accounts, protocols, addresses, hours }: Rule): boolean =>
  !accounts.includes("@all") || !protocols.includes("@all") || addresses.length > 0 || hours !== null;

function outcomeHint({ kind, outcome }: { kind: RuleKind; outcome: Outcome }) {
  if (outcome === "review") return `ruleReviewHint.${kind}` as const;
  return `ruleOutcomeHint.${outcome}` as const;
}
