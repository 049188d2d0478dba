// An account template, written or changed: the same fields, and what a change means for accounts that were made of it.
"use client";
import { Alert, Button, Checkbox, Group, NumberInput, Stack, TextInput } from "@mantine/core";
import { changeTemplate, createTemplate } from "@sallyport/hub/assets/input";
import { useMutation } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { errorSentence } from "../api/error-text.ts";
import { useTRPC } from "../api/trpc.ts";
import type { AccountTemplate, Inputs } from "../api/types.ts";
import { type Form, useForm } from "../state/use-form.ts";
import { displayText } from "../ui/display-text.ts";
import { showToast } from "../ui/toasts.tsx";
import { noSecret, SecretFields, secretOf, type TypedSecret } from "./secret-fields.tsx";

/** A secret that is undefined stays as it is. */
type Values = {
  name: string;
  username: string;
  privileged: boolean;
  push: boolean;
  rotateEveryDays: number | null;
  suFrom: string | null;
  secret: Inputs["templates"]["create"]["secret"] | undefined;
};
const madeByHub: TypedSecret = { ...noSecret, kind: "new-ssh-key" };

export function AddTemplate({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const create = useMutation(
    trpc.templates.create.mutationOptions({
      meta: { showsError: true },
      onSuccess: (_made, { name }) => {
        showToast("done", t("templates.added", { name: displayText(name) }));
        onDone();
      },
    }),
  );
  const empty: Values = {
    name: "",
    username: "",
    privileged: false,
    push: false,
    rotateEveryDays: null,
    suFrom: null,
    secret: secretOf(madeByHub),
  };
  const form = useForm(createTemplate, empty, (parsed) => create.mutate(parsed));
  return (
    <TemplateFields form={form} failed={create.error} pending={create.isPending} action={t("templates.add")} onCancel={onDone}>
      <TemplateSecret form={form} />
    </TemplateFields>
  );
}

export function EditTemplate({ template, onDone }: { template: AccountTemplate; onDone: () => void }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const [another, setAnother] = useState(false);
  const change = useMutation(
    trpc.templates.change.mutationOptions({
      meta: { showsError: true },
      onSuccess: () => {
        showToast("done", t("templates.changed", { name: displayText(template.name) }));
        onDone();
      },
    }),
  );
  const { id, name, username, privileged, push, rotateEveryDays, suFrom } = template;
  const values: Values = { name, username, privileged, push, rotateEveryDays, suFrom, secret: undefined };
  const form = useForm(changeTemplate.omit({ id: true }), values, (parsed) => change.mutate({ ...parsed, id }));
  return (
    <Stack gap="sm">
      {template.accounts > 0 && (
        <Alert color="gray" title={t("templates.madeOfIt", { count: template.accounts })}>
          {t("templates.changeText")}
        </Alert>
      )}
      <TemplateFields form={form} failed={change.error} pending={change.isPending} action={t("action.save")} onCancel={onDone}>
        <Checkbox
          label={t("templates.anotherSecret")}
          description={t("templates.anotherSecretHint", { kind: t(`secretKind.${template.secret}`) })}
          checked={another}
          onChange={(event) => {
            setAnother(event.currentTarget.checked);
            form.set("secret", event.currentTarget.checked ? secretOf(madeByHub) : undefined);
          }}
        />
        {another && <TemplateSecret form={form} />}
      </TemplateFields>
    </Stack>
  );
}

function TemplateSecret({ form }: { form: Form<Values> }) {
  const [typed, setTyped] = useState(madeByHub);
  return (
    <SecretFields
      value={typed}
      wrong={form.error("secret") !== undefined}
      onChange={(next) => {
        setTyped(next);
        form.set("secret", secretOf(next));
      }}
    />
  );
}

interface TemplateFieldsProps {
  form: Form<Values>;
  failed: Parameters<typeof errorSentence>[0] | null;
  pending: boolean;
  action: string;
  onCancel: () => void;
  /** What there is to say of the secret. */
  children: ReactNode;
}

function TemplateFields({
  form: { values, set, error, submit },
  failed,
  pending,
  action,
  onCancel,
  children,
}: TemplateFieldsProps) {
  const { t } = useTranslation();
  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="sm">
        {failed !== null && <Alert color="red">{errorSentence(failed)}</Alert>}
        <TextInput
          label={t("grants.name")}
          value={values.name}
          error={error("name")}
          onChange={(event) => set("name", event.currentTarget.value)}
          data-autofocus
        />
        <TextInput
          label={t("accounts.username")}
          value={values.username}
          error={error("username") === undefined ? undefined : t("accounts.usernameWrong")}
          autoComplete="off"
          onChange={(event) => set("username", event.currentTarget.value)}
        />
        {children}
        <TextInput
          label={t("templates.suFrom")}
          description={t("templates.suFromHint")}
          value={values.suFrom ?? ""}
          error={error("suFrom") === undefined ? undefined : t("accounts.usernameWrong")}
          autoComplete="off"
          onChange={(event) => set("suFrom", event.currentTarget.value === "" ? null : event.currentTarget.value)}
        />
        <NumberInput
          label={t("templates.rotate")}
          description={t("templates.rotateHint")}
          min={1}
          max={3_650}
          allowDecimal={false}
          value={values.rotateEveryDays ?? ""}
          error={error("rotateEveryDays")}
          onChange={(days) => set("rotateEveryDays", typeof days === "number" ? days : null)}
        />
        <Checkbox
          label={t("accounts.privileged")}
          description={t("accounts.privilegedHint")}
          checked={values.privileged}
          onChange={(event) => set("privileged", event.currentTarget.checked)}
        />
        <Checkbox
          label={t("templates.push")}
          description={t("templates.pushHint")}
          checked={values.push}
          onChange={(event) => set("push", event.currentTarget.checked)}
        />
        <Group gap="xs">
          <Button variant="default" onClick={onCancel}>
            {t("action.cancel")}
          </Button>
          <Button type="submit" loading={pending}>
            {action}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
