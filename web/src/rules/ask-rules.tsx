// What would the rules say? To anybody, on any asset, about any line: which of them decides, and why the others do not.
"use client";
import { Alert, Drawer, Select, SimpleGrid, Stack, Text, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { protocolNames, terminalProtocols } from "@sallyport/hub/assets/input";
import { explainRules, type RuleKind } from "@sallyport/hub/rules/input";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useTRPC, useTRPCClient } from "../api/trpc.ts";
import type { Rule, RulesExplained } from "../api/types.ts";
import { OneAssetPicker, PersonPicker, type Subject, type Target } from "../grants/ends-picker.tsx";
import type { Names } from "../tickets/level-draft.ts";
import { displayText } from "../ui/display-text.ts";
import { Failed } from "../ui/page-states.tsx";
import { PanelSkeleton } from "../ui/panel-skeleton.tsx";
import { LineInput } from "./line-input.tsx";
import { OutcomeMark } from "./outcome-mark.tsx";
import { sentenceOf } from "./rule-text.ts";
import classes from "./rules.module.css";

interface AskRulesProps {
  kind: RuleKind;
  rules: readonly Rule[];
  names: Names;
  opened: boolean;
  onClose: () => void;
}

export function AskRules({ kind, rules, names, opened, onClose }: AskRulesProps) {
  const { t } = useTranslation();
  return (
    <Drawer
      opened={opened}
      onClose={onClose}
      size="lg"
      title={t(`askRulesTitle.${kind}`)}
      closeButtonProps={{ "aria-label": t("action.close") }}
    >
      <Question key={kind} kind={kind} rules={rules} names={names} />
    </Drawer>
  );
}

/** As the hub takes it. */
const accountMax = 128;
/** Long enough for a word to be typed. */
const settleMs = 250;

function Question({ kind, rules, names }: Pick<AskRulesProps, "kind" | "rules" | "names">) {
  const { t } = useTranslation();
  const [person, setPerson] = useState<Subject | null>(null);
  const [asset, setAsset] = useState<Target | null>(null);
  const [account, setAccount] = useState("root");
  const [protocol, setProtocol] = useState("ssh");
  const [address, setAddress] = useState("");
  const [line, setLine] = useState("");
  const isWhole = person !== null && (kind === "sign-in" || asset !== null) && (kind !== "command" || line !== "");
  const asked = {
    kind,
    userId: person?.id ?? "",
    assetId: kind === "sign-in" ? null : (asset?.id ?? ""),
    account: account.trim(),
    protocol,
    address: address.trim() === "" ? null : address.trim(),
    line,
  };
  const wrong = new Set(explainRules.safeParse(asked).error?.issues.map(({ path }) => path[0]));
  return (
    <Stack gap="md">
      <Text size="sm" c="dimmed">
        {t("askRules.purpose")}
      </Text>
      <PersonPicker label={t(`ruleWho.${kind}`)} chosen={person} onChange={setPerson} />
      {kind !== "sign-in" && <OneAssetPicker label={t("rules.where")} chosen={asset} onChange={setAsset} />}
      {kind === "command" && <LineInput label={t("askRules.line")} value={line} onChange={setLine} />}
      {kind !== "sign-in" && (
        <SimpleGrid cols={{ base: 1, xs: 2 }}>
          <TextInput
            label={t("grants.asWhom")}
            description={kind === "connection" && t("askRules.accountHint")}
            value={account}
            maxLength={accountMax}
            onChange={(event) => setAccount(event.currentTarget.value)}
          />
          <Select
            label={t("askRules.protocol")}
            description={kind === "connection" && t("askRules.protocolHint")}
            data={[...(kind === "command" ? terminalProtocols : protocolNames)]}
            value={protocol}
            allowDeselect={false}
            onChange={(value) => setProtocol(value ?? "ssh")}
          />
        </SimpleGrid>
      )}
      <TextInput
        label={t("askRules.address")}
        description={t("askRules.addressHint")}
        placeholder="192.0.2.7"
        value={address}
        error={wrong.has("address") && t("field.wrong")}
        onChange={(event) => setAddress(event.currentTarget.value)}
      />
      {isWhole && wrong.size === 0 && <Asked asked={asked} rules={rules} names={names} />}
    </Stack>
  );
}

type Question = Parameters<ReturnType<typeof useTRPCClient>["rules"]["explain"]["mutate"]>[0];

function Asked({ asked, rules, names }: { asked: Question; rules: readonly Rule[]; names: Names }) {
  const trpc = useTRPC();
  const client = useTRPCClient();
  const [settled] = useDebouncedValue(JSON.stringify(asked), settleMs);
  const answer = useQuery({
    queryKey: [...trpc.rules.explain.mutationKey(), settled],
    queryFn: () => client.rules.explain.mutate(JSON.parse(settled) as Question),
    placeholderData: keepPreviousData,
    staleTime: 0,
    retry: false,
  });
  if (answer.isError) return <Failed error={answer.error} onRetry={() => void answer.refetch()} />;
  if (answer.data === undefined) return <PanelSkeleton />;
  return <Answer kind={asked.kind} explained={answer.data} rules={rules} names={names} />;
}

interface AnswerProps {
  kind: RuleKind;
  explained: RulesExplained;
  rules: readonly Rule[];
  names: Names;
}

function Answer({ kind, explained: { decides, closedBy, asked }, rules, names }: AnswerProps) {
  const { t } = useTranslation();
  const first = rules.find(({ id }) => id === decides?.id);
  return (
    <div role="status">
      {closedBy !== null ? (
        <Alert color="red">{t("askRules.closedBy", { rule: displayText(closedBy.name, 200) })}</Alert>
      ) : decides === null ? (
        <Alert color="green">{t(`askRulesNone.${kind}`)}</Alert>
      ) : (
        <div className={classes.answer}>
          <OutcomeMark outcome={decides.outcome} />
          {first !== undefined && <p className={classes.sentence}>{sentenceOf(first, names, t)}</p>}
          {decides.pattern !== null && (
            <p className={classes.says}>{t("askRules.found", { pattern: displayText(decides.pattern, 200) })}</p>
          )}
        </div>
      )}
      {closedBy === null && asked.length > 0 && (
        <ol className={classes.asked} aria-label={t("rules.inOrder")}>
          {asked.map(({ id, name, why }) => (
            <li key={id} data-decides={why === null || undefined}>
              <span>{displayText(name)}</span>
              <span className={classes.why}>{why === null ? t("askRules.decides") : t(`ruleWhyNot.${why}`)}</span>
            </li>
          ))}
        </ol>
      )}
    </div>
  );
}
