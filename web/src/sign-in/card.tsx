// The frame of the pages outside of the console: the mark, a title, a form.
"use client";
import { Title } from "@mantine/core";
import { type ReactNode, useEffect } from "react";
import { useTranslation } from "react-i18next";
import { Mark } from "../frame/mark.tsx";
import { currentLanguage, languageNames, switchLanguage } from "../i18n/i18n.ts";
import classes from "./sign-in.module.css";

export function Card({ title, children, wide = false }: { title: string; children: ReactNode; wide?: boolean }) {
  const { t } = useTranslation();
  useEffect(() => {
    document.title = `${title} · ${t("app.name")}`;
  }, [title, t]);
  const other = currentLanguage() === "en" ? "zh" : "en";
  return (
    <main className={classes.ground}>
      <div className={classes.card} data-wide={wide || undefined}>
        <div className={classes.brand}>
          <Mark size={28} />
          <span>{t("app.name")}</span>
        </div>
        <Title order={1} size={20} mb="md">
          {title}
        </Title>
        {children}
      </div>
      <footer className={classes.foot}>
        {t("signIn.tagline")} ·{" "}
        <button type="button" lang={other} onClick={() => void switchLanguage(other)}>
          {languageNames[other]}
        </button>
      </footer>
    </main>
  );
}
