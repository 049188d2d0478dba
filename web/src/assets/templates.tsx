// Account templates: written once, made on many assets, with a line for each asset about how it went.
"use client";
import { ActionIcon, Alert, Badge, Button, Checkbox, Drawer, Group, NumberInput, Stack, Text, TextInput } from "@mantine/core";
import { createTemplate } from "@sallyport/hub/assets/input";
import { IconTrash } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { errorSentence } from "../api/error-text.ts";
import { useTRPC } from "../api/trpc.ts";
import type { AccountTemplate, Outputs } from "../api/types.ts";
import { useMay } from "../frame/me.tsx";
import { useForm } from "../state/use-form.ts";
import { Confirm } from "../ui/confirm.tsx";
import { displayText } from "../ui/display-text.ts";
import { Empty, Failed } from "../ui/page-states.tsx";
import { PanelSkeleton } from "../ui/panel-skeleton.tsx";
import { showToast } from "../ui/toasts.tsx";
import { AssetPicker } from "./asset-picker.tsx";
import { noSecret, SecretFields, secretOf, type TypedSecret } from "./secret-fields.tsx";

export function Templates({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Drawer opened={opened} onClose={onClose} title={t("templates.title")} closeButtonProps={{ "aria-label": t("action.close") }}>
      <TemplateList />
    </Drawer>
  );
}

function TemplateList() {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const mayManage = useMay("accounts.manage");
  const [adding, setAdding] = useState(false);
  const templates = useQuery(trpc.templates.list.queryOptions());
  if (templates.isError) return <Failed error={templates.error} onRetry={() => void templates.refetch()} />;
  if (templates.data === undefined) return <PanelSkeleton />;
  const { items } = templates.data;
  const add = mayManage && !adding && (
    <Button variant="light" onClick={() => setAdding(true)} style={{ alignSelf: "flex-start" }}>
      {t("templates.add")}
    </Button>
  );
  return (
    <Stack gap="md">
      {items.length === 0 && !adding ? (
        <Empty title={t("templates.empty")} text={t("templates.text")}>
          {add}
        </Empty>
      ) : (
        add
      )}
      {adding && <AddTemplate onDone={() => setAdding(false)} />}
      {items.map((template) => (
        <TemplateLine key={template.id} template={template} mayManage={mayManage} />
      ))}
    </Stack>
  );
}

function TemplateLine({ template, mayManage }: { template: AccountTemplate; mayManage: boolean }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const [asking, setAsking] = useState(false);
  const [applying, setApplying] = useState(false);
  const name = displayText(template.name);
  const remove = useMutation(
    trpc.templates.remove.mutationOptions({ onSuccess: () => showToast("done", t("templates.removed", { name })) }),
  );
  return (
    <Stack gap="xs">
      <Group justify="space-between" wrap="nowrap">
        <Group gap="xs">
          <b>{name}</b>
          <span className="mono">{displayText(template.username, 60)}</span>
          <Badge variant="light" color="gray">
            {t(`secretKind.${template.secret}`)}
          </Badge>
          {template.privileged && <Badge variant="light">{t("accounts.privileged")}</Badge>}
          {template.push && <Badge variant="light">{t("templates.pushes")}</Badge>}
        </Group>
        {mayManage && (
          <Group gap="xs" wrap="nowrap">
            <Button size="compact-sm" variant="default" onClick={() => setApplying(!applying)}>
              {t("templates.apply")}
            </Button>
            <ActionIcon
              variant="subtle"
              color="red"
              aria-label={t("templates.removeTitle", { name })}
              onClick={() => setAsking(true)}
            >
              <IconTrash size={16} />
            </ActionIcon>
          </Group>
        )}
      </Group>
      {template.rotateEveryDays !== null && (
        <Text size="xs" c="dimmed">
          {t("custody.every", { count: template.rotateEveryDays })}
        </Text>
      )}
      {applying && <ApplyTemplate template={template} />}
      <Confirm
        opened={asking}
        title={t("templates.removeTitle", { name })}
        action={t("action.delete")}
        pending={remove.isPending}
        onConfirm={() => remove.mutate({ id: template.id })}
        onClose={() => setAsking(false)}
      >
        <Text size="sm">{t("templates.removeText")}</Text>
      </Confirm>
    </Stack>
  );
}

type Line = Outputs["templates"]["applyTo"]["items"][number];

function ApplyTemplate({ template }: { template: AccountTemplate }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const apply = useMutation(trpc.templates.applyTo.mutationOptions());
  return (
    <Stack gap="xs">
      <AssetPicker
        chosen={chosen}
        onChange={setChosen}
        action={null}
        everything
        label={t("grants.kind.asset")}
        hint={t("grants.assetsHint")}
      />
      <Button
        disabled={chosen.length === 0}
        loading={apply.isPending}
        onClick={() => apply.mutate({ id: template.id, assetIds: [...chosen] })}
        style={{ alignSelf: "flex-start" }}
      >
        {t("templates.applyTo", { count: chosen.length })}
      </Button>
      {apply.data?.items.map((line) => (
        <ReportLine key={line.assetId} line={line} />
      ))}
    </Stack>
  );
}

function ReportLine({ line: { assetId, code } }: { line: Line }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const asset = useQuery(trpc.assets.get.queryOptions({ id: assetId }));
  const color = code === "created" ? "green" : code === "exists" ? "dimmed" : "red";
  return (
    <Text size="sm" c={color} role="status">
      {t("templates.line", { asset: displayText(asset.data?.name ?? assetId), outcome: t(`applied.${code}`) })}
    </Text>
  );
}

function AddTemplate({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const [secret, setSecret] = useState<TypedSecret>({ ...noSecret, kind: "new-ssh-key" });
  const create = useMutation(
    trpc.templates.create.mutationOptions({
      meta: { showsError: true },
      onSuccess: (_made, { name }) => {
        showToast("done", t("templates.added", { name: displayText(name) }));
        onDone();
      },
    }),
  );
  const form = useForm(
    createTemplate,
    {
      name: "",
      username: "",
      privileged: false,
      push: false,
      rotateEveryDays: null as number | null,
      suFrom: null as string | null,
      secret: secretOf(secret),
    },
    (parsed) => create.mutate(parsed),
  );
  const { values, set, error } = form;
  return (
    <form onSubmit={form.submit} noValidate>
      <Stack gap="sm">
        {create.isError && <Alert color="red">{errorSentence(create.error)}</Alert>}
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
        <SecretFields
          value={secret}
          wrong={error("secret") !== undefined}
          onChange={(typed) => {
            setSecret(typed);
            set("secret", secretOf(typed));
          }}
        />
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
          <Button variant="default" onClick={onDone}>
            {t("action.cancel")}
          </Button>
          <Button type="submit" loading={create.isPending}>
            {t("templates.add")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
