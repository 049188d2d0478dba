export { RulesPage as default } from "../../rules/rules-page.tsx";
