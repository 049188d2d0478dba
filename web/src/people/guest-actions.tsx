// What may be done with a guest: his role here, and sending him home. The account is his own organisation's.
"use client";
import { Button, Group, Stack, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import type { Person } from "../api/types.ts";
import { Confirm } from "../ui/confirm.tsx";
import { displayText } from "../ui/display-text.ts";
import { showToast } from "../ui/toasts.tsx";
import { RoleChoice } from "./role-choice.tsx";

export function GuestActions({ person }: { person: Person }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const queries = useQueryClient();
  const [asking, setAsking] = useState<"role" | "home" | null>(null);
  const [role, setRole] = useState(person.role);
  const name = displayText(person.name);
  const done = (text: string) => () => {
    setAsking(null);
    showToast("done", text);
    return queries.invalidateQueries({ queryKey: trpc.people.pathKey() });
  };
  const change = useMutation(trpc.people.setRole.mutationOptions({ onSuccess: done(t("people.saved")) }));
  const remove = useMutation(trpc.organisations.removeGuest.mutationOptions({ onSuccess: done(t("people.sentHome", { name })) }));
  return (
    <Stack gap="md">
      <Text size="sm" c="dimmed">
        {t("people.guestText")}
      </Text>
      <Group gap="xs">
        <Button variant="default" onClick={() => setAsking("role")}>
          {t("people.changeRole")}
        </Button>
        <Button variant="light" color="red" onClick={() => setAsking("home")}>
          {t("people.sendHome")}
        </Button>
      </Group>
      <Confirm
        opened={asking === "role"}
        title={t("people.changeRole")}
        action={t("action.save")}
        pending={change.isPending}
        onConfirm={() => change.mutate({ id: person.id, role })}
        onClose={() => setAsking(null)}
      >
        <RoleChoice value={role} onChange={setRole} />
      </Confirm>
      <Confirm
        opened={asking === "home"}
        title={t("people.sendHomeTitle", { name })}
        action={t("people.sendHome")}
        pending={remove.isPending}
        onConfirm={() => remove.mutate({ id: person.id })}
        onClose={() => setAsking(null)}
      >
        <Text size="sm">{t("people.sendHomeText")}</Text>
      </Confirm>
    </Stack>
  );
}
