// The head of each page: title, one line of purpose, one primary action.
"use client";
import { Group, Title } from "@mantine/core";
import { type ReactNode, useEffect } from "react";
import { useTranslation } from "react-i18next";
import classes from "./page.module.css";

interface PageProps {
  title: string;
  purpose?: ReactNode;
  action?: ReactNode;
  children: ReactNode;
  /** Fills the window's height instead of growing with its content. */
  fill?: boolean;
}

export function Page({ title, purpose, action, children, fill = false }: PageProps) {
  const { t } = useTranslation();
  useEffect(() => {
    document.title = `${title} · ${t("app.name")}`;
  }, [title, t]);
  return (
    <div className={classes.page} data-fill={fill || undefined}>
      <header className={classes.head}>
        <div className={classes.words}>
          <Title order={1}>{title}</Title>
          {purpose !== undefined && <div className={classes.purpose}>{purpose}</div>}
        </div>
        {action !== undefined && <Group gap="xs">{action}</Group>}
      </header>
      {children}
    </div>
  );
}
