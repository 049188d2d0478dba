// One rule: its place, its sentence, its conditions, and what can be done with it.
"use client";
import { ActionIcon, Switch, Text } from "@mantine/core";
import { rule as ruleInput } from "@sallyport/hub/rules/input";
import { IconChevronDown, IconChevronUp, IconPencil, IconTrash } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import type { Rule } from "../api/types.ts";
import type { Names } from "../tickets/level-draft.ts";
import { Confirm } from "../ui/confirm.tsx";
import { displayText } from "../ui/display-text.ts";
import { showToast } from "../ui/toasts.tsx";
import { OutcomeMark } from "./outcome-mark.tsx";
import { RuleChips } from "./rule-chips.tsx";
import { sentenceOf } from "./rule-text.ts";
import classes from "./rules.module.css";

interface RuleLineProps {
  rule: Rule;
  names: Names;
  /** From 0. */
  place: number;
  of: number;
  /** The rule before it that leaves nothing for it. */
  because: string | null;
  mayManage: boolean;
  onPut: (place: number) => void;
  onChange: () => void;
}

export function RuleLine({ rule, names, place, of, because, mayManage, onPut, onChange }: RuleLineProps) {
  const { t } = useTranslation();
  const name = displayText(rule.name);
  return (
    <li className={classes.rule} data-off={!rule.active || undefined}>
      <Place rule={rule} name={name} place={place} of={of} mayManage={mayManage} onPut={onPut} />
      <div className={classes.words}>
        <div className={classes.head}>
          <h2 className={classes.name}>{name}</h2>
          <OutcomeMark outcome={rule.outcome} />
          {!rule.active && (
            <Text component="span" size="xs" c="dimmed">
              {t("rules.off")}
            </Text>
          )}
        </div>
        <p className={classes.sentence}>{sentenceOf(rule, names, t)}</p>
        <RuleChips rule={rule} names={names} />
        {rule.says !== "" && <p className={classes.says}>{t("rules.isTold", { says: displayText(rule.says, 300) })}</p>}
        {because !== null && <p className={classes.unasked}>{t("rules.neverAsked", { name: displayText(because) })}</p>}
      </div>
      {mayManage && <Actions rule={rule} name={name} onChange={onChange} />}
    </li>
  );
}

type PlaceProps = Pick<RuleLineProps, "rule" | "place" | "of" | "mayManage" | "onPut"> & { name: string };

function Place({ rule, name, place, of, mayManage, onPut }: PlaceProps) {
  const { t } = useTranslation();
  if (!mayManage || of === 1) return <span className={classes.number}>{place + 1}</span>;
  const keys: Record<string, number> = { ArrowUp: place - 1, ArrowDown: place + 1, Home: 0, End: of - 1 };
  return (
    <div className={classes.place}>
      <ActionIcon
        variant="subtle"
        color="gray"
        size="sm"
        aria-label={t("rules.up", { name })}
        disabled={place === 0}
        onClick={() => onPut(place - 1)}
      >
        <IconChevronUp size={16} />
      </ActionIcon>
      <button
        type="button"
        className={classes.number}
        data-place-of={rule.id}
        title={t("rules.placeHint")}
        aria-label={t("rules.place", { name, place: place + 1, of })}
        onKeyDown={(event) => {
          const to = keys[event.key];
          if (to === undefined) return;
          event.preventDefault();
          onPut(to);
        }}
      >
        {place + 1}
      </button>
      <ActionIcon
        variant="subtle"
        color="gray"
        size="sm"
        aria-label={t("rules.down", { name })}
        disabled={place === of - 1}
        onClick={() => onPut(place + 1)}
      >
        <IconChevronDown size={16} />
      </ActionIcon>
    </div>
  );
}

function Actions({ rule, name, onChange }: { rule: Rule; name: string; onChange: () => void }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const queries = useQueryClient();
  const [asking, setAsking] = useState(false);
  const reload = () => queries.invalidateQueries({ queryKey: trpc.rules.list.queryKey() });
  const change = useMutation(trpc.rules.change.mutationOptions({ onSuccess: reload }));
  const remove = useMutation(
    trpc.rules.remove.mutationOptions({
      onSuccess: () => {
        showToast("done", t("rules.removed", { name }));
        return reload();
      },
      // What is refused is told beside the list.
      onError: () => setAsking(false),
    }),
  );
  return (
    <div className={classes.actions}>
      <Switch
        size="sm"
        aria-label={t("rules.activeOf", { name })}
        checked={rule.active}
        disabled={change.isPending}
        onChange={(event) =>
          change.mutate({
            id: rule.id,
            rule: ruleInput.parse({ ...rule, active: event.currentTarget.checked }),
            seen: rule.updatedAt,
          })
        }
      />
      <ActionIcon variant="default" aria-label={t("rules.change", { name })} onClick={onChange}>
        <IconPencil size={16} />
      </ActionIcon>
      <ActionIcon variant="default" aria-label={t("rules.remove", { name })} onClick={() => setAsking(true)}>
        <IconTrash size={16} />
      </ActionIcon>
      <Confirm
        opened={asking}
        title={t("rules.removeTitle", { name })}
        action={t("action.delete")}
        pending={remove.isPending}
        onConfirm={() => remove.mutate({ id: rule.id })}
        onClose={() => setAsking(false)}
      >
        <Text size="sm">{t("rules.removeText")}</Text>
      </Confirm>
    </div>
  );
}
