// Which program a script is given to.
"use client";
import { NativeSelect } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import { displayText } from "../ui/display-text.ts";

export function InterpreterSelect({ value, onChange }: { value: string; onChange: (program: string) => void }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const { data } = useQuery(trpc.interpreters.list.queryOptions());
  const known = data?.items ?? [];
  // One that was taken away since stays chosen until somebody chooses another: saving says what is wrong with it.
  const offered = known.some(({ program }) => program === value) ? known : [{ program: value, label: value }, ...known];
  return (
    <NativeSelect
      size="xs"
      aria-label={t("newRun.interpreter")}
      value={value}
      data={offered.map(({ program, label }) => ({ value: program, label: displayText(label, 40) }))}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}
