// Disabling or enabling everybody who is ticked in the list, and what was refused of it.
"use client";
import { Button, Group, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { codeSentence } from "../api/error-text.ts";
import { useTRPC } from "../api/trpc.ts";
import { Confirm } from "../ui/confirm.tsx";
import { showToast } from "../ui/toasts.tsx";

type Result = { done: string[]; refused: { code: string }[] };

export function ChosenPeople({ ids, onDone }: { ids: ReadonlySet<string>; onDone: () => void }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const queries = useQueryClient();
  const [asking, setAsking] = useState(false);
  const onSuccess = ({ done, refused }: Result) => {
    setAsking(false);
    if (done.length > 0) showToast("done", t("people.manyDone", { count: done.length }));
    const [first] = refused;
    if (first !== undefined)
      showToast("failed", t("people.manyRefused", { count: refused.length, reason: codeSentence(first.code) }));
    onDone();
    return queries.invalidateQueries({ queryKey: trpc.people.pathKey() });
  };
  const disable = useMutation(trpc.people.disableMany.mutationOptions({ onSuccess }));
  const enable = useMutation(trpc.people.enableMany.mutationOptions({ onSuccess }));
  if (ids.size === 0) return null;
  return (
    <Group gap="xs">
      <Text size="xs" c="dimmed" className="tabular">
        {t("people.chosen", { count: ids.size })}
      </Text>
      <Button size="xs" variant="default" loading={enable.isPending} onClick={() => enable.mutate({ ids: [...ids] })}>
        {t("people.enable")}
      </Button>
      <Button size="xs" variant="light" color="red" onClick={() => setAsking(true)}>
        {t("people.disable")}
      </Button>
      <Confirm
        opened={asking}
        title={t("people.disableManyTitle", { count: ids.size })}
        action={t("people.disable")}
        pending={disable.isPending}
        onConfirm={() => disable.mutate({ ids: [...ids] })}
        onClose={() => setAsking(false)}
      >
        <Text size="sm">{t("people.disableText")}</Text>
      </Confirm>
    </Group>
  );
}
