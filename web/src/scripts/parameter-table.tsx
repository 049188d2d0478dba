// What a script asks for, to read.
"use client";
import type { Parameter } from "@sallyport/hub/scripts/input";
import { useTranslation } from "react-i18next";
import list from "../list/list.module.css";
import { displayText } from "../ui/display-text.ts";
import { Panel } from "../ui/panel.tsx";
import classes from "./scripts.module.css";

export function ParameterTable({ parameters }: { parameters: readonly Parameter[] }) {
  const { t } = useTranslation();
  const bounds = (parameter: Parameter): string => {
    if ("choices" in parameter) return parameter.choices.map((choice) => displayText(choice, 60)).join(" · ");
    if ("pattern" in parameter) return displayText(parameter.pattern ?? "", 120);
    if ("min" in parameter || "max" in parameter) return `${parameter.min ?? "…"} – ${parameter.max ?? "…"}`;
    return "";
  };
  return (
    <Panel title={t("parameters.title")} flush>
      {parameters.length === 0 ? (
        <p className={classes.note}>{t("parameters.none")}</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: on a narrow screen the keyboard must be able to scroll it
        <section style={{ overflowX: "auto" }} tabIndex={0} aria-label={t("parameters.title")}>
          <table className={list.table}>
            <thead>
              <tr>
                <th scope="col">{t("parameters.name")}</th>
                <th scope="col">{t("parameters.type")}</th>
                <th scope="col">{t("parameters.default")}</th>
                <th scope="col">{t("parameters.allowed")}</th>
                <th scope="col">{t("parameters.help")}</th>
              </tr>
            </thead>
            <tbody>
              {parameters.map((parameter) => (
                <tr key={parameter.name}>
                  <td>
                    <div>{displayText(parameter.label)}</div>
                    <code className={classes.variable}>
                      {"as" in parameter && parameter.as === "argument" ? t("parameters.anArgument") : `$${parameter.name}`}
                    </code>
                  </td>
                  <td>
                    {t(`parameterType.${parameter.type}`)}
                    {parameter.required && ` · ${t("parameters.required")}`}
                  </td>
                  <td>{defaultText(parameter) || "–"}</td>
                  <td>{bounds(parameter) || "–"}</td>
                  <td style={{ whiteSpace: "normal" }}>{displayText(parameter.help, 500) || "–"}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </Panel>
  );
}

function defaultText(parameter: Parameter): string {
  if (!("default" in parameter) || parameter.default === undefined) return "";
  return displayText(Array.isArray(parameter.default) ? parameter.default.join(" · ") : String(parameter.default), 80);
}
