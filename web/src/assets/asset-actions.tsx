// What a person may do with an asset: the buttons, and in their place the reason why not.
"use client";
import { Button, Group, Tooltip } from "@mantine/core";
import { IconPlayerPlay, IconTerminal2 } from "@tabler/icons-react";
import Link from "next/link";
import { useTranslation } from "react-i18next";
import { codeSentence } from "../api/error-text.ts";
import type { Asset } from "../api/types.ts";
import { dock } from "../terminal/dock-store.ts";
import { displayText } from "../ui/display-text.ts";

export function AssetActions({ asset }: { asset: Asset }) {
  const { t } = useTranslation();
  const name = displayText(asset.name);
  const whyNot = asset.why === null ? (asset.online ? null : codeSentence("agent-offline")) : codeSentence(asset.why);
  return (
    <Group gap={6} wrap="nowrap">
      <Explained reason={asset.may.connect && asset.online ? null : whyNot}>
        <Button
          size="compact-sm"
          variant="light"
          leftSection={<IconTerminal2 size={15} />}
          disabled={!asset.may.connect || !asset.online}
          aria-label={t("reach.connectTo", { name })}
          onClick={(event) => {
            event.stopPropagation();
            dock.open(asset.id, asset.name);
          }}
        >
          {t("action.connect")}
        </Button>
      </Explained>
      {asset.may.run && (
        <Button
          size="compact-sm"
          variant="subtle"
          color="gray"
          component={Link}
          href={`/runs/new?asset=${asset.id}`}
          leftSection={<IconPlayerPlay size={15} />}
          aria-label={t("reach.runOn", { name })}
          onClick={(event) => event.stopPropagation()}
        >
          {t("action.runScript")}
        </Button>
      )}
    </Group>
  );
}

/** A disabled button takes no pointer, so the reason hangs on a wrapper. */
function Explained({ reason, children }: { reason: string | null; children: React.ReactNode }) {
  if (reason === null) return children;
  return (
    <Tooltip label={reason} multiline maw={280}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard must reach the reason too */}
      <span tabIndex={0} role="note" aria-label={reason}>
        {children}
      </span>
    </Tooltip>
  );
}
