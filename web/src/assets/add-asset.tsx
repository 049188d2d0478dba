// Adding an asset: what it is, where it lies, and by which name people know it.
"use client";
import { Alert, Button, Drawer, NativeSelect, NumberInput, Stack, Text, TextInput } from "@mantine/core";
import { createAsset, platformIds, usualProtocols } from "@sallyport/hub/assets/input";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { errorSentence } from "../api/error-text.ts";
import { useTRPC } from "../api/trpc.ts";
import type { Asset } from "../api/types.ts";
import { oneOf, useUrlState } from "../state/url-state.ts";
import { useForm } from "../state/use-form.ts";
import { displayText } from "../ui/display-text.ts";
import { showToast } from "../ui/toasts.tsx";

export function AddAsset({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Drawer opened={opened} onClose={onClose} title={t("assets.add")} closeButtonProps={{ "aria-label": t("action.close") }}>
      <AddAssetForm />
    </Drawer>
  );
}

const firstPlatform: Asset["platform"] = "linux";

function AddAssetForm() {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const [, changeUrl] = useUrlState();
  const zones = useQuery(trpc.fleet.zones.queryOptions());
  const create = useMutation(
    trpc.assets.create.mutationOptions({
      meta: { showsError: true },
      onSuccess: ({ id }, { name }) => {
        showToast("done", t("assets.added", { name: displayText(name) }));
        changeUrl({ add: null, id, tab: "accounts" });
      },
    }),
  );
  const form = useForm(
    createAsset,
    { name: "", address: "", zoneId: "", platform: firstPlatform, protocols: usualProtocols(firstPlatform) },
    (parsed) => create.mutate(parsed),
  );
  const { values, set, error } = form;
  const firstZone = zones.data?.items[0]?.id;
  if (values.zoneId === "" && firstZone !== undefined) set("zoneId", firstZone);
  return (
    <form onSubmit={form.submit} noValidate>
      <Stack gap="md">
        <Text size="sm" c="dimmed">
          {t("assets.addText")}
        </Text>
        {create.isError && <Alert color="red">{errorSentence(create.error)}</Alert>}
        <TextInput
          label={t("grants.name")}
          value={values.name}
          error={error("name")}
          onChange={(event) => set("name", event.currentTarget.value)}
          data-autofocus
        />
        <TextInput
          label={t("reach.address")}
          description={t("assets.addressHint")}
          value={values.address}
          error={error("address")}
          onChange={(event) => set("address", event.currentTarget.value)}
        />
        <NativeSelect
          label={t("reach.zone")}
          description={t("assets.zoneHint")}
          value={values.zoneId}
          data={(zones.data?.items ?? []).map(({ id, name }) => ({ value: id, label: displayText(name) }))}
          onChange={(event) => set("zoneId", event.currentTarget.value)}
        />
        <NativeSelect
          label={t("assets.platform")}
          value={values.platform}
          data={platformIds.map((platform) => ({ value: platform, label: t(`platform.${platform}`) }))}
          onChange={(event) => {
            const platform = oneOf(event.currentTarget.value, platformIds) ?? firstPlatform;
            set("platform", platform);
            set("protocols", usualProtocols(platform));
          }}
        />
        {values.protocols.map(({ name, port }, at) => (
          <NumberInput
            key={name}
            label={t("assets.portOf", { protocol: name })}
            min={1}
            max={65_535}
            allowDecimal={false}
            value={port}
            onChange={(value) =>
              set(
                "protocols",
                values.protocols.map((one, n) => (n === at ? { ...one, port: Number(value) || 0 } : one)),
              )
            }
          />
        ))}
        <Button type="submit" loading={create.isPending} style={{ alignSelf: "flex-end" }}>
          {t("assets.add")}
        </Button>
      </Stack>
    </form>
  );
}
