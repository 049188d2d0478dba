// The console's languages: English is in the first load, others are fetched when chosen.
import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import { en } from "./en.ts";

declare module "i18next" {
  interface CustomTypeOptions {
    defaultNS: "translation";
    resources: { translation: typeof en };
    returnNull: false;
  }
}

export type Language = "en" | "zh";

/** Each language's own name, as its speakers look for it. */
export const languageNames: Record<Language, string> = { en: "English", zh: "中文" };

const htmlLang: Record<Language, string> = { en: "en", zh: "zh-CN" };
const storageKey = "sallyport.language";

void i18next.use(initReactI18next).init({
  lng: "en",
  fallbackLng: "en",
  resources: { en: { translation: en } },
  interpolation: { escapeValue: false },
});

const isLanguage = (text: string | null | undefined): text is Language => text === "en" || text === "zh";

/** What this browser chose before, or else what it prefers. */
export function preferredLanguage(): Language {
  const stored = localStorage.getItem(storageKey);
  if (isLanguage(stored)) return stored;
  return navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
}

export async function switchLanguage(language: Language): Promise<void> {
  if (language === "zh" && !i18next.hasResourceBundle("zh", "translation")) {
    const [{ zh }] = await Promise.all([import("./zh.ts"), import("./chinese-fonts.ts")]);
    i18next.addResourceBundle("zh", "translation", zh);
  }
  await i18next.changeLanguage(language);
  document.documentElement.lang = htmlLang[language];
  localStorage.setItem(storageKey, language);
}

export function currentLanguage(): Language {
  return isLanguage(i18next.language) ? i18next.language : "en";
}

type Lookup = (key: string, variables: Record<string, string | number>) => string;

/** A sentence whose key is known only while running; callers check first that the English file has it. */
export const lookUp: Lookup = (key, variables) => (i18next.t as Lookup)(key, variables);

export default i18next;
