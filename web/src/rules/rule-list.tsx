// The rules of one kind, in the order in which they are asked: moved by buttons, or by the arrow keys on a rule's number.
"use client";
import { VisuallyHidden } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useLayoutEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import type { Rule } from "../api/types.ts";
import type { Names } from "../tickets/level-draft.ts";
import { displayText } from "../ui/display-text.ts";
import { beforeAt, neverAsked } from "./order.ts";
import { RuleLine } from "./rule-line.tsx";
import classes from "./rules.module.css";

interface RuleListProps {
  rules: readonly Rule[];
  names: Names;
  mayManage: boolean;
  onChange: (id: string) => void;
}

export function RuleList({ rules, names, mayManage, onChange }: RuleListProps) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const queries = useQueryClient();
  const list = useRef<HTMLOListElement>(null);
  const [moved, setMoved] = useState<string | null>(null);
  const ids = rules.map(({ id }) => id);
  // Until the list is there anew another move would start from an order that is no longer.
  const move = useMutation(
    trpc.rules.move.mutationOptions({
      onSuccess: async (_, { id }) => {
        await queries.invalidateQueries({ queryKey: trpc.rules.list.queryKey() });
        setMoved(id);
      },
    }),
  );
  const put = (id: string, place: number) => {
    const to = Math.max(0, Math.min(place, ids.length - 1));
    if (move.isPending || to === ids.indexOf(id)) return;
    setMoved(null);
    move.mutate({ id, before: beforeAt(ids, id, to) });
  };
  // An element that changes its place loses the focus.
  useLayoutEffect(() => {
    if (moved !== null) list.current?.querySelector<HTMLElement>(`[data-place-of="${CSS.escape(moved)}"]`)?.focus();
  }, [moved]);
  const unasked = neverAsked(rules);
  const movedName = rules.find(({ id }) => id === moved)?.name;
  return (
    <>
      <ol className={classes.list} ref={list} aria-label={t("rules.inOrder")}>
        {rules.map((rule, at) => (
          <RuleLine
            key={rule.id}
            rule={rule}
            names={names}
            place={at}
            of={rules.length}
            because={unasked?.ids.has(rule.id) ? unasked.because.name : null}
            mayManage={mayManage}
            onPut={(place) => put(rule.id, place)}
            onChange={() => onChange(rule.id)}
          />
        ))}
      </ol>
      <VisuallyHidden role="status">
        {movedName !== undefined &&
          moved !== null &&
          t("rules.movedTo", { name: displayText(movedName), place: ids.indexOf(moved) + 1, of: ids.length })}
      </VisuallyHidden>
    </>
  );
}
