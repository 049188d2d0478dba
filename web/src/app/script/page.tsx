export { ScriptPage as default } from "../../scripts/script-page.tsx";
