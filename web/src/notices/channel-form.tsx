// A channel: which robot or program, where it is, what it is told of and in which language.
"use client";
import { Alert, Button, Checkbox, Group, PasswordInput, Select, Stack, TextInput } from "@mantine/core";
import { channelKinds, createChannel, noticeKinds } from "@sallyport/hub/notify/input";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { z } from "zod";
import { errorSentence } from "../api/error-text.ts";
import { useTRPC } from "../api/trpc.ts";
import type { NoticeChannel } from "../api/types.ts";
import { currentLanguage, languageNames, lookUp } from "../i18n/i18n.ts";
import { oneOf } from "../state/url-state.ts";
import { useForm } from "../state/use-form.ts";
import { showToast } from "../ui/toasts.tsx";

const languages = ["en", "zh"] as const;
type Kind = NoticeChannel["kind"];

/** Some sign, and the webhook must. */
const signing = ["dingtalk", "feishu", "webhook"] as const;

const emptyIsNull = z.string().transform((text) => (text.trim() === "" ? null : text.trim()));
/** As the form has it: what is empty is not given. */
const newFields = createChannel.safeExtend({ secret: emptyIsNull.pipe(createChannel.shape.secret) });
const changedFields = z.object(createChannel.shape).extend({
  url: z.union([z.literal("").transform(() => undefined), createChannel.shape.url]),
  secret: emptyIsNull.pipe(createChannel.shape.secret),
});

/** 32 random bytes, as Standard Webhooks writes a key. */
function newWebhookKey(): string {
  return `whsec_${btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(32))))}`;
}

export function ChannelForm({ channel, onDone }: { channel: NoticeChannel | null; onDone: () => void }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const queries = useQueryClient();
  const saved = () => {
    showToast("done", t("channels.saved"));
    onDone();
    return queries.invalidateQueries({ queryKey: trpc.notices.pathKey() });
  };
  const create = useMutation(trpc.notices.createChannel.mutationOptions({ meta: { showsError: true }, onSuccess: saved }));
  const change = useMutation(trpc.notices.changeChannel.mutationOptions({ meta: { showsError: true }, onSuccess: saved }));
  const initial = {
    name: channel?.name ?? "",
    kind: channel?.kind ?? ("dingtalk" as Kind),
    active: channel?.active ?? true,
    language: channel?.language ?? currentLanguage(),
    kinds:
      channel?.kinds ??
      noticeKinds.filter((kind) => !["access.ending", "run.started", "run.succeeded", "ticket.changed"].includes(kind)),
    allowsInside: channel?.allowsInside ?? false,
    url: "",
    secret: "",
  };
  const schema: z.ZodType<z.output<typeof changedFields>> = channel === null ? newFields : changedFields;
  const form = useForm(schema, initial, ({ kind, url, secret: typed, ...fields }) => {
    const secret = oneOf(kind, signing) === undefined ? null : typed;
    if (channel === null) create.mutate({ kind, url: url ?? "", secret, ...fields });
    else if (url !== undefined) change.mutate({ id: channel.id, url, secret, ...fields });
    else change.mutate({ id: channel.id, ...fields, ...(secret === null ? {} : { secret }) });
  });
  const { values } = form;
  const signs = oneOf(values.kind, signing);
  const failure = create.error ?? change.error;
  return (
    <form onSubmit={form.submit} noValidate>
      <Stack gap="md">
        {failure !== null && (
          <Alert color="red" role="alert">
            {errorSentence(failure)}
          </Alert>
        )}
        <TextInput
          label={t("channels.name")}
          value={values.name}
          error={form.error("name")}
          onChange={(event) => form.set("name", event.currentTarget.value)}
        />
        <Select
          label={t("channels.kind")}
          data={channelKinds.map((value) => ({ value, label: t(`channelKind.${value}`) }))}
          value={values.kind}
          disabled={channel !== null}
          allowDeselect={false}
          onChange={(value) => form.set("kind", oneOf(value, channelKinds) ?? "dingtalk")}
        />
        <PasswordInput
          label={t("channels.url")}
          description={channel === null ? t(`channelHint.${values.kind}`) : t("channels.urlKept", { host: channel.host })}
          autoComplete="off"
          value={values.url}
          error={form.error("url")}
          onChange={(event) => form.set("url", event.currentTarget.value)}
          visibilityToggleButtonProps={{ "aria-label": t("field.showPassword") }}
        />
        {signs !== undefined && (
          <Group gap="xs" align="flex-end" wrap="nowrap">
            <PasswordInput
              flex={1}
              label={t("channels.secret")}
              description={channel?.hasSecret === true ? t("channels.secretKept") : t(`channelSecretHint.${signs}`)}
              autoComplete="off"
              value={values.secret}
              error={form.error("secret")}
              onChange={(event) => form.set("secret", event.currentTarget.value)}
              visibilityToggleButtonProps={{ "aria-label": t("field.showPassword") }}
            />
            {values.kind === "webhook" && (
              <Button variant="default" onClick={() => form.set("secret", newWebhookKey())}>
                {t("channels.newKey")}
              </Button>
            )}
          </Group>
        )}
        <Checkbox
          label={t("channels.allowsInside")}
          description={t("channels.allowsInsideHint")}
          checked={values.allowsInside}
          onChange={(event) => form.set("allowsInside", event.currentTarget.checked)}
        />
        <Select
          label={t("top.language")}
          data={languages.map((value) => ({ value, label: languageNames[value] }))}
          value={values.language}
          allowDeselect={false}
          onChange={(value) => form.set("language", oneOf(value, languages) ?? "en")}
        />
        <Checkbox.Group
          label={t("channels.kinds")}
          description={t("channels.kindsHint")}
          value={values.kinds}
          onChange={(chosen) =>
            form.set(
              "kinds",
              noticeKinds.filter((kind) => chosen.includes(kind)),
            )
          }
        >
          <Stack gap={6} mt="xs">
            {noticeKinds.map((kind) => (
              <Checkbox key={kind} value={kind} label={lookUp(`noticeKind.${kind}`, {})} />
            ))}
          </Stack>
        </Checkbox.Group>
        <Checkbox
          label={t("channels.active")}
          checked={values.active}
          onChange={(event) => form.set("active", event.currentTarget.checked)}
        />
        <Button type="submit" loading={create.isPending || change.isPending} style={{ alignSelf: "flex-end" }}>
          {t("action.save")}
        </Button>
      </Stack>
    </form>
  );
}
