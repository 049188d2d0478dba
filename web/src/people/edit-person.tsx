// A person's fields, changed by an administrator.
"use client";
import { Alert, Button, Group, NativeSelect, Stack, Textarea, TextInput } from "@mantine/core";
import { updatePerson } from "@sallyport/hub/identity/input";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { errorSentence } from "../api/error-text.ts";
import { useTRPC } from "../api/trpc.ts";
import type { Person } from "../api/types.ts";
import { languageNames } from "../i18n/i18n.ts";
import { useForm } from "../state/use-form.ts";
import { localTime } from "../ui/local-time.ts";
import { showToast } from "../ui/toasts.tsx";
import { PersonSelect } from "./person-select.tsx";

export function EditPerson({ person, onDone }: { person: Person; onDone: () => void }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const queries = useQueryClient();
  const save = useMutation(
    trpc.people.update.mutationOptions({
      meta: { showsError: true },
      onSuccess: () => {
        showToast("done", t("people.saved"));
        onDone();
        return queries.invalidateQueries({ queryKey: trpc.people.pathKey() });
      },
    }),
  );
  const { id, name, email, username, phone, language, managerId, expiresAt, comment } = person;
  const start = { id, name, email, username, phone, language, managerId, expiresAt, comment };
  const form = useForm(updatePerson, start, (parsed) => save.mutate(parsed));
  return (
    <form onSubmit={form.submit} noValidate>
      <Stack gap="sm">
        {save.isError && <Alert color="red">{errorSentence(save.error)}</Alert>}
        <TextInput
          label={t("field.name")}
          value={form.values.name}
          error={form.error("name")}
          onChange={(event) => form.set("name", event.currentTarget.value)}
        />
        <TextInput
          label={t("field.email")}
          type="email"
          value={form.values.email}
          error={form.error("email")}
          onChange={(event) => form.set("email", event.currentTarget.value)}
        />
        <TextInput
          label={t("people.username")}
          description={t("people.usernameHint")}
          value={form.values.username}
          error={form.error("username")}
          onChange={(event) => form.set("username", event.currentTarget.value)}
        />
        <TextInput
          label={t("people.phone")}
          type="tel"
          value={form.values.phone ?? ""}
          error={form.error("phone")}
          onChange={(event) => form.set("phone", event.currentTarget.value || null)}
        />
        <NativeSelect
          label={t("top.language")}
          value={form.values.language ?? ""}
          data={[
            { value: "", label: t("people.browserLanguage") },
            { value: "en", label: languageNames.en },
            { value: "zh", label: languageNames.zh },
          ]}
          onChange={(event) => {
            const { value } = event.currentTarget;
            form.set("language", value === "en" || value === "zh" ? value : null);
          }}
        />
        <PersonSelect
          label={t("people.manager")}
          hint={t("people.managerHint")}
          chosen={form.values.managerId}
          error={form.error("managerId")}
          onChange={(manager) => form.set("managerId", manager)}
        />
        <TextInput
          label={t("people.expires")}
          description={t("people.expiresHint")}
          type="datetime-local"
          value={localTime(form.values.expiresAt)}
          error={form.error("expiresAt")}
          onChange={(event) => {
            const { value } = event.currentTarget;
            form.set("expiresAt", value === "" ? null : new Date(value).toISOString());
          }}
        />
        <Textarea
          label={t("people.comment")}
          autosize
          minRows={2}
          value={form.values.comment}
          error={form.error("comment")}
          onChange={(event) => form.set("comment", event.currentTarget.value)}
        />
        <Group gap="xs">
          <Button variant="default" onClick={onDone}>
            {t("action.cancel")}
          </Button>
          <Button type="submit" loading={save.isPending}>
            {t("action.save")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
