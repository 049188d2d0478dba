// No assets at all: what to do depends on whether one may add agents.
"use client";
import { Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import Link from "next/link";
import { useTranslation } from "react-i18next";
import { useMay } from "../frame/me.tsx";
import { AskButton } from "../tickets/ask-button.tsx";
import { Empty } from "../ui/page-states.tsx";

export function NoAssets() {
  const { t } = useTranslation();
  const mayAsk = useMay("tickets.open");
  if (!useMay("enrol"))
    return (
      <Empty title={t("home.noAssetsUser")} text={t(mayAsk ? "home.noAssetsAskText" : "home.noAssetsUserText")}>
        <AskButton />
      </Empty>
    );
  return (
    <Empty title={t("home.noAssetsAdmin")} text={t("home.noAssetsAdminText")}>
      <Button component={Link} href="/fleet?add=agent" leftSection={<IconPlus size={16} />}>
        {t("fleet.add")}
      </Button>
    </Empty>
  );
}
