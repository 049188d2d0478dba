// A secret for a script: never typed, but named as the account of an asset whose secret it is.
"use client";
import { Fieldset, Input, NativeSelect, Stack } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import { AssetSelect } from "../assets/asset-select.tsx";
import { displayText } from "../ui/display-text.ts";

interface SecretFieldProps {
  label: string;
  description: string | undefined;
  required: boolean;
  error: string | undefined;
  /** An account's id. */
  value: string | null;
  onChange: (accountId: string | null) => void;
}

export function SecretField({ label, description, required, error, value, onChange }: SecretFieldProps) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const [assetId, setAssetId] = useState<string | null>(null);
  const asset = useQuery(trpc.assets.get.queryOptions({ id: assetId ?? "" }, { enabled: assetId !== null }));
  const offered = (asset.data?.accounts ?? []).filter(({ id }) => id.startsWith("acc_"));
  const accounts = offered.map(({ id, username }) => ({ value: id, label: displayText(username, 60) }));
  // One that was chosen before keeps its place while its asset is not asked for again.
  if (value !== null && !offered.some(({ id }) => id === value))
    accounts.unshift({ value, label: t("parameters.keptSecret", { id: value.slice(-6) }) });
  return (
    <Fieldset
      legend={required ? `${label} *` : label}
      variant="unstyled"
      styles={{ legend: { padding: 0, fontSize: 13, fontWeight: 500 } }}
    >
      <Stack gap={6}>
        {description !== undefined && <Input.Description>{description}</Input.Description>}
        <AssetSelect
          label={t("parameters.secretAsset")}
          value={assetId}
          onChange={(id) => {
            setAssetId(id);
            onChange(null);
          }}
        />
        <NativeSelect
          label={t("parameters.secretAccount")}
          value={value ?? ""}
          disabled={accounts.length === 0}
          data={[{ value: "", label: assetId !== null && accounts.length === 0 ? t("parameters.noSecret") : "–" }, ...accounts]}
          error={error}
          onChange={(event) => onChange(event.currentTarget.value || null)}
        />
        <Input.Description>{t("parameters.secretHint")}</Input.Description>
      </Stack>
    </Fieldset>
  );
}
